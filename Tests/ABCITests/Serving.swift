import ABCI
import Logging
import Testing

/// Runs `body` beside a server on a free port.
func serving<Output: Sendable>(
    _ application: any EngineApplication,
    _ change: (inout ABCIServer.Configuration) -> Void = { _ in },
    _ body: (Int) async throws -> Output
) async throws -> Output {
    var configuration = ABCIServer.Configuration()
    configuration.address = .tcp(host: "127.0.0.1", port: 0)
    change(&configuration)
    let (ports, told) = AsyncStream<Int>.makeStream()
    let server = ABCIServer(
        application: application,
        configuration: configuration,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    ) { told.yield($0) }
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next())
        let output = try await body(port)
        group.cancelAll()
        return output
    }
}

/// Runs `body` with an engine that has shaken hands with a ledger.
@discardableResult
func driving<Output: Sendable>(
    _ chain: Chain,
    _ application: any EngineApplication,
    disk: EngineDisk = EngineDisk(),
    _ body: (Engine) async throws -> Output
) async throws -> Output {
    try await serving(application) { port in
        let engine = try await Engine(chain, port: port, disk: disk)
        do {
            try await engine.handshake()
            let output = try await body(engine)
            await engine.close()
            return output
        } catch {
            await engine.close()
            throw error
        }
    }
}
