import FoundationEssentials
import GRDB
import LedgerClient
import LedgerCore
import MarketTypes

/// Writes blocks that follow the last one, and what they changed in the catalogue.
///
/// Everything happens in the one transaction of the caller, the new height included: after any
/// end of the process the database holds whole blocks up to a height, and nothing else.
struct BlockWriter {
    let db: Database

    /// - Throws: ``IndexError/gap(expected:found:)`` if a block does not follow the one before, or
    ///   a `DatabaseError`.
    func write(_ blocks: [BlockRows], _ catalogue: CatalogueChanges) throws {
        let place = try IndexPlace(db)
        var height = place.height.rawValue
        for block in blocks {
            guard block.height.rawValue == height + 1 else {
                throw IndexError.gap(expected: height + 1, found: block.height.rawValue)
            }
            height += 1
            try write(block)
        }
        try writeSubjects(blocks)
        try TradeWriter(db: db).write(blocks)
        try CatalogueWriter(db: db).write(catalogue)
        guard let last = blocks.last else { return }
        try db.execute(
            sql: "UPDATE place SET height = ?, time = ?, catalogue = ?",
            arguments: [
                last.height.rawValue.stored, last.time.milliseconds.stored,
                max(place.catalogueHeight, catalogue.height).rawValue.stored,
            ]
        )
    }

    private func write(_ block: BlockRows) throws {
        try db.cachedStatement(sql: "INSERT INTO blocks VALUES (?, ?, ?, ?, ?)").execute(
            arguments: [
                block.height.rawValue.stored, block.time.milliseconds.stored,
                Int64(block.transactions), Int64(block.events.count), block.digest.blob,
            ]
        )
        let insert = try db.cachedStatement(sql: "INSERT INTO events VALUES (?, ?, ?, ?)")
        for event in block.events {
            try insert.execute(arguments: [event.id, event.cause, event.name, event.json])
        }
    }

    /// Counts of a subject that a batch adds.
    private struct Added {
        var events: Int64 = 0
        var transactions: Int64 = 0
        var refused: Int64 = 0
        var first: Int64
        var last: Int64
        var mentions: [Int64] = []
    }

    /// Adds to each subject once for the whole batch, then writes where it is mentioned.
    private func writeSubjects(_ blocks: [BlockRows]) throws {
        var order: [Subject] = []
        var added: [Subject: Added] = [:]
        func add(_ subject: Subject, at height: Int64, _ change: (inout Added) -> Void) {
            if added[subject] == nil { order.append(subject) }
            change(&added[subject, default: Added(first: height, last: height)])
            added[subject]?.last = height
        }
        for block in blocks {
            let height = block.height.rawValue.stored
            for event in block.events {
                for subject in event.subjects {
                    add(subject, at: height) {
                        $0.events += 1
                        $0.mentions.append(event.id)
                    }
                }
            }
            for row in block.included {
                add(.account(row.transaction.sender), at: height) {
                    $0.transactions += 1
                    $0.refused += row.transaction.code == 0 ? 0 : 1
                }
            }
        }
        var numbers: [Subject: Int64] = [:]
        let mention = try db.cachedStatement(sql: "INSERT INTO mentions VALUES (?, ?)")
        for subject in order {
            guard let added = added[subject] else { continue }
            let number = try write(subject, added)
            numbers[subject] = number
            for event in added.mentions { try mention.execute(arguments: [number, event]) }
        }
        for block in blocks { try writeTransactions(block, numbers) }
    }

    private func write(_ subject: Subject, _ added: Added) throws -> Int64 {
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO subjects(kind, name, events, transactions, refused, first, last)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT(kind, name) DO UPDATE SET
                    events = events + excluded.events,
                    transactions = transactions + excluded.transactions,
                    refused = refused + excluded.refused, last = excluded.last
                RETURNING id
                """
        )
        let number = try Int64.fetchOne(
            statement,
            arguments: [
                subject.kind, subject.name.blob, added.events, added.transactions, added.refused,
                added.first, added.last,
            ]
        )
        guard let number else { throw DatabaseError(message: "a subject was not written") }
        return number
    }

    private func writeTransactions(_ block: BlockRows, _ numbers: [Subject: Int64]) throws {
        let insert = try db.cachedStatement(
            sql: "INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        )
        for row in block.included {
            let transaction = row.transaction
            try insert.execute(
                arguments: [
                    row.id, transaction.digest.blob, numbers[.account(transaction.sender)],
                    transaction.sequence.stored, transaction.fee.blob,
                    Int64(transaction.messages), Int64(transaction.code),
                    Int64(transaction.messageIndex), Int64(transaction.events),
                ]
            )
        }
    }
}
