public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle
import Synchronization

/// Serves the socket form of ABCI 2.0 to a CometBFT 0.38 engine (docs/spec/abci.md).
///
/// The engine opens four connections and says on none what it is for; each is served in order,
/// and all at once. There is no authentication in this protocol: whoever can connect can drive
/// the ledger, so the default is loopback.
public struct ABCIServer: Service {
    /// Where to listen, and what a connection may ask for.
    public struct Configuration: Sendable {
        /// Where the engine finds the application.
        public var address = ListenAddress.tcp(host: "127.0.0.1", port: 26658)
        /// The most connections at once; an engine has four, and four more while it restarts.
        public var connectionsMax = 16
        /// The longest frame in bytes once an engine has introduced itself.
        public var frameBytesMax = 64 << 20
        /// The longest frame in bytes before that.
        public var introductionBytesMax = 8 << 20

        /// Creates the standard configuration.
        public init() {}
    }

    private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    private let application: any EngineApplication
    private let configuration: Configuration
    private let logger: Logger
    private let onListening: @Sendable (Int) async -> Void

    /// Creates a server for an application.
    ///
    /// `onListening` is told the port, 0 for a Unix socket, once the engine can connect.
    public init(
        application: any EngineApplication,
        configuration: Configuration,
        logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.application = application
        self.configuration = configuration
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until the service is told to stop; a call that is under way is finished.
    ///
    /// - Throws: what binding the address throws, or accepting connections.
    public func run() async throws {
        let server = try await bind()
        let port = server.channel.localAddress?.port ?? 0
        logger.info("waiting for the engine", metadata: ["address": "\(configuration.address)"])
        await onListening(port)
        do {
            try await cancelWhenGracefulShutdown { try await accept(from: server) }
        } catch is CancellationError {}
    }

    private func bind() async throws -> NIOAsyncChannel<Connection, Never> {
        let bootstrap = ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.backlog, value: Int32(clamping: configuration.connectionsMax))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        let accepted = { @Sendable (channel: any Channel) in
            channel.eventLoop.makeCompletedFuture {
                try Connection(wrappingChannelSynchronously: channel)
            }
        }
        switch configuration.address {
        case .tcp(let host, let port):
            return try await bootstrap.bind(
                host: host,
                port: port,
                childChannelInitializer: accepted
            )
        case .unix(let path):
            return try await bootstrap.bind(
                unixDomainSocketPath: path,
                cleanupExistingSocketFile: true,
                childChannelInitializer: accepted
            )
        }
    }

    private func accept(from server: NIOAsyncChannel<Connection, Never>) async throws {
        let visitors = Visitors(configuration: configuration)
        try await server.executeThenClose { connections in
            try await withThrowingDiscardingTaskGroup { group in
                for try await connection in connections {
                    guard let number = visitors.enter() else {
                        logger.warning("too many connections")
                        group.addTask { try? await connection.executeThenClose { _, _ in } }
                        continue
                    }
                    group.addTask(executorPreference: LaneExecutor(number)) {
                        await serve(connection, number, visitors)
                        application.closed(number)
                        visitors.leave()
                    }
                }
            }
        }
    }

    private func serve(
        _ connection: Connection,
        _ number: ConnectionNumber,
        _ visitors: Visitors
    ) async {
        var talk = ConnectionTalk(application: application, connection: number)
        do {
            try await connection.executeThenClose { inbound, outbound in
                for try await piece in inbound {
                    talk.receive(piece.readableBytesView)
                    while let bytes = talk.answers(bytesMax: { visitors.frameBytesMax }) {
                        if talk.hasIntroduced { visitors.introduce() }
                        try await outbound.write(ByteBuffer(bytes: bytes))
                    }
                    if talk.isOver { return }
                }
            }
        } catch {
            logger.debug("a connection broke", metadata: ["error": "\(error)"])
        }
        log(talk, number)
    }

    private func log(_ talk: ConnectionTalk, _ number: ConnectionNumber) {
        var details: Logger.Metadata = [
            "connection": "\(number.rawValue)", "request": "\(talk.lastRequest)",
        ]
        if let failure = talk.failure {
            details["error"] = "\(failure)"
            logger.critical("the engine cannot go on and will end", metadata: details)
        } else if talk.isTorn {
            logger.warning("a connection ended inside a frame", metadata: details)
        }
    }
}

/// Who is connected, and whether an engine has introduced itself.
private final class Visitors: Sendable {
    private struct State {
        var present = 0
        var number: UInt64 = 0
        var isIntroduced = false
    }

    private let configuration: ABCIServer.Configuration
    private let state = Mutex(State())

    init(configuration: ABCIServer.Configuration) {
        self.configuration = configuration
    }

    var frameBytesMax: Int {
        state.withLock(\.isIntroduced)
            ? configuration.frameBytesMax : configuration.introductionBytesMax
    }

    func enter() -> ConnectionNumber? {
        state.withLock { state in
            guard state.present < configuration.connectionsMax else { return nil }
            state.present += 1
            state.number += 1
            return ConnectionNumber(state.number)
        }
    }

    func leave() { state.withLock { $0.present -= 1 } }
    func introduce() { state.withLock { $0.isIntroduced = true } }
}
