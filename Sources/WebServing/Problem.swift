public import HTTPTypes
public import Hummingbird
import NIOCore
import OpenAIWire

/// Why a request was not done, as RFC 9457 writes it, with what people and programs need to act:
/// a stable code, whether money moved, and a hint.
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
        var writer = JSONWriter(capacityBytes: 512)
        writer.object { writer in
            writer.member("type", "/problems/\(code)")
            writer.member("title", status.reasonPhrase)
            writer.member("status", UInt64(status.code))
            writer.member("detail", detail)
            writer.member("code", code)
            writer.member("moneyMoved", moneyMoved)
            if let hint { writer.member("hint", hint) }
            if let ledgerCode { writer.member("ledgerCode", UInt64(ledgerCode)) }
            if let context = context as? WebContext {
                writer.member("requestId", context.requestID)
            }
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
        return Response(
            status: status,
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: writer.bytes))
        )
    }
}
