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

/// The seller's daemon: serves paid calls from upstream models, and gets the seller paid.
///
/// It trusts nobody: a call is worked on once its voucher is durable, and answered once its
/// receipt is; the ledger is only asked to be paid, and about channels.
public final class ProviderService: Service {
    private let configuration: ProviderConfiguration
    private let receiptKey: SigningKey
    private let account: AccountSession
    private let ledger: any LedgerConnection
    private let httpClient: HTTPClient
    private let logger: Logger
    private let metrics: ProviderMetrics
    private let now: @Sendable () -> Timestamp
    private let socket: ListeningSocket
    private let uptimeNanoseconds: @Sendable () -> UInt64
    private let onListening: @Sendable (_ port: Int) -> Void

    /// Creates a provider; nothing is opened before ``run()``.
    ///
    /// - Parameters:
    ///   - receiptKey: signs receipts; the offers must name it, and it is no account's key.
    ///   - account: the payee, who published the offers and is paid.
    ///   - httpClient: reaches the upstreams; it should follow no redirects, not try again to
    ///     connect, and allow as many connections to one host as there may be calls at once.
    ///   - telemetry: is told what the operator sees.
    ///   - now: the wall clock; vouchers and offers end by it.
    ///   - socket: where it listens, if not at the address of the configuration.
    ///   - uptimeNanoseconds: a clock that only goes forward: seconds that are sold, and the age of
    ///     what the ledger said, are counted by it; else the system's.
    ///   - onListening: is told the port once calls are accepted.
    public init(
        configuration: ProviderConfiguration,
        receiptKey: SigningKey,
        account: AccountSession,
        ledger: any LedgerConnection,
        httpClient: HTTPClient,
        logger: Logger,
        telemetry: ServiceTelemetry = .off("provider"),
        now: @escaping @Sendable () -> Timestamp,
        socket: ListeningSocket? = nil,
        uptimeNanoseconds: @escaping @Sendable () -> UInt64 = ProviderService.systemUptime,
        onListening: @escaping @Sendable (_ port: Int) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.receiptKey = receiptKey
        self.account = account
        self.ledger = ledger
        self.httpClient = httpClient
        self.logger = logger
        metrics = ProviderMetrics(telemetry)
        self.now = now
        self.socket =
            socket ?? .address(host: configuration.host, port: configuration.port)
        self.uptimeNanoseconds = uptimeNanoseconds
        self.onListening = onListening
    }

    /// The system's clock that only goes forward, in nanoseconds.
    public static let systemUptime: @Sendable () -> UInt64 = {
        NIODeadline.now().uptimeNanoseconds
    }

    /// Serves until shutdown: replays the journal, ends what was open, reads the ledger, and
    /// answers calls. A shutdown lets calls under way finish, claims what is owed, and ends.
    ///
    /// - Throws: ``ProviderError`` if it cannot start or its journal fails, or what the server
    ///   throws.
    public func run() async throws {
        let faults = configuration.faults
        guard faults.isEmpty else { throw ProviderError.invalidConfiguration(faults) }
        let (status, configured) = try await readLedger()
        let (services, plans) = try await readPlans(configured)
        let replayed = try BookReplay.open(configuration, of: status.chain)
        defer { replayed.journal.close() }
        let desk = VoucherDesk(replayed, metrics: metrics)
        try await prepare(desk, replayed.book, services)
        let heights = LedgerHeight(status.height)
        let parts = assemble(desk, services, status.chain, heights)
        for (id, plan) in plans { parts.passes.add(id, plan.terms) }
        metrics.watch(parts, ledger, heights)
        await UpstreamCheck(eventLoopGroup: httpClient.eventLoopGroup, logger: logger)
            .run(Set(configured.map(\.upstream.url)))
        try await withGracefulShutdownHandler {
            try await server(parts, heights).run()
        } onGracefulShutdown: { [configuration, httpClient] in
            let limit = Int64(configuration.claims.shutdownTimeoutSeconds)
            httpClient.eventLoopGroup.any().scheduleTask(in: .seconds(limit)) {
                parts.presence.stopAll()
            }
        }
    }

    private func readLedger() async throws(ProviderError) -> (LedgerStatus, [SoldService]) {
        let status: LedgerStatus
        do throws(LedgerClientError) {
            status = try await ledger.status()
        } catch {
            throw .ledger(error)
        }
        var services: [SoldService] = []
        var first: ProviderError?
        for index in configuration.services.indices {
            do throws(ProviderError) {
                services.append(try await service(index, status.chain))
            } catch .ledger(let error) {
                throw .ledger(error)
            } catch {
                // One that cannot be served keeps nobody from the others.
                let service = configuration.services[index]
                logger.warning(
                    "a service cannot be served and is left out",
                    metadata: [
                        "service": "services[\(index)]", "model": "\(service.upstream.model)",
                        "offer": "\(service.offer)", "reason": "\(error.message)",
                    ]
                )
                first = first ?? error
            }
        }
        if let first, services.isEmpty { throw first }
        return (status, services)
    }

