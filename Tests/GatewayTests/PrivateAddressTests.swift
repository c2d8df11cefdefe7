import AsyncHTTPClient
import LedgerCore
import MarketTypes
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

@testable import Gateway

@Suite("Addresses that an offer may not name")
struct PrivateAddressTests {
    @Test(
        "this machine and private networks, however they are spelled",
        arguments: [
            "http://127.0.0.1:80", "https://127.1/", "http://2130706433/", "http://0x7f000001/",
            "http://0177.0.0.1/", "http://0/", "http://10.0.0.1", "http://172.16.0.1",
            "http://172.31.255.255", "http://192.168.1.1:8080/v1", "http://169.254.169.254/latest",
            "http://100.64.0.1", "http://224.0.0.1", "http://255.255.255.255", "http://[::1]:80",
            "http://[::]", "http://[fe80::1]", "http://[fd00::1]", "http://[::ffff:127.0.0.1]",
            "http://[2002:7f00:1::]", "http://localhost", "http://LOCALHOST.:80",
            "http://printer.local", "http://db.internal", "http://db", "http://user@example.org",
            "http://127.0.0.1\\@example.org", "http://", "ftp//x",
        ]
    )
    func refused(_ endpoint: String) {
        #expect(PrivateAddress.isNamed(by: endpoint))
    }

    @Test(
        "public ones are not among them",
        arguments: [
            "https://example.org", "https://models.example.org:8443/v1", "http://93.184.216.34",
            "http://172.15.0.1", "http://172.32.0.1", "http://[2606:2800:220:1::1]:443/",
            "http://1e100.net",
        ]
    )
    func allowed(_ endpoint: String) {
        #expect(!PrivateAddress.isNamed(by: endpoint))
    }
}

/// A name leads where its owner says: the connection itself is judged (threat model).
@Suite("Connections to private networks", .timeLimit(.minutes(1)))
struct PublicPeerTests {
    /// Reads whatever comes, and counts it.
    private final class Listener: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let bytes = Mutex(0)

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            bytes.withLock { $0 += unwrapInboundIn(data).readableBytes }
        }
    }

    private func post(allowPrivate: Bool) async throws -> (received: Int, didThrow: Bool) {
        let listener = Listener()
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(listener)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        var configuration = GatewayConfiguration()
        configuration.sellers.allowPrivateEndpoints = allowPrivate
        configuration.connectTimeoutMilliseconds = 500
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: GatewayService.clientConfiguration(for: configuration)
        )
        var didThrow = false
        do {
            let port = server.localAddress?.port ?? 0
            let request = try HTTPClient.Request(
                url: "http://localhost:\(port)/v1/call",
                method: .POST,
                body: .string("secret")
            )
            _ = try await client.execute(request: request, deadline: .now() + .seconds(2)).get()
        } catch {
            didThrow = true
        }
        try await client.shutdown()
        try await server.close()
        return (listener.bytes.withLock { $0 }, didThrow)
    }

    @Test("a name that leads to this machine is refused before a byte is sent")
    func refused() async throws {
        let (received, didThrow) = try await post(allowPrivate: false)
        #expect(didThrow && received == 0)
    }

    @Test("a market of one's own may be on this machine")
    func allowed() async throws {
        #expect(try await post(allowPrivate: true).received > 0)
    }

    @Test(
        "numbers are judged by their ranges",
        arguments: [
            ("127.0.0.1", true), ("10.1.2.3", true), ("::1", true), ("::ffff:10.0.0.1", true),
            ("fe80::1", true), ("93.184.216.34", false), ("2606:2800:220:1::1", false),
        ]
    )
    func numbers(_ address: String, isPrivate: Bool) {
        #expect(PrivateAddress.isPrivate(address: address) == isPrivate)
    }
}
