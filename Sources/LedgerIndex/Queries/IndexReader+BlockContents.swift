import GRDB
public import MarketTypes

/// A block with everything that the index has of it.
public struct BlockContents: Hashable, Sendable {
    /// The block.
    public let entry: BlockEntry
    /// Its transactions, in order.
    public let transactions: [TransactionEntry]
    /// Its events, in order.
    public let events: [EventEntry]
}

extension IndexReader {
    /// The block at `height`, or nil if the index has none.
    public func block(at height: BlockHeight) async throws -> BlockContents? {
        guard let range = Ordinal.range(height) else { return nil }
        return try await read { db, _ in
            let row = try Row.fetchOne(
                db,
                sql: "SELECT * FROM blocks WHERE height = ?",
                arguments: [height.rawValue.stored]
            )
            guard let row else { return nil }
            var condition = Condition()
            condition.add("t.id >= ?", range.lowerBound)
            condition.add("t.id <= ?", range.upperBound)
            return BlockContents(
                entry: BlockEntry(row),
                transactions: try Self.transactions(condition, limit: -1, db).reversed(),
                events: try Self.events(in: range, limit: -1, db)
            )
        }
    }

    /// What a transaction caused, in order.
    public func events(of transaction: TransactionEntry) async throws -> [EventEntry] {
        guard let range = Ordinal.range(transaction.height) else { return [] }
        return try await read { db, _ in
            try Self.events(in: range, limit: -1, db).filter {
                $0.transaction == transaction.index
            }
        }
    }

    /// The events after the one at `height` and `index`, in order, at most `limit`: for followers
    /// that were away.
    public func events(
        after height: BlockHeight,
        _ index: UInt64,
        limit: Int
    ) async throws -> [EventEntry] {
        guard let range = Ordinal.range(height), index < 1 << Ordinal.bits else { return [] }
        let first = range.lowerBound | Int64(index)
        guard first < Int64.max else { return [] }
        return try await read { db, _ in
            try Self.events(in: first + 1...Int64.max, limit: limit, db)
        }
    }

    private static func events(
        in range: ClosedRange<Int64>,
        limit: Int,
        _ db: Database
    ) throws -> [EventEntry] {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT e.*, b.time FROM events AS e
                JOIN blocks AS b ON b.height = e.id >> \(Ordinal.bits)
                WHERE e.id >= ? AND e.id <= ? ORDER BY e.id LIMIT ?
                """,
            arguments: [range.lowerBound, range.upperBound, limit]
        )
        return rows.map { EventEntry($0) }
    }
}

extension Ordinal {
    /// The numbers of everything in a block; nil beyond what can be numbered.
    fileprivate static func range(_ height: BlockHeight) -> ClosedRange<Int64>? {
        guard let first = try? Ordinal(height, 0).rawValue else { return nil }
        return first...(first | (1 << Int64(bits) - 1))
    }
}
