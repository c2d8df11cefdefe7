import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization

/// Why an upstream gave no answer.
enum UpstreamFailure: Error, Hashable, Sendable {
    /// There was no connection, or it broke.
    case unreachable
    /// The answer did not begin, or end, in time.
    case timedOut
    /// The answer is larger than the limit.
    case tooLarge
    /// This side broke the exchange off.
    case cancelled
}

/// One exchange with an upstream, as a sequence of parts that one task takes.
///
/// The connection is not read further until the part before was taken, so a slow buyer slows the
/// upstream down instead of filling memory. Cancelling needs no task: whoever notices first that
/// the call is over ends it.
final class UpstreamExchange: HTTPClientResponseDelegate {
    typealias Response = Void

    enum Part: Sendable {
        /// An answer that is no event stream, complete.
        case whole(status: UInt, body: ByteBuffer)
        /// An event stream begins.
        case stream
        case bytes(ByteBuffer)
        /// The stream ended as HTTP says it should.
        case end
        case failed(UpstreamFailure)
    }

    private struct Delivery {
        let part: Part
        /// Lets the connection be read further, once the part is taken or not wanted any more.
        let taken: EventLoopPromise<Void>?
    }

    private struct State {
        var task: HTTPClient.Task<Void>?
        var headTimer: Scheduled<Void>?
        var status: UInt?
        var isStream = false
        var body = ByteBuffer()
        var bytesReceived = 0
        var failure: UpstreamFailure?
        var isOver = false
        var isDrained = false
        var parts: [Delivery] = []
        var reader: CheckedContinuation<Part, Never>?
    }

    private let state = Mutex(State())
    private let bytesMax: Int

    private init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    /// Sends a request; the answer may have `bytesMax` bytes, must begin within `headTimeout` and
    /// be complete by `deadline`.
    static func begin(
        _ request: HTTPClient.Request, with client: HTTPClient, bytesMax: Int,
        headTimeout: TimeAmount, deadline: NIODeadline
    ) -> UpstreamExchange {
        let exchange = UpstreamExchange(bytesMax: bytesMax)
        let task = client.execute(request: request, delegate: exchange, deadline: deadline)
        let timer = task.eventLoop.scheduleTask(in: headTimeout) { exchange.giveUpOnHead() }
        let isUnderWay = exchange.state.withLock { state in
            guard !state.isOver, state.status == nil else {
                if !state.isOver { state.task = task }
                return false
            }
            state.task = task
            state.headTimer = timer
            return true
        }
        if !isUnderWay { timer.cancel() }
        return exchange
    }

    /// The next part; after ``Part/whole(status:body:)``, ``Part/end`` and ``Part/failed(_:)``
    /// there is none.
    func next() async -> Part {
        await withCheckedContinuation { continuation in
            let delivery = state.withLock { state -> Delivery? in
                guard state.parts.isEmpty else { return state.parts.removeFirst() }
                state.reader = continuation
                return nil
            }
            delivery?.taken?.succeed()
            if let delivery { continuation.resume(returning: delivery.part) }
        }
    }

    /// Breaks the exchange off; whoever waits for a part gets ``UpstreamFailure/cancelled``.
    func cancel() { breakOff(.cancelled) }

    /// Reads the rest, if it is here soon, and throws it away, so that the connection can be used
    /// again.
    func drain() {
        let (task, waiting) = state.withLock { state in
            defer {
                state.isDrained = true
                state.parts = []
            }
            return (state.task, state.parts)
        }
        for delivery in waiting { delivery.taken?.succeed() }
        task?.eventLoop.scheduleTask(in: .seconds(1)) { self.cancel() }
    }

    private func giveUpOnHead() {
        let isLate = state.withLock { $0.status == nil && !$0.isOver }
        if isLate { breakOff(.timedOut) }
    }

    private func breakOff(_ failure: UpstreamFailure) {
        let task = state.withLock { state in
            if state.failure == nil { state.failure = failure }
            return state.task
        }
        task?.cancel()
    }
}

extension UpstreamExchange {
    func didReceiveHead(
        task: HTTPClient.Task<Void>, _ head: HTTPResponseHead
    ) -> EventLoopFuture<Void> {
        let type = head.headers.first(name: "content-type") ?? ""
        let isStream = head.status == .ok && type.hasPrefix("text/event-stream")
        let timer = state.withLock { state in
            state.status = head.status.code
            state.isStream = isStream
            defer { state.headTimer = nil }
            return state.headTimer
        }
        timer?.cancel()
        if isStream { deliver(.stream) }
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(
        task: HTTPClient.Task<Void>, _ buffer: ByteBuffer
    ) -> EventLoopFuture<Void> {
        let (fits, isWanted) = state.withLock { state in
            state.bytesReceived += buffer.readableBytes
            guard state.bytesReceived <= bytesMax else {
                state.failure = .tooLarge
                return (false, false)
            }
            if !state.isStream {
                if state.body.readableBytes == 0 {
                    state.body = buffer
                } else {
                    state.body.writeImmutableBuffer(buffer)
                }
            }
            return (true, state.isStream && !state.isDrained)
        }
        guard fits else { return task.eventLoop.makeFailedFuture(UpstreamFailure.tooLarge) }
        guard isWanted else { return task.eventLoop.makeSucceededVoidFuture() }
        let promise = task.eventLoop.makePromise(of: Void.self)
        deliver(.bytes(buffer), taken: promise)
        return promise.futureResult
    }

    func didReceiveError(task: HTTPClient.Task<Void>, _ error: any Error) {
        let failure = state.withLock { state -> UpstreamFailure in
            if let failure = state.failure { return failure }
            let late: [HTTPClientError] = [
                .deadlineExceeded, .readTimeout, .connectTimeout, .getConnectionFromPoolTimeout,
            ]
            return (error as? HTTPClientError).map(late.contains) == true
                ? .timedOut : .unreachable
        }
        finish(.failed(failure))
    }

    func didFinishRequest(task: HTTPClient.Task<Void>) throws {
        let part = state.withLock { state -> Part in
            guard !state.isStream, let status = state.status else { return .end }
            return .whole(status: status, body: state.body)
        }
        finish(part)
    }

    private func finish(_ part: Part) {
        let (isFirst, timer, promises) = state.withLock { state in
            defer {
                state.isOver = true
                state.task = nil
                state.headTimer = nil
                state.body = ByteBuffer()
                state.parts = state.parts.map { Delivery(part: $0.part, taken: nil) }
            }
            return (!state.isOver, state.headTimer, state.parts.compactMap(\.taken))
        }
        timer?.cancel()
        // Nothing more will be read, so nobody waits for these; but a promise must be kept.
        for promise in promises { promise.succeed() }
        if isFirst { deliver(part) }
    }

    private func deliver(_ part: Part, taken: EventLoopPromise<Void>? = nil) {
        let (reader, waits) = state.withLock { state in
            if let reader = state.reader {
                state.reader = nil
                return (CheckedContinuation<Part, Never>?.some(reader), false)
            }
            guard !state.isDrained else { return (nil, false) }
            state.parts.append(Delivery(part: part, taken: state.isOver ? nil : taken))
            return (nil, !state.isOver)
        }
        if !waits { taken?.succeed() }
        reader?.resume(returning: part)
    }
}
