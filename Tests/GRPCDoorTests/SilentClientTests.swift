import GRPCCore
import Hummingbird
import NIOCore
import NIOPosix
import Testing

@testable import GRPCDoor

@Suite("GRPC-20: clients that connect and say nothing", .timeLimit(.minutes(1)))
struct SilentClientTests {
    /// Opens a connection, sends `bytes`, and returns once the door has closed it.
    private static func connect(to port: Int, sending bytes: [UInt8]) async throws {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port).get()
        if !bytes.isEmpty { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }
        try await channel.closeFuture.get()
    }

    @Test("they are closed, and their places are free")
    func closed() async throws {
        try await RunningDoor.run {
            $0.limits.connectionsMax = 2
            $0.limits.greetingSecondsMax = 1
        } provider: { _ in
            Response(status: .notFound)
        } _: { port, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                let beginning = Array("PRI * HTTP/2.0\r\n".utf8)
                group.addTask { try await Self.connect(to: port, sending: []) }
                group.addTask { try await Self.connect(to: port, sending: beginning) }
                try await group.waitForAll()
            }
            let error = try await RunningDoor.call("List", of: HealthService.name, port: port) {
                try await $0.write([])
            }
            #expect(error == nil)
        }
    }
}
