import CanonicalCoding
import Identity
import Journal
import LedgerCore
import Logging
import MarketTypes
import SettlementCore
import Synchronization

/// A call with a lane: the promise is signed and written down, and may be sent.
struct Engagement: Sendable {
    let voucher: Verified<Voucher>
    let unitsMax: UnitCounts
    let offer: Offer
    /// On whose behalf; nil if whoever pays buys for themselves.
    var buyer: CallBuyer?

    var seller: AccountID { offer.seller }
    var name: VoucherName { VoucherName(voucher.document) }
    /// The most that it can be charged.
    var chargeMax: Amount { (try? offer.prices.charge(for: unitsMax)) ?? .zero }
}

/// Why a seller's receipt was not accepted.
enum SettleFailure: Error, Hashable, Sendable {
    /// The seller broke a rule and is struck off.
    case cheated(StrikeReason)
    /// It could not be written down; the lane stays open and is looked up later.
    case journal(JournalError)
}

/// Writes down every promise, receipt and verdict before anything follows from it.
final class CallBook: Sendable {
    let wallet: Wallet
    let recent: RecentReceipts
    private let journal: Journal
    private let now: @Sendable () -> Timestamp
    private let logger: Logger
    private let endings: (any CallEndings)?
    /// Whose receipts the endings are told.
    private let payer: AccountID?
    private let metrics: GatewayMetrics
    /// The offers that stand in the journal.
    private let storedOffers: Mutex<Set<OfferID>>
    private let hasFailed = Atomic(false)
    /// Tells once that the journal has failed for good.
    let failures: AsyncStream<JournalError>
    private let failed: AsyncStream<JournalError>.Continuation

    init(
        wallet: Wallet,
        journal: Journal,
        recent: RecentReceipts,
        storedOffers: Set<OfferID>,
        endings: (any CallEndings)? = nil,
        payer: AccountID? = nil,
        logger: Logger,
        metrics: GatewayMetrics = .off,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.wallet = wallet
        self.journal = journal
        self.recent = recent
        self.storedOffers = Mutex(storedOffers)
        self.endings = endings
        self.payer = payer
        self.logger = logger
        self.metrics = metrics
        self.now = now
        (failures, failed) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
    }

    /// Appends to the journal; without it nothing may be promised or paid any more.
    private func append(_ records: JournalRecord...) async throws(JournalError) {
        let start = ContinuousClock.now
        do {
            if records.count == 1, let record = records.first {
                _ = try await journal.append(record.canonicalBytes)
            } else {
                _ = try await journal.appendAll(records.map(\.canonicalBytes))
            }
            metrics.journaled(since: start)
        } catch {
            note(error)
            throw error
        }
    }

    /// Reports a failure; one of a single record, such as a full queue, passes.
    func note(_ error: JournalError) {
        logger.error("the journal could not be written", metadata: ["error": "\(error)"])
        if case .failed = error {
            hasFailed.store(true, ordering: .relaxed)
            failed.yield(error)
        }
    }

    /// Whether the journal can still be written.
    var isWorking: Bool { !hasFailed.load(ordering: .relaxed) }

    /// Makes a signed promise durable; its lane is freed again if it could not be written.
    func write(_ engagement: Engagement) async throws(JournalError) {
        let id = engagement.voucher.document.offer
        let record = JournalRecord.voucher(
            engagement.voucher.signed,
            unitsMax: engagement.unitsMax,
            buyer: engagement.buyer
        )
        do {
            if storedOffers.withLock({ $0.contains(id) }) {
                try await append(record)
            } else {
                try await append(.offer(engagement.offer), record)
                storedOffers.withLock { _ = $0.insert(id) }
            }
            metrics.promised(engagement)
        } catch {
            // After a failed write nobody knows what a restart will find, so the lane stays taken.
            if case .failed = error { throw error }
            release(engagement)
            throw error
        }
    }

