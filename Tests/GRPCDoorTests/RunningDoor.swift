import AsyncHTTPClient
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle

@testable import GRPCDoor

/// A door before a provider of a test's own, both in this process.
enum RunningDoor {
    /// Bytes as they are.
    struct Raw: MessageSerializer, MessageDeserializer {
        func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes {
            Bytes(message)
        }

        func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> [UInt8] {
            bytes.withUnsafeBytes { Array($0) }
        }
    }

    /// Tells the door to stop.
    typealias Stop = @Sendable () async -> Void

    /// Runs a door until `use` returns, which gets its port and how it is told to stop.
    ///
    /// - Parameter answer: answers what the provider is asked at any path of a paid call.
    static func run(
        _ change: (inout GRPCDoorConfiguration) -> Void = { _ in },
        provider answer: @Sendable @escaping (Request) async throws -> Response,
        _ use: @Sendable (Int, @escaping Stop) async throws -> Void
    ) async throws {
        let (ports, portNews) = AsyncStream.makeStream(of: Int.self)
        let logger = Logger(label: "test")
        let router = Router()
        router.get("/stoa/v1/health") { _, _ in "{}" }
        router.get("/stoa/v1/offers") { _, _ in #"{"data":[]}"# }
        router.post("/v1/**") { request, _ in try await answer(request) }
        let provider = ServiceGroup(
            services: [
                Application(
                    router: router,
                    configuration: .init(address: .hostname("127.0.0.1", port: 0)),
                    onServerRunning: { portNews.yield($0.localAddress?.port ?? 0) }
                )
            ],
            logger: logger
        )
        var configuration = GRPCDoorConfiguration()
        change(&configuration)
        configuration.port = 0
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await provider.run() }
            var found = ports.makeAsyncIterator()
            configuration.provider = "http://127.0.0.1:\(await found.next() ?? 0)"
            let client = HTTPClient(configuration: GRPCDoorService.client(configuration))
            let service = GRPCDoorService(
                configuration: configuration,
                client: client,
                logger: logger,
                onListening: { portNews.yield($0) }
            )
            let door = ServiceGroup(services: [service], logger: logger)
            group.addTask { try await door.run() }
            let port = await found.next() ?? 0
            let outcome: Result<Void, any Error>
            do {
                outcome = .success(try await use(port) { await door.triggerGracefulShutdown() })
            } catch {
                outcome = .failure(error)
            }
            await door.triggerGracefulShutdown()
            await provider.triggerGracefulShutdown()
            try await group.waitForAll()
            try await client.shutdown()
            try outcome.get()
        }
    }

    /// Calls a method with what `send` writes, and returns the error that it ends with, if any.
    static func call(
        _ method: String,
        of service: String,
        port: Int,
        options: CallOptions = .defaults,
        _ send: @Sendable @escaping (RPCWriter<[UInt8]>) async throws -> Void
    ) async throws -> RPCError? {
        let transport = try HTTP2ClientTransport.Posix(
            target: .ipv4(address: "127.0.0.1", port: port),
            transportSecurity: .plaintext
        )
        return try await withGRPCClient(transport: transport) { client in
            try await client.bidirectionalStreaming(
                request: StreamingClientRequest(producer: send),
                descriptor: MethodDescriptor(fullyQualifiedService: service, method: method),
                serializer: Raw(),
                deserializer: Raw(),
                options: options
            ) { response in
                do {
                    for try await _ in response.messages {}
                    return nil
                } catch {
                    return error as? RPCError
                }
            }
        }
    }
}
