import AsyncHTTPClient
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Hummingbird
import Logging
import NIOCore
import NIOPosix
import ProtobufWire
import ServiceLifecycle
import Testing

@testable import GRPCDoor

@Suite("GRPC-13: a client that does not read what it pays for")
struct UnreadStreamTests {
    /// Bytes as they are.
    private struct Raw: MessageSerializer, MessageDeserializer {
        func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes {
            Bytes(message)
        }

        func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> [UInt8] {
            bytes.withUnsafeBytes { Array($0) }
        }
    }

    /// A provider whose answer never ends, and that tells when its connection does.
    private static func provider(
        _ ports: AsyncStream<Int>.Continuation,
        _ endings: AsyncStream<Void>.Continuation
    ) -> some Service {
        let router = Router()
        router.post("/v1/chat/completions") { _, _ in
            Response(
                status: .ok,
                headers: [.contentType: "text/event-stream"],
                body: ResponseBody { writer in
                    let event = "data: " + String(repeating: "x", count: 16_000) + "\n\n"
                    defer { endings.yield() }
                    while true { try await writer.write(ByteBuffer(string: event)) }
                }
            )
        }
        return Application(
            router: router,
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { ports.yield($0.localAddress?.port ?? 0) }
        )
    }

    @Test(
        "it loses its stream, and the provider behind the door is let go",
        .timeLimit(.minutes(1))
    )
    func cutOff() async throws {
        let logger = Logger(label: "test")
        let (ports, portNews) = AsyncStream.makeStream(of: Int.self)
        let (endings, endingNews) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            let provider = ServiceGroup(
                services: [Self.provider(portNews, endingNews)],
                logger: logger
            )
            group.addTask { try await provider.run() }
            var found = ports.makeAsyncIterator()
            var configuration = GRPCDoorConfiguration()
            configuration.port = 0
            configuration.provider = "http://127.0.0.1:\(await found.next() ?? 0)"
            configuration.limits.unreadSecondsMax = 1
            let client = HTTPClient(configuration: GRPCDoorService.client(configuration))
            let door = ServiceGroup(
                services: [
                    GRPCDoorService(
                        configuration: configuration,
                        client: client,
                        logger: logger,
                        onListening: { portNews.yield($0) }
                    )
                ],
                logger: logger
            )
            group.addTask { try await door.run() }
            let port = await found.next() ?? 0
            try await Self.callWithoutReading(port: port) {
                var ended = endings.makeAsyncIterator()
                await ended.next()
            }
            await door.triggerGracefulShutdown()
            await provider.triggerGracefulShutdown()
            try await group.waitForAll()
            try await client.shutdown()
        }
    }

    /// Makes a paid call, and takes nothing of its answer until `ended` returns.
    private static func callWithoutReading(
        port: Int,
        until ended: @Sendable @escaping () async -> Void
    ) async throws {
        var request = ProtobufWriter()
        request.write(UInt64(1), field: 1)
        request.write(Array("{}".utf8), field: 2)
        request.write([1, 2, 3], field: 3)
        let message = request.bytes
        let transport = try HTTP2ClientTransport.Posix(
            target: .ipv4(address: "127.0.0.1", port: port),
            transportSecurity: .plaintext
        )
        try await withGRPCClient(transport: transport) { client in
            try await client.serverStreaming(
                request: ClientRequest(message: message),
                descriptor: MethodDescriptor(
                    fullyQualifiedService: ProviderService.name,
                    method: "StreamCall"
                ),
                serializer: Raw(),
                deserializer: Raw(),
                options: .defaults
            ) { response in
                var parts = response.messages.makeAsyncIterator()
                _ = try await parts.next()
                await ended()
            }
        }
    }
}