    private func service(
        _ index: Int,
        _ chain: ChainID
    ) async throws(ProviderError) -> SoldService {
        let service = configuration.services[index]
        let faults = configuration.faults(ofService: index)
        guard faults.isEmpty, let digest = Digest(hex: service.offer) else {
            throw .invalidConfiguration(faults)
        }
        if let named = service.chain, Digest(hex: named) != chain.digest {
            throw .unusableOffer(
                OfferID(digest),
                "it is on the chain \(named), and the ledger serves \(chain.digest)"
            )
        }
        return try SoldService(
            try await offer(OfferID(digest)),
            service,
            seller: account.account,
            receiptKey: receiptKey.publicKey,
            limits: configuration
        )
    }

    private var planReader: PlanReader {
        PlanReader(
            ledger: ledger,
            seller: account.account,
            receiptKey: receiptKey.publicKey,
            logger: logger
        )
    }

    /// The seller's plans, and all services with those that plans need.
    private func readPlans(
        _ configured: [SoldService]
    ) async throws(ProviderError) -> ([SoldService], [(id: PlanID, plan: Plan)]) {
        var services = configured
        do throws(LedgerClientError) {
            let plans = try await planReader.plans(for: configured)
            for (_, plan) in plans {
                let service = try await planReader.service(for: plan, like: services)
                if let service { services.append(service) }
            }
            return (services, plans)
        } catch {
            throw .ledger(error)
        }
    }

    private func offer(_ id: OfferID) async throws(ProviderError) -> Offer {
        let record: OfferRecord?
        do throws(LedgerClientError) {
            record = try await ledger.offer(id)
        } catch {
            throw .ledger(error)
        }
        guard let record else { throw .unusableOffer(id, "it is not on the ledger") }
        if record.standing != .current || record.offer.expiresAt < now() {
            // One that its seller replaced is served on for who chose it a moment ago.
            logger.log(
                level: record.standing == .superseded ? .info : .warning,
                "an offer is past: buyers will not choose it",
                metadata: [
                    "offer": "\(id.digest)", "standing": "\(record.standing.name)",
                    "expires": "\(record.offer.expiresAt.milliseconds)",
                ]
            )
        }
        return record.offer
    }

    /// Writes down the offers, and ends the calls that were open (CALL-10).
    private func prepare(
        _ desk: VoucherDesk,
        _ book: ChannelBook,
        _ services: [SoldService]
    ) async throws(ProviderError) {
        do {
            let news = services.map(\.offer).filter { book.offers[$0.id] == nil }
            let receipts = try BookReplay.failedReceipts(book, key: receiptKey, now: now())
            for change in news.map(BookChange.offer) + receipts {
                try await desk.writeAtStart([change])
            }
            guard !receipts.isEmpty else { return }
            logger.notice(
                "calls that were open at the last stop have failed receipts now",
                metadata: ["calls": "\(receipts.count)"]
            )
        } catch {
            throw .inconsistentJournal("the open calls cannot be ended: \(error)")
        }
    }
}

extension ProviderService {
    private func assemble(
        _ desk: VoucherDesk,
        _ services: [SoldService],
        _ chain: ChainID,
        _ heights: LedgerHeight
    ) -> ProviderParts {
        let directory = ChannelDirectory(
            chain: chain,
            payee: account.account,
            ledger: ledger,
            desk: desk,
            logger: logger,
            eventLoopGroup: httpClient.eventLoopGroup,
            uptimeNanoseconds: uptimeNanoseconds
        )
        return ProviderParts(
            configuration: configuration,
            receiptKey: receiptKey,
            board: ServiceBoard(services),
            desk: desk,
            directory: directory,
            passes: PassDirectory(ledger: ledger, heights: heights, logger: logger),
            plans: planReader,
            inclusions: InclusionReader(
                desk: desk,
                logger: logger,
                eventLoopGroup: httpClient.eventLoopGroup
            ),
            gate: CallGate(
                callsMax: configuration.concurrentCallsMax,
                waitersMax: configuration.queuedCallsMax
            ),
            claims: ClaimSignal(),
            presence: ClientPresence(),
            client: httpClient,
            logger: logger,
            metrics: metrics,
            now: now,
            uptimeNanoseconds: uptimeNanoseconds
        )
    }

    /// The server stops first, then what its calls lean on, and the journal's desk last.
    private func server(_ parts: ProviderParts, _ heights: LedgerHeight) -> some Service {
        let watch = LedgerWatch(
            parts: parts,
            payee: account.account,
            ledger: ledger,
            heights: heights
        )
        let claims = ClaimRunner(parts: parts, account: account, heights: heights)
        let presence = parts.presence
        return HTTPDoor(
            responder: ObservedResponder(
                ProviderResponder(parts: parts),
                telemetry: metrics.telemetry
            ) { ProviderRoutes.template($0.uri.path) },
            connections: HTTPConnections(
                handlers: [ClientPresenceHandler(presence)],
                idleTimeout: .seconds(75)
            ),
            socket: socket,
            limits: ConnectionLimits(connectionsMax: connectionsMax),
            services: [parts.desk, claims, watch],
            eventLoopGroup: httpClient.eventLoopGroup,
            logger: logger,
            beforeListening: {
                do throws(LedgerClientError) {
                    try await watch.load()
                } catch {
                    throw ProviderError.ledger(error)
                }
            },
            onListening: { [onListening] in onListening($0) }
        )
    }

    /// Every call under way or waiting, and as many idle connections again.
    private var connectionsMax: Int {
        2 * (configuration.concurrentCallsMax + configuration.queuedCallsMax) + 16
    }
}
