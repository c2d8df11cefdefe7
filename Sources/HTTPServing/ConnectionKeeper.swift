import NIOCore
import NIOHTTPTypes

/// What a handler tells the connection's keeper.
public enum ConnectionChange: Hashable, Sendable {
    /// It speaks another protocol than HTTP from now on, which ends it by rules of its own.
    case upgraded
}

/// Ends a connection that nobody uses, and one whose server ends: never while an answer is on its
/// way to a client that takes it.
///
/// Hummingbird's own handler of both counts an answer as given once its last part is in NIO's
/// hands, and closes; what a slow reader had not taken by then would be lost (SUP-7, DOOR-6).
final class ConnectionKeeper: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// How long a client may take to read what is left when its server ends.
    private static let patience = TimeAmount.seconds(60)
    /// How many bytes of a request must come in each second after the first ``idleTimeout``, so
    /// that nobody holds a request open for ever by sending a byte now and then.
    static let requestBytesPerSecondMin = 16 << 10

    private static var nanosecondsPerByteMax: Int64 {
        1_000_000_000 / Int64(requestBytesPerSecondMin)
    }

    private let idleTimeout: TimeAmount
    /// Requests whose answers are not complete yet.
    private var answersOpen = 0
    /// Requests whose answers are not, or not wholly, with the kernel.
    private var answersOwed = 0
    private var isReadingRequest = false
    /// When the request that is being read must be complete.
    private var requestDueAt = NIODeadline.distantFuture
    private var isQuiescing = false
    private var isEnded = false
    private var usedAt = NIODeadline.now()
    /// How much the client had acknowledged when it was looked at last, if something waited.
    private var bytesTaken: UInt64?
    /// How much waited then.
    private var bytesWaiting = 0
    /// An end of this side that waits until nothing is owed.
    private var ending: EventLoopPromise<Void>?
    private var look: Scheduled<Void>?
    private var late: Scheduled<Void>?

    init(idleTimeout: TimeAmount) {
        self.idleTimeout = idleTimeout
    }

    func handlerAdded(context: ChannelHandlerContext) { lookLater(context) }

    func handlerRemoved(context: ChannelHandlerContext) { stop() }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    private func stop() {
        look?.cancel()
        late?.cancel()
        ending?.fail(ChannelError.alreadyClosed)
        ending = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        usedAt = .now()
        switch unwrapInboundIn(data) {
        // After this side has ended nothing more is answered.
        case .head where isEnded: break
        case .head:
            answersOpen += 1
            answersOwed += 1
            isReadingRequest = true
            requestDueAt = usedAt + idleTimeout
            late?.cancel()
            late = nil
        case .body(let piece):
            let bytes = Int64(piece.readableBytes)
            requestDueAt =
                requestDueAt + .nanoseconds(bytes * Self.nanosecondsPerByteMax)
        case .end: isReadingRequest = false
        }
        context.fireChannelRead(data)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            isQuiescing = true
            closeInTime(context.channel)
        case is ConnectionChange: stop()
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = unwrapOutboundIn(data) else {
            return context.write(data, promise: promise)
        }
        // A request that cannot be read is answered though none began.
        if answersOpen > 0 { answersOpen -= 1 } else { answersOwed += 1 }
        let written = promise ?? context.eventLoop.makePromise(of: Void.self)
        let this = NIOLoopBound((self, context.channel), eventLoop: context.eventLoop)
        written.futureResult.whenComplete { _ in
            let (keeper, channel) = this.value
            keeper.answersOwed -= 1
            keeper.usedAt = .now()
            keeper.endInTime(channel)
            keeper.closeInTime(channel)
        }
        context.write(data, promise: written)
        closeInTime(context.channel)
    }

    /// Hummingbird ends this side when the client has ended its own, which drops what waits.
    func close(
        context: ChannelHandlerContext,
        mode: CloseMode,
        promise: EventLoopPromise<Void>?
    ) {
        guard mode == .output else { return context.close(mode: mode, promise: promise) }
        // What was asked beyond the last answer gets none.
        answersOwed -= answersOpen
        (answersOpen, isReadingRequest, isEnded) = (0, false, true)
        guard answersOwed > 0 else { return context.close(mode: mode, promise: promise) }
        ending = promise ?? context.eventLoop.makePromise()
    }

    private func endInTime(_ channel: any Channel) {
        guard answersOwed == 0, let ending else { return }
        self.ending = nil
        channel.close(mode: .output, promise: ending)
    }

    /// Closes the connection of a server that ends: at once if nothing is owed, and otherwise when
    /// nothing is, or the client took too long.
    private func closeInTime(_ channel: any Channel) {
        guard isQuiescing, answersOpen == 0 else { return }
        guard answersOwed > 0 else { return channel.close(promise: nil) }
        guard late == nil else { return }
        late = channel.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
    }

    // MARK: idle connections

    private func lookLater(_ context: ChannelHandlerContext) {
        let next = isReadingRequest ? min(usedAt + idleTimeout, requestDueAt) : usedAt + idleTimeout
        let due = max(next, .now() + .milliseconds(10))
        let this = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        look = context.eventLoop.scheduleTask(deadline: due) {
            let (keeper, context) = this.value
            keeper.closeIfIdle(context)
        }
    }

    private func closeIfIdle(_ context: ChannelHandlerContext) {
        let waiting = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        guard waiting > 0, let socket = context.channel as? any SocketOptionProvider else {
            return decide(context, bytesTaken: nil, waiting: 0)
        }
        let standing = socket.unsafeGetSocketOption(
            level: .tcp,
            name: NIOBSDSocket.Option(rawValue: TCPStanding.option)
        ) as EventLoopFuture<TCPStanding>
        let this = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        standing.whenComplete { result in
            let (keeper, context) = this.value
            let taken = try? result.get().bytesAcknowledged
            keeper.decide(context, bytesTaken: taken, waiting: waiting)
        }
    }

    /// Closes the connection if nothing came for so long, though something should have, if a
    /// request comes too slowly, or if the client took nothing of what is ready for it.
    private func decide(
        _ context: ChannelHandlerContext,
        bytesTaken now: UInt64?,
        waiting: Int
    ) {
        let isStalled = now != nil && now == bytesTaken && waiting >= bytesWaiting
        (bytesTaken, bytesWaiting) = (now, waiting)
        let isAnswering = !isReadingRequest && answersOwed > 0
        let isUnused = !isAnswering && NIODeadline.now() >= usedAt + idleTimeout
        let isLate = isReadingRequest && NIODeadline.now() >= requestDueAt
        guard !isStalled, !isUnused, !isLate else { return context.close(promise: nil) }
        if isAnswering { usedAt = .now() }
        lookLater(context)
    }
}

/// What the kernel knows of a connection: the beginning of Linux' `struct tcp_info` (tcp(7)), whose
/// numbers of 32 bits are paired here.
private struct TCPStanding {
    static let option: CInt = 11

    typealias Eight = (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)

    private var first: Eight = (0, 0, 0, 0, 0, 0, 0, 0)
    private var second: (UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0)
    private var pacing: (UInt64, UInt64) = (0, 0)
    /// `tcpi_bytes_acked`, at byte 120.
    var bytesAcknowledged: UInt64 = 0
}
