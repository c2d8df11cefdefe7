import GRDB
public import LedgerClient
public import MarketTypes

/// An event in its place.
public struct EventEntry: Hashable, Sendable {
    /// The block.
    public let height: BlockHeight
    /// The event's place among the block's, from 0.
    public let index: UInt64
    /// The block's time.
    public let time: Timestamp
    /// The event's name: component and case, such as `channels.claimed`.
    public let name: String
    /// The event as one JSON object.
    public let json: String
    /// The transaction that caused it, by its place among the block's; nil for what the block
    /// itself brought.
    public let transaction: UInt64?
}

/// A transaction in its place.
public struct TransactionEntry: Hashable, Sendable {
    /// The block.
    public let height: BlockHeight
    /// The transaction's place, from 0, among what of the block is a transaction.
    public let index: UInt64
    /// The block's time.
    public let time: Timestamp
    /// Who sent it, and what became of it.
    public let transaction: BlockTransaction
}

/// A block as the index has it.
public struct BlockEntry: Hashable, Sendable {
    /// The height.
    public let height: BlockHeight
    /// The time.
    public let time: Timestamp
    /// How many transactions it has.
    public let transactions: UInt64
    /// How many events it has.
    public let events: UInt64
}

/// How much there is of a subject's history.
public struct SubjectEntry: Hashable, Sendable {
    /// The subject.
    public let subject: Subject
    /// How many events name it.
    public let events: UInt64
    /// How many transactions an account sent.
    public let transactions: UInt64
    /// How many of them were refused.
    public let refused: UInt64
    /// The first block that knows it.
    public let first: BlockHeight
    /// The last block that knows it.
    public let last: BlockHeight
}

extension IndexReader {
    /// How much there is of a subject's history; nil if nothing.
    public func counts(of subject: Subject) async throws -> SubjectEntry? {
        try await read { db, _ in
            try Self.row(of: subject, db).map { row in
                SubjectEntry(
                    subject: subject,
                    events: row.number("events"),
                    transactions: row.number("transactions"),
                    refused: row.number("refused"),
                    first: BlockHeight(row.number("first")),
                    last: BlockHeight(row.number("last"))
                )
            }
        }
    }

    private static func row(of subject: Subject, _ db: Database) throws -> Row? {
        try Row.fetchOne(
            db,
            sql: "SELECT * FROM subjects WHERE kind = ? AND name = ?",
            arguments: [subject.kind, subject.name.blob]
        )
    }

    /// The events that name a subject, and what an account's own transactions caused; or all.
    /// The latest first.
    ///
    /// - Throws: ``IndexError/badQuestion(_:)``, or a `DatabaseError`.
    public func history(
        of subject: Subject?,
        _ page: PageRequest
    ) async throws -> Page<EventEntry> {
        let question = "history \(subject?.kind ?? "") \(subject?.name ?? .zero)"
        let key = try PageCursor.key(page, of: question, bytes: 8)
        let before = key.map { Int64(keyBytes: $0) } ?? .max
        return try await read { db, place in
            var rows: [Row] = []
            if let subject {
                let number: Int64? = try Self.row(of: subject, db)?["id"]
                rows = try Row.fetchAll(
                    db,
                    sql: """
                        SELECT e.*, b.time
                        FROM mentions AS m CROSS JOIN events AS e ON e.id = m.event
                        JOIN blocks AS b ON b.height = e.id >> \(Ordinal.bits)
                        WHERE m.subject = ? AND m.event < ? ORDER BY m.event DESC LIMIT ?
                        """,
                    arguments: [number, before, page.limit + 1]
                )
            } else {
                rows = try Row.fetchAll(
                    db,
                    sql: """
                        SELECT e.*, b.time FROM events AS e
                        JOIN blocks AS b ON b.height = e.id >> \(Ordinal.bits)
                        WHERE e.id < ? ORDER BY e.id DESC LIMIT ?
                        """,
                    arguments: [before, page.limit + 1]
                )
            }
            let found = rows.map { EventEntry($0) }
            return Page(found, page, question, place.height) { entry in
                Ordinal.key(entry.height, entry.index)
            }
        }
    }

    /// The transactions that an account sent, or all of them, the latest first.
    ///
    /// - Throws: ``IndexError/badQuestion(_:)``, or a `DatabaseError`.
    public func transactions(
        of account: AccountID?,
        _ page: PageRequest
    ) async throws -> Page<TransactionEntry> {
        let question = "transactions \(account?.digest ?? .zero)"
        let key = try PageCursor.key(page, of: question, bytes: 8)
        let before = key.map { Int64(keyBytes: $0) } ?? .max
        return try await read { db, place in
            var condition = Condition()
            if let account {
                let number: Int64? = try Self.row(of: .account(account), db)?["id"]
                condition.add("t.sender = ?", number)
            }
            condition.add("t.id < ?", before)
            let found = try Self.transactions(condition, limit: page.limit + 1, db)
            return Page(found, page, question, place.height) { entry in
                Ordinal.key(entry.height, entry.index)
            }
        }
    }

    /// The transaction with this signing digest, the latest if several blocks have it; or nil.
    public func transaction(_ digest: Digest) async throws -> TransactionEntry? {
        try await read { db, _ in
            var condition = Condition()
            condition.add("t.digest = ?", digest.blob)
            return try Self.transactions(condition, limit: 1, db).first
        }
    }

    static func transactions(
        _ condition: Condition,
        limit: Int,
        _ db: Database,
        order: String = "DESC"
    ) throws -> [TransactionEntry] {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT t.*, s.name AS account, b.time FROM transactions AS t
                JOIN subjects AS s ON s.id = t.sender
                JOIN blocks AS b ON b.height = t.id >> \(Ordinal.bits)
                WHERE \(condition.sql) ORDER BY t.id \(order) LIMIT ?
                """,
            arguments: condition.arguments + [limit]
        )
        return try rows.map { row in
            let ordinal = Ordinal(rawValue: row["id"])
            return TransactionEntry(
                height: ordinal.height,
                index: ordinal.index,
                time: Timestamp(milliseconds: row.number("time")),
                transaction: try BlockTransaction(row)
            )
        }
    }

    /// The blocks, the latest first.
    ///
    /// - Throws: ``IndexError/badQuestion(_:)``, or a `DatabaseError`.
    public func blocks(_ page: PageRequest) async throws -> Page<BlockEntry> {
        let key = try PageCursor.key(page, of: "blocks", bytes: 8)
        let before = key.map { Int64(keyBytes: $0) } ?? .max
        return try await read { db, place in
            let rows = try Row.fetchAll(
                db,
                sql: "SELECT * FROM blocks WHERE height < ? ORDER BY height DESC LIMIT ?",
                arguments: [before, page.limit + 1]
            )
            let found = rows.map { BlockEntry($0) }
            return Page(found, page, "blocks", place.height) { entry in
                entry.height.rawValue.stored.keyBytes
            }
        }
    }
}

extension Ordinal {
    static func key(_ height: BlockHeight, _ index: UInt64) -> [UInt8] {
        Int64(height.rawValue << bits | index).keyBytes
    }
}

extension BlockTransaction {
    init(_ row: Row) throws {
        self.init(
            digest: try row.digest("digest"),
            sender: AccountID(try row.digest("account")),
            sequence: row.number("sequence"),
            fee: try row.amount("fee"),
            messages: UInt8(clamping: row["messages"] as Int64),
            code: UInt32(clamping: row["code"] as Int64),
            messageIndex: UInt8(clamping: row["message"] as Int64),
            events: UInt32(clamping: row["events"] as Int64)
        )
    }
}