    /// Checks a receipt, makes it durable, and only then frees the lane.
    ///
    /// `response` is the chain over what arrived; nil if that is not known. `counted` is how many
    /// of some units arrived: the receipt may not say more.
    func settle(
        _ receipt: Signed<Receipt>,
        for engagement: Engagement,
        response: ResponseChain?,
        counted: UnitCounts = UnitCounts()
    ) async throws(SettleFailure) -> Verified<Receipt> {
        let call: SettledCall
        do {
            call = SettledCall(voucher: engagement.voucher, receipt: try receipt.verified())
        } catch {
            throw await strikeOff(engagement, .malformedReceipt, evidence: receipt)
        }
        do throws(SettlementRefusal) {
            try wallet.withLock { wallet throws(SettlementRefusal) in
                try wallet.check(call, under: engagement.offer, response: response)
            }
            for (unit, count) in counted.entries
            where call.receipt.document.units[unit] ?? 0 > count {
                throw SettlementRefusal.unitsOverLimit
            }
        } catch {
            throw await strikeOff(engagement, .wrongReceipt(error), evidence: receipt)
        }
        do {
            try await append(.receipt(receipt))
        } catch {
            throw .journal(error)
        }
        do {
            try wallet.withLock { wallet throws(SettlementRefusal) in
                try wallet.accept(call, under: engagement.offer, response: response)
            }
        } catch {
            throw await strikeOff(engagement, .wrongReceipt(error), evidence: receipt)
        }
        let entry = RecentReceipt(
            call.receipt,
            under: engagement.offer,
            for: engagement.buyer
        )
        recent.add(entry)
        wallet.wake(engagement.seller)
        await endings?.ended(engagement.voucher.digest, charge: call.receipt.document.charge)
        if let payer { await endings?.made([BoughtCall(entry)], of: payer) }
        metrics.settled(call.receipt.document, under: engagement.offer)
        return call.receipt
    }

    /// Frees the lane of a promise that the seller never had; false if that could not be written.
    func withdraw(_ engagement: Engagement) async -> Bool {
        do {
            try await append(.withdrawn(engagement.name))
        } catch {
            return false
        }
        release(engagement)
        await endings?.ended(engagement.voucher.digest, charge: .zero)
        return true
    }

    /// A call whose end this wallet does not look for any more: it counts as if all that was
    /// promised had been charged, since its seller may yet claim that.
    func writeOff(_ engagement: Engagement) async {
        await endings?.ended(engagement.voucher.digest, charge: engagement.chargeMax)
    }

    private func release(_ engagement: Engagement) {
        let voucher = engagement.voucher.document
        do {
            try wallet.withLock { wallet throws(SettlementRefusal) in
                try wallet.withdraw(voucher)
            }
        } catch {
            logger.error("a lane could not be freed", metadata: ["error": "\(error)"])
        }
        wallet.wake(engagement.seller)
    }

    /// Pays a seller nothing more, from now on and after every restart.
    func strikeOff(
        _ engagement: Engagement,
        _ reason: StrikeReason,
        evidence: Signed<Receipt>?
    ) async -> SettleFailure {
        let claim = evidence.map { LaneClaim(voucher: engagement.voucher.signed, receipt: $0) }
        let strike = StrikeOff(
            seller: engagement.seller,
            reason: reason,
            at: now(),
            evidence: claim
        )
        wallet.withLock { $0.strikeOff(strike) }
        metrics.struckOff(reason)
        wallet.wake(engagement.seller)
        logger.warning(
            "seller struck off",
            metadata: ["seller": "\(engagement.seller)", "reason": "\(reason.name)"]
        )
        // If it cannot be written, the lane is looked up after a restart, with the same result.
        try? await append(.struckOff(strike))
        await writeOff(engagement)
        return .cheated(reason)
    }

    /// Makes a channel durable and usable, or takes over its new deposit or standing.
    func write(
        _ id: ChannelID,
        _ channel: LedgerChannel,
        isUsable: Bool
    ) async throws(JournalError) {
        let isNews = wallet.withLock { wallet in
            channel.channel.deposit >= wallet.channels[id]?.terms.deposit ?? .zero
        }
        guard isNews else { return }
        if isUsable {
            try await append(.channel(id, channel.channel, chain: channel.chain))
        }
        let terms = channel.channel.terms(id: id, chain: channel.chain)
        do {
            try wallet.withLock { wallet throws(SettlementRefusal) in
                wallet.noteLedger(id, channel.channel)
                if isUsable { try wallet.putChannel(terms) }
            }
        } catch {
            logger.error(
                "a channel does not match what was promised in it",
                metadata: ["channel": "\(id.digest)", "error": "\(error)"]
            )
        }
        wallet.wake(channel.channel.payee)
    }
}
