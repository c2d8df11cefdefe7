import Identity
import LedgerClient
import LedgerCore
import Logging
import MarketTypes
import ServiceLifecycle
import SettlementCore
import Synchronization

/// Keeps offers and channels as the ledger shows them: read once, then followed block by block,
/// and read again now and then in case a block was missed.
struct LedgerWatch: Service {
    /// The most channels of one payer that are looked at.
    private static let channelsMax = 4096
    private static let reconnectDelay = Duration.seconds(1)

    let parts: GatewayParts
    /// What was read shows at least this block; the blocks after it are followed.
    private let start: BlockHeight
    private let catalog: OfferCatalog
    private let onAuthorityChange: (@Sendable () -> Void)?

    init(
        parts: GatewayParts,
        from start: BlockHeight,
        onAuthorityChange: (@Sendable () -> Void)? = nil
    ) {
        self.parts = parts
        self.start = start
        self.onAuthorityChange = onAuthorityChange
        catalog = OfferCatalog(
            filter: OfferFilter(
                parts.configuration.sellers,
                denominations: parts.units.all.map(\.denomination)
            ),
            offersMax: parts.configuration.offersMax,
            sellersMax: parts.configuration.sellers.sellersMax
        )
    }

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask { try await follow() }
                group.addTask { try await refreshNowAndThen() }
            }
        }
    }

    /// Reads all channels and offers.
    func load() async throws(LedgerClientError) {
        try await loadPlans()
        try await loadOffers()
        try await takePasses()
        try await loadChannels()
    }

    private func refreshNowAndThen() async throws {
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: .seconds(parts.configuration.offersRefreshSeconds))
            } catch {
                return
            }
            do {
                try await load()
            } catch {
                parts.logger.warning("the ledger cannot be read", metadata: ["error": "\(error)"])
            }
        }
    }

    private func follow() async throws {
        var height = start
        while !Task.isCancelled {
            do {
                let next = height.advanced(byBlocks: 1) ?? height
                for try await block in parts.ledger.blocks(from: next) {
                    for event in block.events { try await take(event) }
                    height = block.height
                    if parts.passes.advance(to: height) { try await takePasses() }
                }
            } catch {
                parts.logger.debug("the ledger's blocks broke off", metadata: ["e": "\(error)"])
            }
            do { try await Task.sleep(for: Self.reconnectDelay) } catch { return }
        }
    }

    private func take(_ event: Event) async throws(LedgerClientError) {
        switch event {
        case .offerPublished(let id): try await takeOffer(id)
        case .offerWithdrawn(let id):
            catalog.remove(id)
            if parts.passes.hasPasses { try await takePasses() }
            showOffers()
        case .bondChanged(let account, _), .bondSlashed(let account, _, _):
            if catalog.hasOffers(of: account) {
                try await loadOffers()
                if parts.passes.hasPasses { try await takePasses() }
            }
        case .channelOpened(let id, let payer, _) where payer == parts.account.account:
            try await takeChannel(id)
        case .channelToppedUp(let id, _), .channelClaimed(let id, _), .channelClosing(let id, _),
            .channelClosed(let id, _):
            let isOwn = parts.wallet.withLock { $0.onLedger[id] != nil }
            if isOwn { try await takeChannel(id) }
        case .passes(let event): try await take(event)
        case .authorization(.sessionGranted(let account, _, _)),
            .authorization(.sessionRevoked(let account, _)),
            .authorization(.keyRotated(let account, _)):
            if account == parts.account.account { onAuthorityChange?() }
        default: break
        }
    }

    private func take(_ event: PassEvent) async throws(LedgerClientError) {
        let own = parts.account.account
        switch event {
        case .planPublished(let id, _, _):
            guard let plan = try await parts.ledger.plan(id) else { return }
            parts.passes.add(id, plan)
            showOffers()
        case .bought(let names, _), .renewed(let names, _, _), .ended(let names),
            .trialStarted(let names, _, _), .trialEnded(let names, _):
            if names.holder == own { try await takePasses() }
        case .transferred(let names, let account):
            if names.holder == own || account == own { try await takePasses() }
        default: break
        }
    }
}

extension LedgerWatch {
    private func loadPlans() async throws(LedgerClientError) {
        parts.passes.setPlans(
            try await parts.ledger.plans(limit: parts.configuration.offersMax)
        )
    }

    /// Reads the passes of the account, and puts what they pay for in the catalogue: what was paid
    /// for can be chosen until it expires, whatever its seller thinks of it since.
    private func takePasses() async throws(LedgerClientError) {
        let height = try await parts.ledger.status().height
        let passes = try await parts.ledger.passes(
            of: parts.account.account,
            limit: Self.channelsMax
        )
        let now = parts.now()
        for (_, pass) in passes {
            guard let plan = try await parts.ledger.plan(pass.plan),
                let record = try await parts.ledger.offer(plan.terms.includedOffer),
                catalog.filter.admits(record, now: now, isHeld: true)
            else { continue }
            parts.passes.add(pass.plan, plan)
            let bond = try await parts.ledger.bond(record.offer.seller).active
            if let offer = BoardOffer(record, bond: bond) { catalog.add(offer) }
        }
        parts.passes.setPasses(passes, at: height)
        showOffers()
    }

