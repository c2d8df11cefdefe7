import AccessCore
import CanonicalCoding
import HTTPTypes
import Hummingbird
import LedgerClient
import LedgerIndex
import MarketTypes
import NIOCore
import WebServing

/// Answers HTTP requests by the contract: finds the operation, checks the request, has it answered,
/// and writes the answer with its tag.
struct APIServer: Sendable {
    /// The largest body.
    static let bodyBytesMax = 600 << 10

    let contract: Contract
    let table: OperationTable

    /// Answers a request of which the router found that its path is one of the contract's.
    func respond(_ request: Request, _ context: WebContext) async throws -> Response {
        let path = request.uri.path.dropFirst(MarketAPI.prefix.count)
        guard let (item, values) = table.find(path) else { throw Problem.notFound("path") }
        let method = request.method == .head ? .get : request.method
        guard let operation = item.operations.first(where: { $0.method == method }) else {
            if request.method == .options {
                return Response(status: .noContent, headers: [.allow: item.allowed])
            }
            throw Problem(
                .methodNotAllowed,
                "method_not_allowed",
                "There is no \(RequestReader.plain(request.method.rawValue)) here.",
                hint: "Allowed: \(item.allowed).",
                headers: [.allow: item.allowed]
            )
        }
        let body = try await self.body(of: request, for: operation)
        let answer = try await self.answer(
            operation,
            path: values,
            query: request.uri.query,
            headers: request.headers,
            body: body,
            caller: context.caller,
            source: context.source,
            channel: context.channel
        )
        return response(answer, to: request)
    }

    /// Checks a request and has it answered.
    func answer(
        _ operation: Operation,
        path: [String: String],
        query: String?,
        headers: HTTPFields,
        body: [UInt8]?,
        caller: Caller?,
        source: String,
        channel: (any Channel)?
    ) async throws -> APIAnswer {
        try Self.check(caller, for: operation)
        let request = try RequestReader(server: self, operation: operation).read(
            path: path,
            query: query,
            headers: headers,
            body: body,
            caller: caller,
            source: source,
            channel: channel
        )
        do {
            var answer = try await table.handler(of: operation)(request)
            if let deprecation = operation.deprecation {
                answer.headers[.deprecation] = "@\(deprecation.since)"
                answer.headers[.sunset] = deprecation.sunset
            }
            return answer.choosing(request.fields)
        } catch let error as LedgerClientError {
            throw Problem(error)
        } catch let error as IndexError {
            throw Problem(error)
        }
    }

    private static func check(_ caller: Caller?, for operation: Operation) throws(Problem) {
        guard let caller else {
            guard operation.isOpen else {
                throw Problem(
                    .unauthorized,
                    "authentication_required",
                    "This needs a key or a session.",
                    headers: [.wwwAuthenticate: "Bearer"]
                )
            }
            return
        }
        guard caller.scopes.bits & operation.scopes.bits == operation.scopes.bits else {
            throw Problem(
                .forbidden,
                "scope_missing",
                "The key may not do this.",
                hint: "It needs: \(operation.scopes)."
            )
        }
    }

    private func body(of request: Request, for operation: Operation) async throws -> [UInt8]? {
        guard operation.body != nil else { return nil }
        let type = request.headers[.contentType]?.lowercased()
        let media = type?.split(separator: ";").first.map { $0.filter { $0 != " " } }
        guard media == nil || media == "application/json" else {
            throw Problem(
                .unsupportedMediaType,
                "unsupported_media_type",
                "The body must be application/json."
            )
        }
        do {
            let buffer = try await request.body.collect(upTo: Self.bodyBytesMax)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw Problem(
                .contentTooLarge,
                "request_too_large",
                "A body has at most \(Self.bodyBytesMax) bytes."
            )
        }
    }

    private func response(_ answer: APIAnswer, to request: Request) -> Response {
        var headers = answer.headers
        headers[.cacheControl] = answer.freshness.rawValue
        if let height = answer.height { headers[.stoaHeight] = "\(height.rawValue)" }
        if let stream = answer.stream {
            headers[.contentType] = "text/event-stream"
            let isHead = request.method == .head
            return Response(
                status: .ok,
                headers: headers,
                body: isHead ? .init() : ResponseBody { try await stream(&$0) }
            )
        }
        let isRead = request.method == .get || request.method == .head
        if isRead, answer.status == .ok, answer.freshness != .personal {
            let tag = Self.tag(answer.taggedBytes)
            headers[.eTag] = tag
            if let wanted = request.headers[.ifNoneMatch], Self.matches(wanted, tag) {
                return Response(status: .notModified, headers: headers)
            }
        }
        headers[.contentType] = "application/json"
        let bytes = answer.document.bytes
        let response = Response(
            status: answer.status,
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
        return request.method == .head ? response.createHeadResponse() : response
    }

    /// A weak tag: two answers with it say the same, though the height may differ.
    static func tag(_ bytes: [UInt8]) -> String {
        "W/\"\(Hex.encode(Digest(sha256: bytes).bytes.prefix(16)))\""
    }

    /// Weak comparison with each tag of `If-None-Match` (RFC 9110, 13.1.2).
    static func matches(_ wanted: String, _ tag: String) -> Bool {
        func plain(_ tag: some StringProtocol) -> String {
            let text = String(tag.filter { $0 != " " && $0 != "\t" })
            return text.hasPrefix("W/") ? String(text.dropFirst(2)) : text
        }
        let parts = wanted.split(separator: ",")
        return plain(wanted) == "*" || parts.contains { plain($0) == plain(tag) }
    }
}

extension HTTPField.Name {
    /// The height that an answer is of.
    static let stoaHeight = named("Stoa-Height")
    /// Since when an operation is one to leave.
    static let deprecation = named("Deprecation")
    /// Until when it is answered.
    static let sunset = named("Sunset")
    /// Names an attempt, so that it can be made again.
    static let idempotencyKey = named("Idempotency-Key")
    /// Says that an answer was given before.
    static let idempotencyReplayed = named("Idempotency-Replayed")

    private static func named(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else {
            preconditionFailure("\(name) is written here and a valid name")
        }
        return name
    }
}
