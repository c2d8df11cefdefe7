public import AsyncHTTPClient
import GRPCCore
import GRPCNIOTransportHTTP2Posix
public import Logging
import NIOCore
public import ServiceLifecycle

/// A node and a provider over gRPC, each asked by its HTTP interface (docs/spec/grpc.md).
///
/// The door keeps nothing: whoever asks it twice, or two doors, gets the same answer.
public struct GRPCDoorService: Service {
    private let configuration: GRPCDoorConfiguration
    private let client: HTTPClient
    private let logger: Logger
    private let onListening: @Sendable (Int) -> Void

    /// Creates a door.
    ///
    /// - Parameters:
    ///   - client: asks node and provider; see ``client(_:)``.
    ///   - onListening: told the port once the door accepts connections.
    public init(
        configuration: GRPCDoorConfiguration,
        client: HTTPClient,
        logger: Logger,
        onListening: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.client = client
        self.logger = logger
        self.onListening = onListening
    }

    /// How the door asks node and provider: it follows no redirects and waits for no connection.
    public static func client(_ configuration: GRPCDoorConfiguration) -> HTTPClient.Configuration {
        var client = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: HTTPClient.Configuration.Timeout(connect: .seconds(2)),
            decompression: .disabled
        )
        client.httpVersion = .http1Only
        // Blocks that are waited for and probes of health hold connections too.
        client.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit =
            configuration.limits.callsMax + configuration.limits.watchesMax + 8
        client.connectionPool.retryConnectionEstablishment = false
        return client
    }

    /// Serves until the service is told to stop; calls that are open then may end by themselves.
    public func run() async throws {
        let door = DoorState(configuration.limits)
        let parts = try DoorParts(configuration, client, door)
        let transport = HTTP2ServerTransport.Posix(
            address: configuration.address,
            transportSecurity: configuration.security,
            config: configuration.transport
        )
        let server = GRPCServer(transport: transport, services: parts.services)
        await parts.probe.probe()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await parts.probe.run() }
            group.addTask {
                guard let address = try? await transport.listeningAddress else { return }
                onListening(address.ipv4?.port ?? address.ipv6?.port ?? 0)
            }
            group.addTask {
                try await gracefulShutdown()
                logger.info("the door closes")
                door.drain()
                parts.board.close()
                server.beginGracefulShutdown()
                try await Task.sleep(for: .seconds(configuration.limits.drainSecondsMax))
                throw CancellationError()
            }
            defer { group.cancelAll() }
            group.addTask {
                try await server.serve()
                throw ServingEnded()
            }
            do {
                while try await group.next() != nil {}
            } catch is ServingEnded {
                return
            } catch is CancellationError where door.isDraining {
                logger.warning("calls were cut off: they took longer than the door waits")
            }
        }
    }

    /// Says that the server has served all there was.
    private struct ServingEnded: Error {}
}

/// What one run of a door is made of.
struct DoorParts: Sendable {
    let services: [any RegistrableRPCService]
    let board: HealthBoard
    let probe: HealthProbe

    init(
        _ configuration: GRPCDoorConfiguration,
        _ client: HTTPClient,
        _ door: DoorState
    ) throws {
        var services: [any DoorService] = []
        var subjects: [HealthProbe.Subject] = []
        if let url = configuration.node {
            let node = NodeService(
                backend: Backend("node", url: url, client: client),
                limits: configuration.limits,
                door: door
            )
            services.append(node)
            subjects.append(
                .init(service: NodeService.name, backend: node.backend, path: "/stoa/v1/status")
            )
        }
        if let url = configuration.provider {
            let provider = ProviderService(
                backend: Backend("provider", url: url, client: client),
                limits: configuration.limits,
                door: door
            )
            services.append(provider)
            subjects.append(
                .init(
                    service: ProviderService.name,
                    backend: provider.backend,
                    path: "/stoa/v1/health"
                )
            )
        }
        let own = [HealthService.name, ReflectionService.name, ReflectionAlphaService.name]
        let backends = subjects.map(\.service)
        board = HealthBoard(backends: backends, own: own)
        probe = HealthProbe(subjects: subjects, board: board, limits: configuration.limits)
        let answers = ReflectionAnswers(
            index: try .compiled(),
            services: (backends + own).sorted()
        )
        services.append(HealthService(board: board, door: door))
        services.append(ReflectionService(answers: answers, door: door))
        services.append(ReflectionAlphaService(answers: answers, door: door))
        self.services = services
    }
}

extension GRPCDoorConfiguration {
    fileprivate var address: GRPCNIOTransportCore.SocketAddress {
        host.contains(":") ? .ipv6(host: host, port: port) : .ipv4(host: host, port: port)
    }

    /// The transport's numbers.
    fileprivate var transport: HTTP2ServerTransport.Posix.Config {
        .defaults { config in
            config.rpc.maxRequestPayloadSize = limits.messageBytesMax
            config.http2.maxConcurrentStreams = limits.streamsPerConnectionMax
            config.http2.targetWindowSize = 1 << 20
            config.connection.maxIdleTime = .seconds(limits.idleSecondsMax)
            config.connection.maxGraceTime = .seconds(limits.drainSecondsMax)
            // A client that is gone without a farewell answers no question whether it is there:
            // the transport then asks it to leave, and `SilenceGuard` closes its connection.
            config.connection.keepalive.time = .seconds(limits.silentSecondsMax)
            config.connection.keepalive.timeout = .seconds(limits.silentSecondsMax)
            config.connection.keepalive.clientBehavior.minPingIntervalWithoutCalls = .seconds(10)
            let count = ConnectionCount(
                connectionsMax: limits.connectionsMax,
                perAddressMax: limits.connectionsPerAddressMax
            )
            let silence = limits.patience
            config.channelDebuggingCallbacks.onAcceptTCPConnection = { channel in
                channel.eventLoop.makeCompletedFuture {
                    if count.admit(channel) { try SilenceGuard.add(to: channel, silence) }
                }
            }
            let patience = TimeAmount.seconds(limits.unreadSecondsMax)
            config.channelDebuggingCallbacks.onAcceptHTTP2Stream = { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        UnreadGuard(patience: patience),
                        position: .first
                    )
                    SilenceGuard.count(channel)
                }
            }
        }
    }
}
