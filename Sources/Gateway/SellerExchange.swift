import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization
import Telemetry

/// An answer that came in one piece.
struct SellerAnswer: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let body: [UInt8]
}

/// Why an exchange with a seller broke off.
enum ExchangeFailure: Error, Hashable, Sendable {
    /// There was no connection, so the seller cannot have the voucher.
    case neverSent
    /// The connection broke, or was broken off by this side.
    case cutOff
    /// The answer did not begin, or end, in time.
    case timedOut
    /// The answer is larger than the limit.
    case tooLarge
}

/// One HTTP exchange with a seller, as a sequence of parts that one task takes.
///
/// The client calls back on an event loop; here the parts wait for the task, one at a time, and
/// the connection is not read further until the part before was taken. Cancelling needs no task,
/// so whoever notices first that the call is over can end it.
final class SellerExchange: HTTPClientResponseDelegate {
    typealias Response = Void

    enum Part: Sendable {
        /// An answer that is no event stream, complete.
        case whole(SellerAnswer)
        /// An event stream begins.
        case streamHead(status: Int)
        case bytes(ByteBuffer)
        /// The stream ended as HTTP says it should.
        case end
        case failed(ExchangeFailure)
    }

    private struct State {
        var task: HTTPClient.Task<Void>?
        var head: HTTPResponseHead?
        var isStream = false
        var body = ByteBuffer()
        var bytesReceived = 0
        var wasSent = false
        var isOver = false
        var failure: ExchangeFailure?
        /// Nobody wants what comes yet.
        var isDraining = false
        var parts: [Delivery] = []
        var reader: CheckedContinuation<Part, Never>?
    }

    private struct Delivery {
        let part: Part
        /// Lets the connection be read further, once the part is taken or not wanted any more.
        let taken: EventLoopPromise<Void>?
    }

    private let state = Mutex(State())
    private let bytesMax: Int
    /// What the exchange is in the client's trace; nil for one that no client waits for.
    private let span: Span?

    private init(bytesMax: Int) {
        self.bytesMax = bytesMax
        span = Span.child("seller")
    }

    /// Sends a request; the answer may have `bytesMax` bytes, and must be complete by `deadline`.
    ///
    /// `headTimeout` is the longest until the answer begins; nil leaves it to `deadline`.
    static func begin(
        _ request: HTTPClient.Request,
        with client: HTTPClient,
        bytesMax: Int,
        deadline: NIODeadline,
        headTimeout: TimeAmount? = nil
    ) -> SellerExchange {
        let exchange = SellerExchange(bytesMax: bytesMax)
        var request = request
        if let context = exchange.span?.context {
            request.headers.replaceOrAdd(name: TraceContext.headerName, value: context.header)
        }
        let task = client.execute(request: request, delegate: exchange, deadline: deadline)
        exchange.state.withLock { if !$0.isOver { $0.task = task } }
        if let headTimeout {
            task.eventLoop.scheduleTask(in: headTimeout) { exchange.giveUpOnHead() }
        }
        return exchange
    }

    /// The next part; after ``Part/end`` and ``Part/failed(_:)`` there is none.
    func next() async -> Part {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let delivery = state.withLock { state -> Delivery? in
                    guard state.parts.isEmpty else { return state.parts.removeFirst() }
                    state.reader = continuation
                    return nil
                }
                delivery?.taken?.succeed()
                if let delivery { continuation.resume(returning: delivery.part) }
            }
        } onCancel: {
            cancel()
        }
    }

    /// How long a seller may take to end an answer that is complete, before it loses the
    /// connection.
    private static let drainTimeout = TimeAmount.seconds(2)

    /// Reads for nothing what comes after the last part that matters, so that the connection can
    /// serve the next call.
    func drain() {
        let (task, waiting) = state.withLock { state in
            defer { state.parts = [] }
            state.isDraining = true
            return (state.isOver ? nil : state.task, state.parts)
        }
        for delivery in waiting { delivery.taken?.succeed() }
        task?.eventLoop.scheduleTask(in: Self.drainTimeout) { self.cancel() }
    }

    /// Breaks the exchange off; whoever waits for a part gets ``ExchangeFailure/cutOff``.
    func cancel() { end(because: .cutOff) }

    private func giveUpOnHead() {
        let isLate = state.withLock { $0.head == nil && !$0.isOver }
        if isLate { end(because: .timedOut) }
    }

    private func end(because failure: ExchangeFailure) {
        let task = state.withLock { state in
            if state.failure == nil { state.failure = failure }
            return state.task
        }
        task?.cancel()
    }
}

