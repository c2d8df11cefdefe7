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

    var seller: AccountID { offer.seller }
    var name: VoucherName { VoucherName(voucher.document) }
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
    /// The offers that stand in the journal.
    private let storedOffers: Mutex<Set<OfferID>>

    init(
        wallet: Wallet, journal: Journal, recent: RecentReceipts, storedOffers: Set<OfferID>,
        logger: Logger, now: @escaping @Sendable () -> Timestamp
    ) {
        self.wallet = wallet
        self.journal = journal
        self.recent = recent
        self.storedOffers = Mutex(storedOffers)
        self.logger = logger
        self.now = now
    }

    /// Makes a signed promise durable; its lane is freed again if it could not be written.
    func write(_ engagement: Engagement) async throws(JournalError) {
        let id = engagement.voucher.document.offer
        let record = JournalRecord.voucher(
            engagement.voucher.signed, unitsMax: engagement.unitsMax)
        do {
            if storedOffers.withLock({ $0.contains(id) }) {
                _ = try await journal.append(record.canonicalBytes)
            } else {
                let offer = JournalRecord.offer(engagement.offer)
                _ = try await journal.appendAll([offer.canonicalBytes, record.canonicalBytes])
                storedOffers.withLock { _ = $0.insert(id) }
            }
        } catch {
            logger.error("a voucher could not be written", metadata: ["error": "\(error)"])
            // After a failed write nobody knows what a restart will find, so the lane stays taken.
            if case .failed = error { throw error }
            release(engagement)
            throw error
        }
    }

    /// Checks a receipt, makes it durable, and only then frees the lane.
    ///
    /// - Parameter response: the chain over what arrived; nil if that is not known.
    func settle(
        _ receipt: Signed<Receipt>, for engagement: Engagement, response: ResponseChain?
    ) async throws(SettleFailure) -> Verified<Receipt> {
        let call: SettledCall
        do {
            call = SettledCall(voucher: engagement.voucher, receipt: try receipt.verified())
        } catch {
            throw await strikeOff(engagement, .malformedReceipt, evidence: receipt)
        }
        do {
            try wallet.withLock { wallet throws(SettlementRefusal) in
                try wallet.check(call, under: engagement.offer, response: response)
            }
        } catch {
            throw await strikeOff(engagement, .wrongReceipt(error), evidence: receipt)
        }
        do {
            _ = try await journal.append(JournalRecord.receipt(receipt).canonicalBytes)
        } catch {
            logger.error("a receipt could not be written", metadata: ["error": "\(error)"])
            throw .journal(error)
        }
        do {
            try wallet.withLock { wallet throws(SettlementRefusal) in
                try wallet.accept(call, under: engagement.offer, response: response)
            }
        } catch {
            throw await strikeOff(engagement, .wrongReceipt(error), evidence: receipt)
        }
        recent.add(RecentReceipt(call.receipt, model: engagement.offer.model, engagement.seller))
        wallet.wake(engagement.seller)
        return call.receipt
    }

    /// Frees the lane of a promise that the seller never had.
    func withdraw(_ engagement: Engagement) async {
        do {
            let record = JournalRecord.withdrawn(engagement.name)
            _ = try await journal.append(record.canonicalBytes)
        } catch {
            logger.error("a withdrawal could not be written", metadata: ["error": "\(error)"])
            return
        }
        release(engagement)
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
        _ engagement: Engagement, _ reason: StrikeReason, evidence: Signed<Receipt>?
    ) async -> SettleFailure {
        let claim = evidence.map { LaneClaim(voucher: engagement.voucher.signed, receipt: $0) }
        let strike = StrikeOff(
            seller: engagement.seller, reason: reason, at: now(), evidence: claim)
        wallet.withLock { $0.strikeOff(strike) }
        wallet.wake(engagement.seller)
        logger.warning(
            "seller struck off",
            metadata: ["seller": "\(engagement.seller)", "reason": "\(reason.name)"])
        do {
            _ = try await journal.append(JournalRecord.struckOff(strike).canonicalBytes)
        } catch {
            logger.error("a strike could not be written", metadata: ["error": "\(error)"])
        }
        return .cheated(reason)
    }

    /// Makes a channel durable and usable, or takes over its new deposit or standing.
    func write(
        _ id: ChannelID, _ channel: LedgerChannel, isUsable: Bool
    ) async throws(JournalError) {
        if isUsable {
            let record = JournalRecord.channel(id, channel.channel, chain: channel.chain)
            _ = try await journal.append(record.canonicalBytes)
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
                metadata: ["channel": "\(id.digest)", "error": "\(error)"])
        }
        wallet.wake(channel.channel.payee)
    }
}
