public import HTTPTypes
public import Hummingbird
import NIOCore
import OpenAIWire

/// Why a request was not done, as RFC 9457 writes it, with what people and programs need to act:
/// a stable code, whether money moved, and a hint. On the paths of OpenAI's and Anthropic's
/// clients it is written in their own envelopes.
public struct Problem: Error, HTTPResponseError, Sendable {
    /// A member of the request that is wrong (RFC 9457, section 3.2).
    public struct Fault: Hashable, Sendable {
        /// What is wrong with it.
        public let detail: String
        /// Where it stands: a JSON pointer as a URI fragment, or `?name` for a parameter.
        public let pointer: String

        /// Names a fault.
        public init(_ detail: String, at pointer: String) {
            self.detail = detail
            self.pointer = pointer
        }
    }

    /// The HTTP status.
    public let status: HTTPResponse.Status
    /// A stable name for programs, for example `budget_exceeded`; append-only.
    public let code: String
    /// What happened, for people.
    public let detail: String
    /// Who must do what; nil if nothing can be done.
    public let hint: String?
    /// Whether money moved.
    public let moneyMoved: Bool
    /// The ledger's number of a refusal, if it was one.
    public let ledgerCode: UInt32?
    /// What is wrong with the request, at most ``faultsMax`` of it.
    public let faults: [Fault]
    /// Further fields of the answer's head, such as `Retry-After`.
    public var headers: HTTPFields

    /// The most faults that one answer names.
    public static let faultsMax = 16

    /// Describes a problem.
    public init(
        _ status: HTTPResponse.Status,
        _ code: String,
        _ detail: String,
        hint: String? = nil,
        moneyMoved: Bool = false,
        ledgerCode: UInt32? = nil,
        faults: [Fault] = [],
        headers: HTTPFields = [:]
    ) {
        self.status = status
        self.code = code
        self.detail = detail
        self.hint = hint
        self.moneyMoved = moneyMoved
        self.ledgerCode = ledgerCode
        self.faults = Array(faults.prefix(Self.faultsMax))
        self.headers = headers
    }

    /// The answer that says it.
    public func response(from request: Request, context: some RequestContext) throws -> Response {
        var headers = headers
        headers[.contentType] = "application/problem+json"
        headers[.cacheControl] = "no-store"
        let requestID = (context as? WebContext)?.requestID
        var writer = JSONWriter(capacityBytes: 512)
        switch request.uri.path {
        case "/v1/messages":
            headers[.contentType] = "application/json"
            writeAnthropic(requestID, to: &writer)
        case let path where path.hasPrefix("/v1/"):
            headers[.contentType] = "application/json"
            writeOpenAI(to: &writer)
        default: writeProblem(requestID, to: &writer)
        }
        return Response(
            status: status,
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: writer.bytes))
        )
    }

    private func writeProblem(_ requestID: String?, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("type", "/problems/\(code)")
            writer.member("title", status.reasonPhrase)
            writer.member("status", UInt64(status.code))
            writer.member("detail", detail)
            writer.member("code", code)
            writer.member("moneyMoved", moneyMoved)
            if let hint { writer.member("hint", hint) }
            if let ledgerCode { writer.member("ledgerCode", UInt64(ledgerCode)) }
            if let requestID { writer.member("requestId", requestID) }
            if !faults.isEmpty {
                writer.key("errors")
                writer.array { writer in
                    for fault in faults {
                        writer.object { writer in
                            writer.member("detail", fault.detail)
                            writer.member("pointer", fault.pointer)
                        }
                    }
                }
            }
        }
    }

    /// OpenAI's envelope, for its clients.
    private func writeOpenAI(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.key("error")
            writer.object { writer in
                writer.member("message", detail)
                writer.member("type", openAIType)
                writer.member("param", faults.first?.pointer)
                writer.member("code", code)
                if let hint { writer.member("hint", hint) }
                writer.member("money_moved", moneyMoved)
            }
        }
    }

    private var openAIType: String {
        switch status.code {
        case 401: "authentication_error"
        case 402: "insufficient_quota"
        case 403: "permission_error"
        case 429: "rate_limit_error"
        case 500...: "server_error"
        default: "invalid_request_error"
        }
    }

    /// Anthropic's envelope, for its clients.
    private func writeAnthropic(_ requestID: String?, to writer: inout JSONWriter) {
        let type =
            switch status.code {
            case 401: "authentication_error"
            case 402: "billing_error"
            case 403: "permission_error"
            case 404: "not_found_error"
            case 413: "request_too_large"
            case 429: "rate_limit_error"
            case 503: "overloaded_error"
            case 500...: "api_error"
            default: "invalid_request_error"
            }
        writer.object { writer in
            writer.member("type", "error")
            writer.key("error")
            writer.object { writer in
                writer.member("type", type)
                writer.member("message", detail)
            }
            writer.member("request_id", requestID)
        }
    }
}
