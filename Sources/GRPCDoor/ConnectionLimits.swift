import NIOCore
import Synchronization

/// Closes connections beyond a number.
final class ConnectionCount: Sendable {
    private let open = Mutex(0)
    private let connectionsMax: Int

    init(connectionsMax: Int) {
        self.connectionsMax = connectionsMax
    }

    /// Counts a connection for as long as it is open, or closes it at once.
    func admit(_ channel: any Channel) -> EventLoopFuture<Void> {
        let fits = open.withLock { open in
            guard open < connectionsMax else { return false }
            open += 1
            return true
        }
        guard fits else {
            channel.close(promise: nil)
            return channel.eventLoop.makeSucceededVoidFuture()
        }
        channel.closeFuture.whenComplete { _ in self.open.withLock { $0 -= 1 } }
        return channel.eventLoop.makeSucceededVoidFuture()
    }
}

/// Closes a stream whose client leaves unread what it was sent.
///
/// Flow control stops whoever writes, and nothing would ever end it: a client that reads nothing
/// would hold its stream, and what stands behind it, for as long as its connection lives.
final class UnreadGuard: ChannelDuplexHandler {
    typealias InboundIn = Any
    typealias OutboundIn = Any
    typealias OutboundOut = Any

    private let patience: TimeAmount
    private var unwritten = 0
    private var timer: Scheduled<Void>?

    init(patience: TimeAmount) {
        self.patience = patience
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let promise = promise ?? context.eventLoop.makePromise()
        unwritten += 1
        watch(context)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        promise.futureResult.whenComplete { _ in
            let (guardian, context) = bound.value
            guardian.unwritten -= 1
            // Something was taken: for what is left, patience begins anew.
            guardian.timer?.cancel()
            guardian.timer = nil
            guardian.watch(context)
        }
        context.write(data, promise: promise)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    private func watch(_ context: ChannelHandlerContext) {
        guard unwritten > 0, timer == nil, context.channel.isActive else { return }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: patience) { bound.value.close(promise: nil) }
    }
}
