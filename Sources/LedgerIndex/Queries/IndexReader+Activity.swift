import GRDB
public import MarketTypes

extension IndexReader {
    /// The most channels of one payer whose events are looked at, the latest first.
    static let activityChannelsMax = 256

    /// The events of an account's history, and those that name only a channel which it pays from:
    /// what sellers claimed, and what came back. The latest first.
    ///
    /// - Throws: ``IndexError/badQuestion(_:)``, or a `DatabaseError`.
    public func activity(
        of account: AccountID,
        _ page: PageRequest
    ) async throws -> Page<EventEntry> {
        let question = "activity \(account.digest)"
        let key = try PageCursor.key(page, of: question, bytes: 8)
        let before = key.map { Int64(keyBytes: $0) } ?? .max
        return try await read { db, place in
            let opened = try Self.channels(openedBy: account, db, limit: Self.activityChannelsMax)
            var subjects = [Subject.account(account)]
            for fields in opened {
                subjects.append(.channel(ChannelID(try fields.digest("channel"))))
            }
            var rows: [Int64: Row] = [:]
            for subject in subjects {
                for row in try Self.events(naming: subject, before, page.limit + 1, db) {
                    rows[row["id"]] = row
                }
            }
            let found = rows.sorted { $0.key > $1.key }.prefix(page.limit + 1)
                .map { EventEntry($0.value) }
            return Page(found, page, question, place.height) { entry in
                Ordinal.key(entry.height, entry.index)
            }
        }
    }

    private static func events(
        naming subject: Subject,
        _ before: Int64,
        _ limit: Int,
        _ db: Database
    ) throws -> [Row] {
        let statement = try db.cachedStatement(
            sql: """
                SELECT e.*, b.time
                FROM mentions AS m CROSS JOIN events AS e ON e.id = m.event
                JOIN blocks AS b ON b.height = e.id >> \(Ordinal.bits)
                WHERE m.subject = (SELECT id FROM subjects WHERE kind = ? AND name = ?)
                    AND m.event < ? ORDER BY m.event DESC LIMIT ?
                """
        )
        return try Row.fetchAll(
            statement,
            arguments: [subject.kind, subject.name.blob, before, limit]
        )
    }
}
