import NIOCore
import NIOSSL

/// Closes a connection whose client says nothing, or that has had no call for long.
///
/// The transport only asks such a client to leave, and waits for its answer: whoever gives none
/// would keep its connection for ever, and so the place of another.
final class SilenceGuard: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// How long a connection may be what it is.
    struct Patience: Sendable {
        /// Without the beginning of HTTP/2, and before it of TLS.
        let greeting: TimeAmount
        /// Without a byte, although the transport asks whether the client is there.
        let silence: TimeAmount
        /// Without a call, although the transport asked the client to leave.
        let idle: TimeAmount
    }

    /// The preface of HTTP/2, and the head of the frame that must follow it.
    private static let greetingBytes = 24 + 9

    private let patience: Patience
    private var greetingBytesLeft = greetingBytes
    private var opened = NIODeadline.distantFuture
    private var heard = NIODeadline.distantFuture
    private var idleSince = NIODeadline.distantFuture
    private var calls = 0
    private var timer: Scheduled<Void>?

    init(_ patience: Patience) {
        self.patience = patience
    }

    /// Puts a guard into a connection, where it sees what TLS has decrypted.
    static func add(to channel: any Channel, _ patience: Patience) throws {
        let handlers = channel.pipeline.syncOperations
        let tls = try? handlers.handler(type: NIOSSLServerHandler.self)
        try handlers.addHandler(
            SilenceGuard(patience),
            position: tls.map { .after($0) } ?? .first
        )
    }

    /// Counts a stream among its connection's calls for as long as it is open.
    static func count(_ stream: any Channel) {
        guard
            let guardian = try? stream.parent?.pipeline.syncOperations.handler(
                type: SilenceGuard.self
            )
        else { return }
        guardian.calls += 1
        let bound = NIOLoopBound(guardian, eventLoop: stream.eventLoop)
        stream.closeFuture.whenComplete { _ in bound.value.callEnded(stream.eventLoop.now) }
    }

    private func callEnded(_ now: NIODeadline) {
        calls -= 1
        if calls == 0 { idleSince = now }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { begin(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        heard = context.eventLoop.now
        if greetingBytesLeft > 0 { greetingBytesLeft -= unwrapInboundIn(data).readableBytes }
        context.fireChannelRead(data)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard timer == nil else { return }
        let now = context.eventLoop.now
        (opened, heard, idleSince) = (now, now, now)
        wait(context)
    }

    /// When patience ends, if nothing happens until then.
    private var end: NIODeadline {
        if greetingBytesLeft > 0 { return opened + patience.greeting }
        let silent = heard + patience.silence
        return calls == 0 ? min(silent, idleSince + patience.idle) : silent
    }

    /// Looks again when patience would end; what happens meanwhile sets no timer.
    private func wait(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(deadline: end) {
            let (guardian, context) = bound.value
            guard guardian.end > context.eventLoop.now else {
                return context.close(promise: nil)
            }
            guardian.wait(context)
        }
    }
}
