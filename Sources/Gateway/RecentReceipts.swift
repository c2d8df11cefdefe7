import Identity
import MarketTypes
import SettlementCore
import Synchronization

/// One line of what was bought.
struct RecentReceipt: Hashable, Sendable {
    let digest: Digest
    let seller: AccountID
    let model: String
    let status: CallStatus
    let charge: Amount
    let denomination: Denomination
    let finishedAt: Timestamp
    /// On whose behalf it was bought; nil if whoever pays bought for themselves.
    let buyer: CallBuyer?

    init(_ receipt: Verified<Receipt>, under offer: Offer, for buyer: CallBuyer?) {
        digest = receipt.digest
        seller = offer.seller
        model = offer.model
        denomination = offer.denomination
        status = receipt.document.status
        charge = receipt.document.charge
        finishedAt = receipt.document.finishedAt
        self.buyer = buyer
    }
}

/// The newest receipts, as many as fit; all of them are in the journal.
final class RecentReceipts: Sendable {
    private struct Ring {
        var entries: [RecentReceipt] = []
        var oldest = 0
    }

    private let ring = Mutex(Ring())
    private let countMax: Int

    init(countMax: Int) {
        self.countMax = countMax
    }

    func add(_ receipt: RecentReceipt) {
        ring.withLock { ring in
            if ring.entries.count < countMax {
                ring.entries.append(receipt)
            } else {
                ring.entries[ring.oldest] = receipt
                ring.oldest = (ring.oldest + 1) % countMax
            }
        }
    }

    /// At most `limit`, the newest first.
    ///
    /// - Parameter view: whose are seen; nil sees all.
    func newest(_ limit: Int, in view: PurchaseView? = nil) -> [RecentReceipt] {
        ring.withLock { ring in
            var inOrder = ring.entries[ring.oldest...] + ring.entries[..<ring.oldest]
            if let view { inOrder = inOrder.filter { view.shows($0.buyer) } }
            return Array(inOrder.suffix(max(0, limit)).reversed())
        }
    }
}
