public import AsyncHTTPClient
public import HTTPServing
import Hummingbird
public import Identity
import Journal
public import LedgerClient
import LedgerCore
public import Logging
public import MarketTypes
import NIOCore
public import ServiceLifecycle
import SettlementCore
public import Telemetry

/// The buyer's door: an OpenAI-compatible server that buys every answer with vouchers.
///
/// It holds the buyer's keys and trusts no seller: each receipt is checked before its answer ends,
/// and a seller whose receipt is wrong is paid nothing more. What was promised and received is in
/// its journal before anything follows from it, so it can be killed at any moment (promise P4).
public final class GatewayService: Service {
    private let configuration: GatewayConfiguration
    private let account: AccountSession
    private let voucherKey: SigningKey
    private let ledger: any LedgerConnection
    private let httpClient: HTTPClient
    private let logger: Logger
    private let metrics: GatewayMetrics
    private let now: @Sendable () -> Timestamp
    private let socket: ListeningSocket
    private let onListening: @Sendable (_ port: Int) -> Void

    /// Creates a gateway; nothing is opened before ``run()``.
    ///
    /// - Parameters:
    ///   - configuration: must pass ``GatewayConfiguration/validate()``.
    ///   - account: the payer, whose money is locked in channels.
    ///   - voucherKey: the key that signs vouchers; keep it, since channels are bound to it.
    ///   - ledger: shows offers and channels.
    ///   - httpClient: reaches the sellers; made with ``clientConfiguration(for:)``.
    ///   - logger: is told what somebody should look at; nothing for each call.
    ///   - telemetry: is told what the operator sees.
    ///   - now: the wall clock; vouchers and offers end by it.
    ///   - socket: where it listens, if not at the address of the configuration.
    ///   - onListening: is told the port once calls are accepted.
    public init(
        configuration: GatewayConfiguration,
        account: AccountSession,
        voucherKey: SigningKey,
        ledger: any LedgerConnection,
        httpClient: HTTPClient,
        logger: Logger,
        telemetry: ServiceTelemetry = .off("gateway"),
        now: @escaping @Sendable () -> Timestamp,
        socket: ListeningSocket? = nil,
        onListening: @escaping @Sendable (_ port: Int) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.account = account
        self.voucherKey = voucherKey
        self.ledger = ledger
        self.httpClient = httpClient
        self.logger = logger
        metrics = GatewayMetrics(telemetry)
        self.now = now
        self.socket =
            socket ?? .address(host: configuration.host, port: configuration.port)
        self.onListening = onListening
    }

    /// Replays the journal, reads the ledger, looks up what was open, and serves until shutdown.
    ///
    /// Calls under way are finished first, within their own time limits.
    ///
    /// - Throws: ``GatewayError`` if it cannot start, or what the server throws.
    public func run() async throws {
        let open = try await GatewayAssembly(
            configuration: configuration,
            account: account,
            voucherKey: voucherKey,
            ledger: ledger,
            httpClient: httpClient,
            logger: logger,
            metrics: metrics,
            now: now
        ).open()
        defer { open.journal.close() }
        metrics.watch(open.parts)
        try await server(open).run()
    }

    /// Asks the ledger to close every open channel of this payer, whether or not the gateway runs.
    ///
    /// The rest of each deposit can be withdrawn once the closing delay has passed; until then the
    /// sellers may claim what they earned.
    ///
    /// - Returns: the channels that are closing now.
    /// - Throws: `LedgerClientError`.
    @discardableResult
    public func closeChannels() async throws(LedgerClientError) -> [ChannelID] {
        let channels = try await ledger.channels(ofPayer: account.account, limit: 4096)
        let open = channels.filter { $0.channel.status == .open }.map(\.id)
        var rest = open[...]
        while !rest.isEmpty {
            let batch = rest.prefix(Transaction.messagesMax)
            try await account.execute(batch.map { .closeChannel($0) })
            rest = rest.dropFirst(batch.count)
        }
        return open
    }

    /// How the HTTP client that reaches the sellers should be set up.
    ///
    /// It reaches sellers and nothing else: a ledger's node may be on this machine. As many
    /// connections to one seller as there may be calls, no redirects (a voucher is for the
    /// seller's own endpoint), and no unpacking, because the receipt is about the bytes as sent.
    public static func clientConfiguration(
        for configuration: GatewayConfiguration
    ) -> HTTPClient.Configuration {
        var client = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: HTTPClient.Configuration.Timeout(
                connect: .milliseconds(Int64(configuration.connectTimeoutMilliseconds))
            ),
            decompression: .disabled
        )
        client.httpVersion = .http1Only
        client.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit =
            configuration.concurrentCallsMax
        // A seller that refuses connections is down now: the next one is asked.
        client.connectionPool.retryConnectionEstablishment = false
        if !configuration.sellers.allowPrivateEndpoints {
            client.http1_1ConnectionDebugInitializer = { PublicPeer.check($0) }
        }
        return client
    }

    /// The server stops first, then the services that its calls lean on.
    private func server(_ open: OpenGateway) -> some Service {
        let presence = open.parts.presence
        return HTTPDoor(
            responder: ObservedResponder(
                GatewayResponder(parts: open.parts),
                telemetry: metrics.telemetry
            ) { GatewayRoutes.template($0.uri.path) },
            connections: HTTPConnections(
                handlers: [ClientPresenceHandler(presence)],
                idleTimeout: .seconds(75)
            ),
            socket: socket,
            limits: ConnectionLimits(connectionsMax: connectionsMax),
            services: open.services,
            eventLoopGroup: httpClient.eventLoopGroup,
            logger: logger,
            onListening: { [onListening] in onListening($0) }
        )
    }

    /// Every call under way or waiting, and as many idle connections again.
    private var connectionsMax: Int {
        2 * (configuration.concurrentCallsMax + configuration.queuedCallsMax) + 16
    }
}
