import NIOCore
import NIOEmbedded
import Testing

@testable import GRPCDoor

@Suite("GRPC-13: connections, and clients that do not read")
struct ConnectionLimitTests {
    @Test("a connection too many is closed; one that ends makes room")
    func count() throws {
        let count = ConnectionCount(connectionsMax: 1)
        let channels = try (0..<3).map { _ in
            let channel = EmbeddedChannel()
            try channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            return channel
        }
        _ = count.admit(channels[0])
        _ = count.admit(channels[1])
        #expect(channels[0].isActive && !channels[1].isActive)
        _ = try channels[0].finish()
        channels[0].embeddedEventLoop.run()
        _ = count.admit(channels[2])
        #expect(channels[2].isActive)
    }

    /// Holds what is written until it is told that the peer takes it.
    private final class Unread: ChannelOutboundHandler {
        typealias OutboundIn = Any
        typealias OutboundOut = Any

        var held: [EventLoopPromise<Void>] = []

        func write(
            context: ChannelHandlerContext,
            data: NIOAny,
            promise: EventLoopPromise<Void>?
        ) {
            if let promise { held.append(promise) }
        }
    }

    private func connected() throws -> (EmbeddedChannel, Unread) {
        let unread = Unread()
        let channel = EmbeddedChannel()
        let handlers = channel.pipeline.syncOperations
        try handlers.addHandler(unread)
        try handlers.addHandler(UnreadGuard(patience: .seconds(30)))
        try channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return (channel, unread)
    }

    @Test("what stays unread closes the stream when patience ends")
    func unread() throws {
        let (channel, unread) = try connected()
        channel.embeddedEventLoop.advanceTime(by: .seconds(100))
        #expect(channel.isActive, "nothing was written, so nothing is unread")
        channel.write(1, promise: nil)
        channel.write(2, promise: nil)
        channel.embeddedEventLoop.advanceTime(by: .seconds(20))
        unread.held[0].succeed()
        channel.embeddedEventLoop.advanceTime(by: .seconds(20))
        #expect(channel.isActive, "something was taken meanwhile")
        channel.embeddedEventLoop.advanceTime(by: .seconds(11))
        #expect(!channel.isActive)
        unread.held[1].succeed()
    }

    @Test("what was taken closes nothing")
    func taken() throws {
        let (channel, unread) = try connected()
        channel.write(1, promise: nil)
        unread.held[0].succeed()
        channel.embeddedEventLoop.advanceTime(by: .seconds(100))
        #expect(channel.isActive)
    }
}
