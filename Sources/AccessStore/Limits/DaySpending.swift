public import AccessCore
import GRDB
public import MarketTypes

/// What a key spent on a day, on all models or on one.
public struct DaySpending: Hashable, Sendable {
    /// The most lines that are read at once.
    public static let linesMax = 20_000

    /// Which key.
    public let key: APIKeyID
    /// What its holder calls it.
    public let label: String
    /// On which model; nil for all together.
    public let model: String?
    /// On which day of UTC, counted from 1970-01-01.
    public let day: UInt32
    /// Counted in what.
    public let denomination: Denomination
    /// How much; what open calls may yet charge is not in it.
    public let amount: Amount
}

extension AccessDatabase {
    /// The most keys that are named at once, over or not.
    static let labelsMax = 10_000

    /// What an organisation calls its keys, also those that are over; of these the latest, if there
    /// are too many.
    public func labels(
        of organisation: OrganisationID,
        at now: Timestamp
    ) async throws -> [APIKeyID: String] {
        try await read { db in
            let rows = try db.rows(
                """
                    SELECT id, label FROM keys WHERE organisation = ?1
                    ORDER BY expires > ?2 AND (ends IS NULL OR ends > ?2) DESC, created DESC
                    LIMIT ?3
                    """,
                arguments: [organisation.blob, now.stored, Self.labelsMax]
            )
            var labels: [APIKeyID: String] = [:]
            for row in rows { labels[try row.key("id")] = row["label"] }
            return labels
        }
    }
}

extension SQLiteLimits {
    public func spending(
        of labels: [APIKeyID: String],
        days: ClosedRange<UInt32>
    ) async throws -> [DaySpending] {
        // Names of keys are letters and digits.
        let keys = "[" + labels.keys.map { "\"\($0.text)\"" }.joined(separator: ",") + "]"
        return try await database.read { db in
            try db.rows(
                """
                    SELECT key, denomination, model, day, settled FROM counters
                    WHERE key IN (SELECT value FROM json_each(?)) AND day BETWEEN ? AND ?
                    ORDER BY day DESC, key, model LIMIT ?
                    """,
                arguments: [
                    keys, Int64(days.lowerBound), Int64(days.upperBound), DaySpending.linesMax,
                ]
            ).map { row in
                let (model, day): (String, Int64) = (row["model"], row["day"])
                let key = try row.key("key")
                return DaySpending(
                    key: key,
                    label: labels[key] ?? "",
                    model: model.isEmpty ? nil : model,
                    day: UInt32(clamping: day),
                    denomination: try row.denomination("denomination"),
                    amount: try row.amount("settled")
                )
            }
        }
    }
}
