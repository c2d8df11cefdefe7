import HTTPTypes
public import Hummingbird
import NIOCore
import Synchronization

/// Turns requests away while too many are being answered: a quick no before a slow nothing.
public final class LoadMiddleware: RouterMiddleware {
    public typealias Context = WebContext

    private let inFlightMax: Int
    private let inFlight = Atomic<Int>(0)

    /// Creates the middleware.
    public init(inFlightMax: Int) {
        self.inFlightMax = inFlightMax
    }

    public func handle(
        _ request: Request,
        context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        let count = inFlight.wrappingAdd(1, ordering: .relaxed).newValue
        defer { inFlight.wrappingSubtract(1, ordering: .relaxed) }
        guard count <= inFlightMax else {
            throw Problem(
                .serviceUnavailable,
                "overloaded",
                "There is more to do than can be done; nothing was charged.",
                hint: "Try again in a second or more.",
                headers: [.retryAfter: "1"]
            )
        }
        return try await next(request, context)
    }
}

/// Refuses bodies that are too large, by what they say of themselves or as soon as they are.
public struct BodyLimitMiddleware: RouterMiddleware {
    public typealias Context = WebContext

    /// The most that is read of a refused body, in bytes.
    static let lingerBytesMax = 16 << 20

    private let bytesMax: Int
    private let uploadBytesMax: [String: Int]

    /// Creates the middleware; some paths may have a limit of their own.
    public init(bytesMax: Int, at uploadBytesMax: [String: Int] = [:]) {
        self.bytesMax = bytesMax
        self.uploadBytesMax = uploadBytesMax
    }

    public func handle(
        _ request: Request,
        context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        var request = request
        let bytesMax = uploadBytesMax[request.uri.path] ?? bytesMax
        if let text = request.headers[.contentLength] {
            guard let length = Int(text), length <= bytesMax else { throw Self.tooLarge(bytesMax) }
        }
        request.body = RequestBody(
            asyncSequence: LimitedBody(body: request.body, bytesMax: bytesMax)
        )
        return try await next(request, context)
    }

    static func tooLarge(_ bytesMax: Int) -> Problem {
        Problem(
            .contentTooLarge,
            "request_too_large",
            "The body is larger than \(bytesMax) bytes; nothing was charged.",
            hint: "Send less at once."
        )
    }
}

private struct LimitedBody: AsyncSequence, Sendable {
    let body: RequestBody
    let bytesMax: Int

    struct AsyncIterator: AsyncIteratorProtocol {
        var pieces: RequestBody.AsyncIterator
        let bytesMax: Int
        var bytes = 0

        @concurrent mutating func next() async throws -> ByteBuffer? {
            guard let piece = try await pieces.next() else { return nil }
            bytes += piece.readableBytes
            guard bytes > bytesMax else { return piece }
            // The client reads why only when it has sent all.
            while bytes <= BodyLimitMiddleware.lingerBytesMax, let more = try await pieces.next() {
                bytes += more.readableBytes
            }
            throw BodyLimitMiddleware.tooLarge(bytesMax)
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(pieces: body.makeAsyncIterator(), bytesMax: bytesMax)
    }
}
