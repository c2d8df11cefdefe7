import GRDB
import Identity
public import MarketTypes

/// What a seller was paid from a channel, in one claim.
public struct ClaimEntry: Hashable, Sendable {
    /// The most claims that one question answers.
    public static let countMax = 2_000
    /// The most channels of one payer that are looked at, the latest first.
    public static let channelsMax = 2_000

    /// The block.
    public let height: BlockHeight
    /// The block's time.
    public let time: Timestamp
    /// The channel.
    public let channel: ChannelID
    /// Who was paid.
    public let payee: AccountID
    /// How much, in what the channel counts.
    public let amount: Amount
}

extension IndexReader {
    /// What sellers claimed from an account's channels in blocks from one time until before
    /// another, oldest first.
    ///
    /// - Returns: at most ``ClaimEntry/countMax`` claims, and whether there are more.
    public func claims(
        paidBy payer: AccountID,
        from start: Timestamp,
        until end: Timestamp
    ) async throws -> (claims: [ClaimEntry], isCut: Bool) {
        try await read { db, _ in
            let opened = try Self.channels(openedBy: payer, db, limit: ClaimEntry.channelsMax + 1)
            var found: [ClaimEntry] = []
            for fields in opened.prefix(ClaimEntry.channelsMax) {
                let channel = ChannelID(try fields.digest("channel"))
                let payee = try fields.account("payee")
                found += try Self.claims(of: channel, payee, from: start, until: end, db)
                if found.count > ClaimEntry.countMax { break }
            }
            let isCut =
                found.count > ClaimEntry.countMax || opened.count > ClaimEntry.channelsMax
            found.sort { ($0.height, $0.channel.digest) < ($1.height, $1.channel.digest) }
            return (Array(found.prefix(ClaimEntry.countMax)), isCut)
        }
    }

    /// The events in which a payer opened channels, the latest first.
    static func channels(
        openedBy payer: AccountID,
        _ db: Database,
        limit: Int
    ) throws -> [EventFields] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT e.json FROM mentions AS m CROSS JOIN events AS e ON e.id = m.event
                WHERE m.subject = (SELECT id FROM subjects WHERE kind = 'account' AND name = ?1)
                    AND e.name = 'channels.opened' AND json_extract(e.json, '$.payer') = ?2
                ORDER BY m.event DESC LIMIT ?3
                """,
            arguments: [payer.digest.blob, "\(payer)", limit]
        ).map { try EventFields($0["json"]) }
    }

    private static func claims(
        of channel: ChannelID,
        _ payee: AccountID,
        from start: Timestamp,
        until end: Timestamp,
        _ db: Database
    ) throws -> [ClaimEntry] {
        let rows = try db.cachedStatement(
            sql: """
                SELECT e.id, e.json, b.time
                FROM mentions AS m CROSS JOIN events AS e ON e.id = m.event
                JOIN blocks AS b ON b.height = e.id >> \(Ordinal.bits)
                WHERE m.subject = (SELECT id FROM subjects WHERE kind = 'channel' AND name = ?)
                    AND e.name = 'channels.claimed' AND b.time >= ? AND b.time < ?
                ORDER BY m.event LIMIT ?
                """
        )
        return try Row.fetchAll(
            rows,
            arguments: [
                channel.digest.blob, start.milliseconds.stored, end.milliseconds.stored,
                ClaimEntry.countMax + 1,
            ]
        ).map { row in
            ClaimEntry(
                height: Ordinal(rawValue: row["id"]).height,
                time: Timestamp(milliseconds: row.number("time")),
                channel: channel,
                payee: payee,
                amount: try EventFields(row["json"]).amount("paid")
            )
        }
    }
}
