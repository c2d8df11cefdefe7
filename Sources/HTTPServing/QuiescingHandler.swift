import NIOCore
import NIOHTTPTypes

/// Ends a connection, when its server ends, after the answer under way: once its last byte was
/// taken by the kernel.
///
/// It stands before Hummingbird's handler of that event, which closes the connection once the last
/// part of the answer is in NIO's hands; what a slow reader had not taken by then would be lost
/// (SUP-7).
final class QuiescingHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// How long a client may take to read what is left when its answer is complete.
    private static let patience = TimeAmount.seconds(60)

    /// Requests whose answers are not complete yet.
    private var answersOpen = 0
    /// Requests whose answers are not, or not wholly, with the kernel.
    private var answersOwed = 0
    private var isQuiescing = false
    private var late: Scheduled<Void>?

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head = unwrapInboundIn(data) {
            answersOpen += 1
            answersOwed += 1
            late?.cancel()
            late = nil
        }
        context.fireChannelRead(data)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is ChannelShouldQuiesceEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        isQuiescing = true
        closeInTime(context.channel)
    }

    func channelInactive(context: ChannelHandlerContext) {
        late?.cancel()
        context.fireChannelInactive()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = unwrapOutboundIn(data) else {
            return context.write(data, promise: promise)
        }
        answersOpen -= 1
        let written = promise ?? context.eventLoop.makePromise(of: Void.self)
        let this = NIOLoopBound((self, context.channel), eventLoop: context.eventLoop)
        written.futureResult.whenComplete { _ in
            let (handler, channel) = this.value
            handler.answersOwed -= 1
            handler.closeInTime(channel)
        }
        context.write(data, promise: written)
        closeInTime(context.channel)
    }

    /// Closes the connection of a server that ends: at once if nothing is owed, and otherwise when
    /// nothing is, or the client took too long.
    private func closeInTime(_ channel: any Channel) {
        guard isQuiescing, answersOpen == 0 else { return }
        guard answersOwed > 0 else { return channel.close(promise: nil) }
        guard late == nil else { return }
        late = channel.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
    }
}
