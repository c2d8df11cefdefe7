import NIOCore

/// Refuses connections to this machine and to private networks, whatever name led there.
///
/// A name says nothing about where it leads, and may lead elsewhere the next time. So the address
/// is judged that the connection was made to, before anything is sent over it.
enum PublicPeer {
    /// The connection leads to a private network; nothing was sent.
    struct Refusal: Error {}

    /// Lets a connection to the internet be, and nothing out of any other.
    ///
    /// The client's pool has no way to be told that a connection it made is none, so such a one is
    /// handed to it shut: it ends at the first byte that would leave.
    static func check(_ channel: any Channel) -> EventLoopFuture<Void> {
        if let address = channel.remoteAddress?.ipAddress,
            !PrivateAddress.isPrivate(address: address)
        {
            return channel.eventLoop.makeSucceededVoidFuture()
        }
        return channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(ShutGate(), position: .first)
        }
    }

    /// Passes nothing on to the network.
    private final class ShutGate: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer

        func write(
            context: ChannelHandlerContext,
            data: NIOAny,
            promise: EventLoopPromise<Void>?
        ) {
            promise?.fail(Refusal())
            context.close(promise: nil)
        }
    }
}
