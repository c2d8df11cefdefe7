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
    /// What the keys of an organisation spent on some days, by day, key and model.
    ///
    /// - Returns: at most ``DaySpending/linesMax`` lines, of the latest days.
    public func spending(
        of organisation: OrganisationID,
        days: ClosedRange<UInt32>
    ) async throws -> [DaySpending] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT c.key, c.denomination, c.model, c.day, c.settled, k.label
                    FROM keys AS k JOIN counters AS c ON c.key = k.id
                    WHERE k.organisation = ? AND c.day BETWEEN ? AND ?
                    ORDER BY c.day DESC, c.key, c.model LIMIT ?
                    """,
                arguments: [
                    organisation.blob, Int64(days.lowerBound), Int64(days.upperBound),
                    DaySpending.linesMax,
                ]
            ).map { row in
                let (model, day): (String, Int64) = (row["model"], row["day"])
                return DaySpending(
                    key: try row.key("key"),
                    label: row["label"],
                    model: model.isEmpty ? nil : model,
                    day: UInt32(clamping: day),
                    denomination: try row.denomination("denomination"),
                    amount: try row.amount("settled")
                )
            }
        }
    }
}
