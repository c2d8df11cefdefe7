import GRDB
public import MarketTypes

extension IndexReader {
    /// A block, or nil if the index has none of this height.
    public func block(_ height: BlockHeight) async throws -> BlockEntry? {
        try await read { db, _ in
            let row = try Row.fetchOne(
                db,
                sql: "SELECT * FROM blocks WHERE height = ?",
                arguments: [height.rawValue.stored]
            )
            return row.map { BlockEntry($0) }
        }
    }

    /// The transactions of a block in order.
    ///
    /// - Throws: ``IndexError/badQuestion(_:)``, or a `DatabaseError`.
    public func transactions(
        in height: BlockHeight,
        _ page: PageRequest
    ) async throws -> Page<TransactionEntry> {
        let question = "transactions in \(height.rawValue)"
        let key = try PageCursor.key(page, of: question, bytes: 8)
        guard let range = Ordinal.range(of: height) else { return try await nothing() }
        return try await read { db, place in
            var condition = Condition()
            condition.add("t.id > ?", key.map { Int64(keyBytes: $0) } ?? -1)
            condition.add("t.id BETWEEN ? AND ?", range.lowerBound, range.upperBound)
            let found = try Self.transactions(
                condition,
                limit: page.limit + 1,
                db,
                order: "ASC"
            )
            return Page(found, page, question, place.height) { entry in
                Ordinal.key(entry.height, entry.index)
            }
        }
    }

    /// The events of a block in order, or those that one of its transactions caused.
    ///
    /// - Parameter transaction: the transaction's place among the block's; nil for all events.
    /// - Throws: ``IndexError/badQuestion(_:)``, or a `DatabaseError`.
    public func events(
        in height: BlockHeight,
        of transaction: UInt64? = nil,
        _ page: PageRequest
    ) async throws -> Page<EventEntry> {
        let whose = transaction.map { "\($0)" } ?? "all"
        let question = "events in \(height.rawValue) \(whose)"
        let key = try PageCursor.key(page, of: question, bytes: 8)
        guard let range = Ordinal.range(of: height) else { return try await nothing() }
        return try await read { db, place in
            var condition = Condition()
            condition.add("e.id > ?", key.map { Int64(keyBytes: $0) } ?? -1)
            condition.add("e.id BETWEEN ? AND ?", range.lowerBound, range.upperBound)
            if let transaction {
                condition.add("e.cause = ?", range.lowerBound | Int64(clamping: transaction))
            }
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT e.*, b.time FROM events AS e
                    JOIN blocks AS b ON b.height = e.id >> \(Ordinal.bits)
                    WHERE \(condition.sql) ORDER BY e.id LIMIT ?
                    """,
                arguments: condition.arguments + [page.limit + 1]
            )
            let found = rows.map { EventEntry($0) }
            return Page(found, page, question, place.height) { entry in
                Ordinal.key(entry.height, entry.index)
            }
        }
    }

    /// A page of a height that no block can have.
    private func nothing<Item: Sendable>() async throws -> Page<Item> {
        try await read { _, place in Page(items: [], next: nil, height: place.height) }
    }
}

extension Ordinal {
    /// The numbers of what is in a block; nil beyond what can be numbered.
    fileprivate static func range(of height: BlockHeight) -> ClosedRange<Int64>? {
        guard height.rawValue <= UInt64(Int64.max) >> bits else { return nil }
        let first = Int64(height.rawValue << bits)
        return first...(first | ((1 << bits) - 1))
    }
}

extension BlockEntry {
    init(_ row: Row) {
        self.init(
            height: BlockHeight(row.number("height")),
            time: Timestamp(milliseconds: row.number("time")),
            transactions: row.number("transactions"),
            events: row.number("events")
        )
    }
}

extension EventEntry {
    init(_ row: Row) {
        let ordinal = Ordinal(rawValue: row["id"])
        let cause: Int64? = row["cause"]
        self.init(
            height: ordinal.height,
            index: ordinal.index,
            time: Timestamp(milliseconds: row.number("time")),
            name: row["name"],
            json: row["json"],
            transaction: cause.map { Ordinal(rawValue: $0).index }
        )
    }
}
