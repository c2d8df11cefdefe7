import HTTPTypes
public import Hummingbird
import NIOCore
import Synchronization

/// Lets each address have only so many requests whose bodies have not come yet.
///
/// A body may come slowly; whoever opens many of them must not fill the door for everybody else.
/// It stands after the middleware that knows the client's address and before the one that knows who
/// it is, which lets those go that it knows: they have rates of their own. Addresses of this
/// machine are not counted: behind them a proxy may have everybody.
public final class BodyShareMiddleware: RouterMiddleware {
    public typealias Context = WebContext

    private let perAddressMax: Int
    private let waiting = Mutex<[String: Int]>([:])

    /// Creates the middleware.
    public init(perAddressMax: Int) {
        self.perAddressMax = max(1, perAddressMax)
    }

    /// How many addresses have bodies that have not come.
    var addressCount: Int { waiting.withLock { $0.count } }

    public func handle(
        _ request: Request,
        context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        guard Self.hasBody(request), !DoorConfiguration.isThisMachine(context.source) else {
            return try await next(request, context)
        }
        guard let place = enter(context.sourceBucket) else {
            throw Problem(
                .tooManyRequests,
                "too_many_bodies",
                "Too many requests of your address are not complete; nothing was charged.",
                hint: "Send what you began before you begin more.",
                headers: [.retryAfter: "1"]
            )
        }
        // Whatever was not read by the time of an answer is not waited for.
        defer { place.leave() }
        var (request, context) = (request, context)
        request.body = RequestBody(
            asyncSequence: AwaitedBody(body: request.body, place: place)
        )
        context.bodyPlace = place
        return try await next(request, context)
    }

    private static func hasBody(_ request: Request) -> Bool {
        if let length = request.headers[.contentLength] { return length != "0" }
        return request.headers[.transferEncoding] != nil
    }

    private func enter(_ address: String) -> BodyPlace? {
        let isAdmitted = waiting.withLock { waiting in
            let count = waiting[address, default: 0]
            guard count < perAddressMax else { return false }
            waiting[address] = count + 1
            return true
        }
        guard isAdmitted else { return nil }
        return BodyPlace { [self] in
            waiting.withLock { waiting in
                guard let count = waiting[address] else { return }
                waiting[address] = count > 1 ? count - 1 : nil
            }
        }
    }
}

/// A body that is waited for, until it has come or nobody waits any more.
final class BodyPlace: Sendable {
    private let hasLeft = Atomic<Bool>(false)
    private let onLeaving: @Sendable () -> Void

    init(_ onLeaving: @escaping @Sendable () -> Void) {
        self.onLeaving = onLeaving
    }

    func leave() {
        guard !hasLeft.exchange(true, ordering: .acquiringAndReleasing) else { return }
        onLeaving()
    }
}

private struct AwaitedBody: AsyncSequence, Sendable {
    let body: RequestBody
    let place: BodyPlace

    struct AsyncIterator: AsyncIteratorProtocol {
        var pieces: RequestBody.AsyncIterator
        let place: BodyPlace

        @concurrent mutating func next() async throws -> ByteBuffer? {
            guard let piece = try await pieces.next() else {
                place.leave()
                return nil
            }
            return piece
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(pieces: body.makeAsyncIterator(), place: place)
    }
}
