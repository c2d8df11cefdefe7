import NIOCore
import Synchronization

/// Closes connections beyond a number, in all and of one address.
final class ConnectionCount: Sendable {
    private struct Open {
        var count = 0
        var byAddress: [PeerAddress: Int] = [:]
    }

    private let open = Mutex(Open())
    private let connectionsMax: Int
    private let perAddressMax: Int

    init(connectionsMax: Int, perAddressMax: Int) {
        self.connectionsMax = connectionsMax
        self.perAddressMax = perAddressMax
    }

    /// How many addresses have connections.
    var addressCount: Int { open.withLock { $0.byAddress.count } }

    /// Counts a connection for as long as it is open, or closes it at once.
    ///
    /// - Returns: whether it may stay.
    func admit(_ channel: any Channel) -> Bool {
        let address = PeerAddress(channel.remoteAddress)
        guard enter(address) else {
            channel.close(promise: nil)
            return false
        }
        channel.closeFuture.whenComplete { _ in self.leave(address) }
        return true
    }

    private func enter(_ address: PeerAddress?) -> Bool {
        open.withLock { open in
            guard open.count < connectionsMax else { return false }
            if let address {
                let count = open.byAddress[address, default: 0]
                guard count < perAddressMax else { return false }
                open.byAddress[address] = count + 1
            }
            open.count += 1
            return true
        }
    }

    private func leave(_ address: PeerAddress?) {
        open.withLock { open in
            open.count -= 1
            guard let address, let count = open.byAddress[address] else { return }
            open.byAddress[address] = count > 1 ? count - 1 : nil
        }
    }
}

/// Closes a stream whose client leaves unread what it was sent.
///
/// Flow control stops whoever writes, and nothing would ever end it: a client that reads nothing
/// would hold its stream, and what stands behind it, for as long as its connection lives. A large
/// answer is one write, of which nobody here sees the parts; a client that takes it says so by
/// frames that open its window, and gets ten times as long.
final class UnreadGuard: ChannelDuplexHandler {
    typealias InboundIn = Any
    typealias OutboundIn = Any
    typealias OutboundOut = Any

    private let patience: TimeAmount
    private var unwritten = 0
    private var timer: Scheduled<Void>?
    /// When what is written now stays unread for too long, whatever its client says.
    private var end = NIODeadline.distantFuture

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

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if let timer, context.eventLoop.now + patience < end {
            timer.cancel()
            wait(context)
        }
        context.fireChannelRead(data)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    private func watch(_ context: ChannelHandlerContext) {
        guard unwritten > 0, timer == nil, context.channel.isActive else { return }
        end = context.eventLoop.now + .nanoseconds(10 * patience.nanoseconds)
        wait(context)
    }

    private func wait(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: patience) { bound.value.close(promise: nil) }
    }
}
