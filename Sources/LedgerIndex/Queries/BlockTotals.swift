import GRDB
import MarketTypes
import Synchronization

/// How much there is in the blocks up to one of them.
struct BlockTotals: Hashable, Sendable {
    let height: UInt64
    /// That block's own digest: in another history, or an index that was made anew, it differs.
    let digest: Digest
    let transactions: UInt64
    let events: UInt64
}

/// Counts what there is in all blocks, and remembers it: whoever asks again, as each view of some
/// pages does, costs the blocks that came since then.
final class BlockCounter: Sendable {
    private let counted = Mutex<BlockTotals?>(nil)

    /// The transactions and events of all blocks of a snapshot.
    func count(
        _ db: Database,
        at place: IndexPlace
    ) throws -> (transactions: UInt64, events: UInt64) {
        var known = counted.withLock { $0 }
        if let last = known, try Self.digest(of: last.height, in: db) != last.digest { known = nil }
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT coalesce(sum(transactions), 0) AS transactions,
                    coalesce(sum(events), 0) AS events
                FROM blocks WHERE height > ?
                """,
            arguments: [(known?.height ?? 0).stored]
        )
        func sum(_ column: String, _ before: UInt64?) -> UInt64 {
            let added: Int64 = row?[column] ?? 0
            return (before ?? 0) + UInt64(clamping: added)
        }
        let transactions = sum("transactions", known?.transactions)
        let events = sum("events", known?.events)
        let height = place.height.rawValue
        let totals = try Self.digest(of: height, in: db).map {
            BlockTotals(height: height, digest: $0, transactions: transactions, events: events)
        }
        counted.withLock { $0 = totals }
        return (transactions, events)
    }

    /// The digest of a block; nil if the snapshot has none at that height.
    private static func digest(of height: UInt64, in db: Database) throws -> Digest? {
        try Row.fetchOne(
            db,
            sql: "SELECT digest FROM blocks WHERE height = ?",
            arguments: [height.stored]
        )?.digest("digest")
    }
}
