import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization
import Telemetry

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
/// Only a little is read ahead of what was taken, so a slow buyer slows the upstream down instead
/// of filling memory. Cancelling needs no task: whoever notices first that the call is over ends
/// it.
final class UpstreamExchange: HTTPClientResponseDelegate {
    typealias Response = Void

    enum Part: Sendable {
        /// An answer that is no event stream, complete.
        case whole(status: UInt, type: String, body: ByteBuffer)
        /// An event stream begins.
        case stream
        case bytes(ByteBuffer)
        /// The stream ended as HTTP says it should.
        case end
        case failed(UpstreamFailure)
    }

    fileprivate struct Delivery {
        let part: Part
        /// The bytes of a stream that the part brought.
        let bytes: Int
    }

    fileprivate struct State {
        var task: HTTPClient.Task<Void>?
        var headTimer: Scheduled<Void>?
        var status: UInt?
        var type = ""
        var isStream = false
        var body = ByteBuffer()
        var bytesReceived = 0
        var failure: UpstreamFailure?
        var isOver = false
        var isDrained = false
        var parts: [Delivery] = []
        /// The bytes of a stream that wait in `parts`.
        var bytesAhead = 0
        /// Lets the connection be read further, once enough was taken.
        var readOn: EventLoopPromise<Void>?
        var reader: CheckedContinuation<Part, Never>?
    }

    /// How many bytes may wait to be taken before the connection is not read further.
    fileprivate static let bytesAheadMax = 64 << 10

    private let state = Mutex(State())
    private let bytesMax: Int
    /// What the exchange is in the buyer's trace.
    private let span: Span?

    private init(bytesMax: Int) {
        self.bytesMax = bytesMax
        span = Span.child("upstream")
    }

    /// Sends a request; the answer may have `bytesMax` bytes, must begin within `headTimeout` and
    /// be complete by `deadline`.
    static func begin(
        _ request: HTTPClient.Request,
        with client: HTTPClient,
        bytesMax: Int,
        headTimeout: TimeAmount,
        deadline: NIODeadline
    ) -> UpstreamExchange {
        let exchange = UpstreamExchange(bytesMax: bytesMax)
        var request = request
        if let context = exchange.span?.context {
            request.headers.replaceOrAdd(name: TraceContext.headerName, value: context.header)
        }
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

    /// The next part; after ``Part/whole(status:type:body:)``, ``Part/end`` and ``Part/failed(_:)``
    /// there is none.
    func next() async -> Part {
        await withCheckedContinuation { continuation in
            let (part, readOn) = state.withLock { state in
                guard !state.parts.isEmpty else {
                    state.reader = continuation
                    return (Part?.none, EventLoopPromise<Void>?.none)
                }
                let delivery = state.parts.removeFirst()
                state.bytesAhead -= delivery.bytes
                return (delivery.part, state.takeReadOn())
            }
            readOn?.succeed()
            if let part { continuation.resume(returning: part) }
        }
    }

    /// Breaks the exchange off; whoever waits for a part gets ``UpstreamFailure/cancelled``.
    func cancel() { breakOff(.cancelled) }

    /// Reads the rest, if it is here soon, and throws it away, so that the connection can be used
    /// again.
    func drain() {
        let (task, readOn) = state.withLock { state in
            state.isDrained = true
            state.parts = []
            state.bytesAhead = 0
            return (state.task, state.takeReadOn())
        }
        readOn?.succeed()
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
        task: HTTPClient.Task<Void>,
        _ head: HTTPResponseHead
    ) -> EventLoopFuture<Void> {
        let type = head.headers.first(name: "content-type") ?? ""
        let isStream = head.status == .ok && type.hasPrefix("text/event-stream")
        span?.setStatus(Int(head.status.code))
        let timer = state.withLock { state in
            state.status = head.status.code
            state.type = type
            state.isStream = isStream
            defer { state.headTimer = nil }
            return state.headTimer
        }
        timer?.cancel()
        if isStream { deliver(.stream) }
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(
        task: HTTPClient.Task<Void>,
        _ buffer: ByteBuffer
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
        deliver(.bytes(buffer), bytes: buffer.readableBytes)
        return waitIfAhead(on: task.eventLoop)
    }

    /// Keeps the connection from being read further while too much waits.
    private func waitIfAhead(on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
        let isAhead = state.withLock { $0.bytesAhead > Self.bytesAheadMax }
        guard isAhead else { return eventLoop.makeSucceededVoidFuture() }
        let promise = eventLoop.makePromise(of: Void.self)
        let isStillAhead = state.withLock { state in
            guard state.bytesAhead > Self.bytesAheadMax, !state.isOver else { return false }
            state.readOn = promise
            return true
        }
        if !isStillAhead { promise.succeed() }
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
            return .whole(status: status, type: state.type, body: state.body)
        }
        finish(part)
    }

    private func finish(_ part: Part) {
        span?.end()
        let (isFirst, timer, readOn) = state.withLock { state in
            defer {
                state.isOver = true
                state.task = nil
                state.headTimer = nil
                state.readOn = nil
                state.body = ByteBuffer()
            }
            return (!state.isOver, state.headTimer, state.readOn)
        }
        timer?.cancel()
        // Nothing more will be read, so nobody waits for this; but a promise must be kept.
        readOn?.succeed()
        if isFirst { deliver(part) }
    }

    private func deliver(_ part: Part, bytes: Int = 0) {
        let reader = state.withLock { state -> CheckedContinuation<Part, Never>? in
            if let reader = state.reader {
                state.reader = nil
                return reader
            }
            guard !state.isDrained else { return nil }
            state.parts.append(Delivery(part: part, bytes: bytes))
            state.bytesAhead += bytes
            return nil
        }
        reader?.resume(returning: part)
    }
}

extension UpstreamExchange.State {
    /// The promise to keep if no longer too much waits.
    fileprivate mutating func takeReadOn() -> EventLoopPromise<Void>? {
        guard bytesAhead <= UpstreamExchange.bytesAheadMax else { return nil }
        defer { readOn = nil }
        return readOn
    }
}