    /// Puts on the board what there is, but for what only holders of other passes are served.
    private func showOffers() {
        parts.board.replace(with: catalog.all.filter { parts.passes.admits($0.id) })
    }

    private func loadOffers() async throws(LedgerClientError) {
        let now = parts.now()
        let filter = catalog.filter
        let records = try await parts.ledger.offers(limit: parts.configuration.offersMax) {
            filter.admits($0, now: now)
        }
        var bonds: [AccountID: Amount] = [:]
        for record in records where bonds[record.offer.seller] == nil {
            guard bonds.count < catalog.sellersMax else { break }
            bonds[record.offer.seller] = try await parts.ledger.bond(record.offer.seller).active
        }
        catalog.replace(
            with: records.compactMap { record in
                bonds[record.offer.seller].flatMap { BoardOffer(record, bond: $0) }
            }
        )
        showOffers()
    }

    private func takeOffer(_ id: OfferID) async throws(LedgerClientError) {
        guard let record = try await parts.ledger.offer(id) else { return }
        if let older = record.offer.supersedes { catalog.remove(older) }
        // Offer and plan come in one transaction: the offer must not look ordinary meanwhile.
        if let id = try await parts.ledger.plan(including: id),
            let plan = try await parts.ledger.plan(id)
        {
            parts.passes.add(id, plan)
        }
        if catalog.filter.admits(record, now: parts.now()) {
            let bond = try await parts.ledger.bond(record.offer.seller).active
            if let offer = BoardOffer(record, bond: bond) { catalog.add(offer) }
        }
        if record.offer.supersedes != nil, parts.passes.hasPasses { try await takePasses() }
        showOffers()
    }

    private func loadChannels() async throws(LedgerClientError) {
        let before = parts.wallet.withLock { $0.knowledge }
        let found = try await parts.ledger.channels(
            ofPayer: parts.account.account,
            limit: Self.channelsMax
        )
        parts.wallet.withLock { $0.keepOnly(found.map(\.id), of: before) }
        for (id, channel) in found { await take(id, channel) }
    }

    private func takeChannel(_ id: ChannelID) async throws(LedgerClientError) {
        guard let channel = try await parts.ledger.channel(id) else { return }
        await take(id, channel)
    }

    private func take(_ id: ChannelID, _ channel: Channel) async {
        let terms = channel.terms(id: id, chain: parts.chain)
        let known = parts.wallet.withLock { wallet in
            wallet.noteLedger(id, channel)
            return wallet.channels[id]?.terms
        }
        let isOwn =
            channel.voucherKey == parts.voucherKey.publicKey
            && parts.units.rank(of: channel.denomination) != nil
        if let known, known != terms, channel.status != .closed {
            let change = LedgerChannel(channel: channel, chain: parts.chain)
            do {
                try await parts.book.write(id, change, isUsable: true)
            } catch {
                parts.logger.error("a channel could not be written: \(error)")
            }
        } else if known == nil, isOwn, channel.status == .open {
            parts.chores.add(Chore(subject: .adopt(id)))
        }
    }
}

/// The offers behind the board, changed one by one.
final class OfferCatalog: Sendable {
    let filter: OfferFilter
    let sellersMax: Int
    private let offersMax: Int
    private let offers = Mutex<[OfferID: BoardOffer]>([:])

    init(filter: OfferFilter, offersMax: Int, sellersMax: Int) {
        self.filter = filter
        self.offersMax = offersMax
        self.sellersMax = sellersMax
    }

    var all: [BoardOffer] { offers.withLock { Array($0.values) } }

    func hasOffers(of seller: AccountID) -> Bool {
        offers.withLock { $0.values.contains { $0.offer.seller == seller } }
    }

    func remove(_ id: OfferID) {
        _ = offers.withLock { $0.removeValue(forKey: id) }
    }

    /// Adds an offer, if its seller's bond suffices and there is room.
    func add(_ offer: BoardOffer) {
        offers.withLock { offers in
            let sellers = Set(offers.values.map(\.offer.seller)).union([offer.offer.seller])
            guard offer.bond >= filter.minimumBond, offers.count < offersMax,
                sellers.count <= sellersMax
            else { return }
            offers[offer.id] = offer
        }
    }

    func replace(with next: [BoardOffer]) {
        let kept = next.filter { $0.bond >= filter.minimumBond }
        offers.withLock { offers in
            offers = Dictionary(kept.map { ($0.id, $0) }) { first, _ in first }
        }
    }
}