extension SellerExchange {
    func didSendRequestHead(task: HTTPClient.Task<Void>, _ head: HTTPRequestHead) {
        state.withLock { $0.wasSent = true }
    }

    func didReceiveHead(
        task: HTTPClient.Task<Void>,
        _ head: HTTPResponseHead
    ) -> EventLoopFuture<Void> {
        let type = head.headers.first(name: "content-type") ?? ""
        let isStream = type.hasPrefix("text/event-stream")
        span?.setStatus(Int(head.status.code))
        state.withLock {
            $0.head = head
            $0.isStream = isStream
        }
        if isStream { deliver(.streamHead(status: Int(head.status.code))) }
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(
        task: HTTPClient.Task<Void>,
        _ buffer: ByteBuffer
    ) -> EventLoopFuture<Void> {
        let (fits, isStream) = state.withLock { state in
            state.bytesReceived += buffer.readableBytes
            guard state.bytesReceived <= bytesMax else {
                state.failure = .tooLarge
                return (false, state.isStream)
            }
            if !state.isStream { state.body.writeImmutableBuffer(buffer) }
            return (true, state.isStream)
        }
        guard fits else { return task.eventLoop.makeFailedFuture(ExchangeFailure.tooLarge) }
        guard isStream else { return task.eventLoop.makeSucceededVoidFuture() }
        let promise = task.eventLoop.makePromise(of: Void.self)
        deliver(.bytes(buffer), taken: promise)
        return promise.futureResult
    }

    func didReceiveError(task: HTTPClient.Task<Void>, _ error: any Error) {
        let failure = state.withLock { state -> ExchangeFailure in
            // Also when this side broke it off: what was never sent need not be looked up.
            if !state.wasSent { return .neverSent }
            if let failure = state.failure { return failure }
            let late: [HTTPClientError] = [.deadlineExceeded, .readTimeout]
            return (error as? HTTPClientError).map(late.contains) == true ? .timedOut : .cutOff
        }
        finish(.failed(failure))
    }

    func didFinishRequest(task: HTTPClient.Task<Void>) throws {
        let part = state.withLock { state -> Part in
            guard !state.isStream, let head = state.head else { return .end }
            let body = state.body.getBytes(
                at: state.body.readerIndex,
                length: state.body.readableBytes
            )
            return .whole(
                SellerAnswer(
                    status: Int(head.status.code),
                    headers: head.headers,
                    body: body ?? []
                )
            )
        }
        finish(part)
    }

    private func finish(_ part: Part) {
        span?.end()
        let (isFirst, waiting) = state.withLock { state in
            defer {
                state.isOver = true
                state.task = nil
                state.body = ByteBuffer()
            }
            return (!state.isOver, state.parts)
        }
        for delivery in waiting { delivery.taken?.succeed() }
        if isFirst { deliver(part) }
    }

    private func deliver(_ part: Part, taken: EventLoopPromise<Void>? = nil) {
        let reader = state.withLock { state -> CheckedContinuation<Part, Never>? in
            if let reader = state.reader {
                state.reader = nil
                return reader
            }
            let isTaken = state.isOver || state.isDraining
            if !state.isDraining {
                state.parts.append(Delivery(part: part, taken: isTaken ? nil : taken))
            }
            if isTaken { taken?.succeed() }
            return nil
        }
        guard let reader else { return }
        taken?.succeed()
        reader.resume(returning: part)
    }
}
