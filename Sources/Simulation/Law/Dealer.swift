import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes

/// Somebody who uses everything that the ledger has beside calls: assets, shares, units, passes,
/// markets, jobs, disputes, votes and sessions; some of what it asks for is nonsense or theft.
///
/// It keeps no journal: what it may do next, it reads from the chain.
final class Dealer: Actor {
    /// In how many blocks a transaction must be.
    private static let validBlocks: UInt64 = 6

    private let part: Cast.Part
    private let index: Int
    /// The transaction on its way: the same bytes until its number is used or its time is over.
    private var pending: PendingTransaction?

    let isHonest = false
    let isUp = true

    init(part: Cast.Part, index: Int) {
        self.part = part
        self.index = index
    }

    var name: String { "dealer \(index)" }
    var id: AccountID { part.id }

    func crash(in market: Market) {}
    func start(in market: Market) {}
    func fillDisk() {}
    func repair() {}

    func unfinished(in market: Market) -> String? { nil }

    func wake(in market: Market) {
        let height = UInt64(market.chain.count)
        let used =
            market.replica.value(for: .account(id)).map { MoneyChecker.number($0, at: 1) } ?? 0
        if let pending {
            let body = pending.transaction
            guard body.sequence <= used || body.validUntil.rawValue <= height else {
                return market.submit(pending.bytes)
            }
            self.pending = nil
        }
        guard !market.isWindingDown else { return }
        let script = DealerScript(me: part, market: market)
        let count = market.chance.chance(permille: 150) ? 2 : 1
        var messages: [Message] =
            switch used {
            case 0: script.opening()
            case 1, 2, 4: script.sequel()
            default: []
            }
        if messages.isEmpty { messages = (0..<count).compactMap { _ in script.message() } }
        guard !messages.isEmpty else { return }
        let transaction = Transaction(
            chain: market.cast.chain,
            sender: id,
            sequence: used + 1,
            fee: Amount(obol: 5_000),
            validUntil: BlockHeight(height + Self.validBlocks),
            messages: messages
        )
        // Now and then another dealer's key signs: with a session it may.
        let signer =
            used > 0 && market.chance.chance(permille: 150)
            ? market.cast.dealers[market.chance.index(market.cast.dealers.count)] : part
        let signed = signer.account.sign(transaction)
        let bytes = signed.signed.canonicalBytes
        pending = PendingTransaction(transaction: transaction, bytes: bytes, digest: signed.digest)
        market.note("deals", name, used + 1, 0, signed.digest)
        market.submit(bytes)
    }
}
