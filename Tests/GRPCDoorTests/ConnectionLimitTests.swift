import NIOCore
import NIOEmbedded
import Testing

@testable import GRPCDoor

@Suite("GRPC-13: connections, and clients that do not read")
struct ConnectionLimitTests {
    private func channel(from address: String) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        try channel.connect(to: try SocketAddress(ipAddress: address, port: 1)).wait()
        return channel
    }

    @Test("a connection too many is closed; one that ends makes room")
    func count() throws {
        let count = ConnectionCount(connectionsMax: 1, perAddressMax: 1)
        let channels = try (0..<3).map { _ in try channel(from: "127.0.0.1") }
        #expect(count.admit(channels[0]) && !count.admit(channels[1]))
        #expect(channels[0].isActive && !channels[1].isActive)
        _ = try channels[0].finish()
        channels[0].embeddedEventLoop.run()
        #expect(count.admit(channels[2]) && channels[2].isActive)
    }

    @Test("an address, or a network of IPv6, has a number of its own; this machine has none")
    func perAddress() throws {
        let count = ConnectionCount(connectionsMax: 100, perAddressMax: 2)
        let one = try ["192.0.2.1", "192.0.2.1", "192.0.2.1"].map { try channel(from: $0) }
        #expect(one.map { count.admit($0) } == [true, true, false])
        #expect(count.admit(try channel(from: "::ffff:192.0.2.1")) == false)
        #expect(count.admit(try channel(from: "192.0.2.2")))
        let six = try ["2001:db8::1", "2001:db8::ffff", "2001:db8::2", "2001:db8:0:1::1"]
            .map { try channel(from: $0) }
        #expect(six.map { count.admit($0) } == [true, true, false, true])
        for address in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
            for _ in 0..<3 { #expect(count.admit(try channel(from: address))) }
        }
        _ = try one[0].finish()
        one[0].embeddedEventLoop.run()
        #expect(count.admit(try channel(from: "192.0.2.1")))
        for channel in six { _ = try? channel.finish() }
        for channel in six { channel.embeddedEventLoop.run() }
        #expect(count.addressCount == 2, "what nobody uses is not kept")
    }

    @Test("the transport's names of addresses are read")
    func descriptions() {
        let four = PeerAddress(description: "ipv4:192.0.2.1:50000")
        #expect(four != nil && four == PeerAddress(ipAddress: "192.0.2.1"))
        let six = PeerAddress(description: "ipv6:[2001:db8::1]:50000")
        #expect(six != nil && six == PeerAddress(ipAddress: "2001:db8::2"))
        for text in ["ipv4:127.0.0.1:1", "ipv6:[::1]:1", "unix:/tmp/socket", "<unknown>", "", ":"] {
            #expect(PeerAddress(description: text) == nil)
        }
    }

    private func guarded() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        try SilenceGuard.add(
            to: channel,
            SilenceGuard.Patience(greeting: .seconds(10), silence: .seconds(130), idle: .hours(1))
        )
        try channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    @Test("a client that does not begin to speak is closed")
    func noGreeting() throws {
        for bytes in [0, 32] {
            let channel = try guarded()
            channel.embeddedEventLoop.advanceTime(by: .seconds(9))
            try channel.writeInbound(ByteBuffer(repeating: 7, count: bytes))
            #expect(channel.isActive)
            channel.embeddedEventLoop.advanceTime(by: .seconds(2))
            #expect(!channel.isActive)
        }
    }

    @Test("a client that falls silent is closed; one that answers is not, until it is idle")
    func silence() throws {
        let channel = try guarded()
        let silent = try guarded()
        for channel in [channel, silent] {
            try channel.writeInbound(ByteBuffer(repeating: 7, count: 33))
        }
        for _ in 0..<59 {
            channel.embeddedEventLoop.advanceTime(by: .seconds(60))
            try channel.writeInbound(ByteBuffer(repeating: 7, count: 17))
            #expect(channel.isActive)
        }
        silent.embeddedEventLoop.advanceTime(by: .seconds(129))
        #expect(silent.isActive)
        silent.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!silent.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(61))
        #expect(!channel.isActive, "it had no call for an hour")
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

    @Test("who opens its window for a large write gets longer, and not for ever")
    func slowReader() throws {
        let (channel, unread) = try connected()
        channel.write(1, promise: nil)
        for _ in 0..<13 {
            channel.embeddedEventLoop.advanceTime(by: .seconds(20))
            try channel.writeInbound(0)
        }
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(20))
        #expect(channel.isActive)
        for _ in 0..<2 where channel.isActive {
            try channel.writeInbound(0)
            channel.embeddedEventLoop.advanceTime(by: .seconds(20))
        }
        #expect(!channel.isActive)
        unread.held[0].succeed()
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
