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

    /// How a call ends that sends nothing, and does not say that it will not; nil if well.
    private static func hold(
        _ method: String,
        of service: String,
        port: Int
    ) async throws -> RPCError? {
        try await RunningDoor.call(method, of: service, port: port) { _ in
            try await Task.sleep(for: .seconds(3))
        }
    }

    @Test("a call without a message takes no place of others, and ends")
    func noMessage() async throws {
        try await RunningDoor.run {
            $0.limits.callsMax = 1
            $0.limits.watchesMax = 1
            $0.limits.bodySecondsMax = 1
            $0.limits.questionSecondsMax = 1
        } provider: { _ in
            Response(status: .notFound)
        } _: { port, _ in
            try await withThrowingTaskGroup(of: RPCError?.self) { group in
                for method in ["Call", "StreamCall"] {
                    group.addTask {
                        try await Self.hold(method, of: ProviderService.name, port: port)
                    }
                }
                group.addTask {
                    try await Self.hold(
                        "ServerReflectionInfo",
                        of: ReflectionService.name,
                        port: port
                    )
                }
                try await Task.sleep(for: .milliseconds(300))
                for (method, service) in [
                    ("Offers", ProviderService.name), ("List", HealthService.name),
                ] {
                    let error = try await RunningDoor.call(method, of: service, port: port) {
                        try await $0.write([])
                    }
                    #expect(error == nil, "\(method)")
                }
                for try await error in group {
                    #expect(error?.code == .deadlineExceeded)
                    #expect(error?.metadata.trailer("stoa-reason") == "message_late")
                    #expect(error?.metadata.trailer("stoa-money-moved") == "false")
                }
            }
        }
    }

    @Test("GRPC-10: no message, and two, are refused with a reason")
    func wrongCounts() async throws {
        try await RunningDoor.run { _ in
        } provider: { _ in
            Response(status: .notFound)
        } _: { port, _ in
            for count in [0, 2] {
                let error = try await RunningDoor.call(
                    "Call",
                    of: ProviderService.name,
                    port: port
                ) { writer in
                    for _ in 0..<count { try await writer.write([]) }
                }
                #expect(error?.code == .invalidArgument)
                #expect(error?.metadata.trailer("stoa-reason") == "malformed_message")
                #expect(error?.metadata.trailer("stoa-money-moved") == "false")
            }
        }
    }
}
