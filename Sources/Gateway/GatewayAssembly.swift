import AsyncHTTPClient
import HTTPServing
import Identity
import Journal
import LedgerClient
import LedgerCore
import Logging
import MarketTypes
import ServiceLifecycle
import SettlementCore

/// A gateway put together: its journal is replayed and the ledger is read, but nothing runs yet.
struct OpenGateway {
    let parts: GatewayParts
    let journal: Journal
    /// What must run while calls are answered; stopped last first.
    let services: [any Service]
}

/// Puts a gateway together from what whoever runs it chose.
struct GatewayAssembly {
    let configuration: GatewayConfiguration
    let account: AccountSession
    let voucherKey: SigningKey
    let ledger: any LedgerConnection
    let httpClient: HTTPClient
    let logger: Logger
    var metrics = GatewayMetrics.off
    let now: @Sendable () -> Timestamp
    var presence = ClientPresence()
    /// Hears how vouchers ended.
    var endings: (any CallEndings)?
    /// From which block on the ledger is followed; nil from its latest.
    var startsAt: BlockHeight?
    /// Hears when somebody may act for the account from now on, or may no more.
    var onAuthorityChange: (@Sendable () -> Void)?

    /// Replays the journal, reads the ledger, and takes up what was open.
    ///
    /// - Throws: ``GatewayError``, or what the endings throw.
    func open() async throws -> OpenGateway {
        let faults = configuration.validate()
        guard faults.isEmpty else { throw GatewayError.invalidConfiguration(faults) }
        let status: LedgerStatus
        do {
            status = try await ledger.status()
        } catch {
            throw GatewayError.ledger(error)
        }
        let recent = RecentReceipts(countMax: configuration.recentReceiptsMax)
        let (replay, journal) = try GatewayReplay.open(
            configuration,
            of: status.chain,
            limits: walletLimits,
            recent: recent,
            awaited: try await endings?.awaited() ?? []
        )
        let parts = parts(replay, journal, recent, status.chain)
        let watch = LedgerWatch(
            parts: parts,
            from: startsAt ?? status.height,
            onAuthorityChange: onAuthorityChange
        )
        do throws(LedgerClientError) {
            try await watch.load()
        } catch {
            journal.close()
            throw GatewayError.ledger(error)
        }
        for (voucher, charge) in replay.ended { await endings?.ended(voucher, charge: charge) }
        let bought = recent.newest(.max).reversed().map { BoughtCall($0) }
        if !bought.isEmpty { await endings?.made(bought, of: account.account) }
        for engagement in replay.engagements {
            parts.chores.add(Chore(subject: .lookUp(engagement.name), engagement: engagement))
        }
        return OpenGateway(
            parts: parts,
            journal: journal,
            services: [ChoreRunner(parts: parts), watch, JournalGuard(book: parts.book)]
        )
    }

    private var walletLimits: WalletLimits {
        let lanes = max(1, Int(configuration.lanesPerChannel))
        return WalletLimits(
            units: GatewayUnits(configuration).limits,
            channelsPerSellerMax: (configuration.concurrentCallsMax + lanes - 1) / lanes
        )
    }

    private func parts(
        _ replay: GatewayReplay,
        _ journal: Journal,
        _ recent: RecentReceipts,
        _ chain: ChainID
    ) -> GatewayParts {
        let wallet = Wallet(
            replay.wallet,
            waitersMax: configuration.concurrentCallsMax + configuration.queuedCallsMax
        )
        let book = CallBook(
            wallet: wallet,
            journal: journal,
            recent: recent,
            storedOffers: Set(replay.offers.keys),
            endings: endings,
            payer: account.account,
            logger: logger,
            metrics: metrics,
            now: now
        )
        let funder = ChannelFunder(
            account: account,
            ledger: ledger,
            book: book,
            voucherKey: voucherKey.publicKey,
            chain: chain,
            lanes: configuration.lanesPerChannel,
            logger: logger
        )
        return GatewayParts(
            configuration: configuration,
            account: account,
            ledger: ledger,
            chain: chain,
            voucherKey: voucherKey,
            client: httpClient,
            logger: logger,
            now: now,
            wallet: wallet,
            book: book,
            funder: funder,
            board: OfferBoard(),
            passes: PassShelf(plansMax: configuration.offersMax),
            health: SellerHealthTable(
                limits: configuration.health,
                sellersMax: configuration.sellers.sellersMax
            ),
            gate: CallGate(
                callsMax: configuration.concurrentCallsMax,
                waitersMax: configuration.queuedCallsMax
            ),
            chores: ChoreList(on: httpClient.eventLoopGroup),
            presence: presence,
            units: GatewayUnits(configuration),
            metrics: metrics
        )
    }
}
