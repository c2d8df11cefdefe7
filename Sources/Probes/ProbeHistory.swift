import FoundationEssentials
import GRDB
public import MarketTypes

/// What probes found, by hours, and the incidents of ninety days, in a small SQLite file.
public final class ProbeHistory: Sendable {
    /// How long it is kept, in milliseconds.
    public static let keptMilliseconds: UInt64 = 90 * 24 * hourMilliseconds
    /// The most incidents that are kept.
    public static let incidentsMax = 1_000
    /// So many looks in a row that find a fault are an incident; one alone may be chance.
    static let faultsOfIncident = 2
    /// A longer time without a look is one in which nobody looked.
    static let gapMilliseconds: UInt64 = 5 * 60_000
    /// The longest text of a fault, in characters.
    static let faultCharactersMax = 200
    /// What an incident is called in which nobody looked.
    public static let marketName = "market"

    private static let hourMilliseconds: UInt64 = 3_600_000
    private let queue: DatabaseQueue

    /// Opens the file at `path`, making it if there is none.
    ///
    /// - Throws: `DatabaseError`.
    public init(path: String) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.write { db in
            try db.execute(
                sql: """
                    CREATE TABLE IF NOT EXISTS probes(
                        name TEXT PRIMARY KEY, faults INTEGER NOT NULL, failing INTEGER,
                        seen INTEGER NOT NULL, took INTEGER NOT NULL
                    ) WITHOUT ROWID;
                    CREATE TABLE IF NOT EXISTS hours(
                        probe TEXT NOT NULL, hour INTEGER NOT NULL, looks INTEGER NOT NULL,
                        good INTEGER NOT NULL, PRIMARY KEY(probe, hour)
                    ) WITHOUT ROWID;
                    CREATE TABLE IF NOT EXISTS incidents(
                        id INTEGER PRIMARY KEY, probe TEXT NOT NULL, began INTEGER NOT NULL,
                        ended INTEGER, fault TEXT NOT NULL
                    );
                    """
            )
        }
    }

    /// Writes down a look; a time without any becomes an incident of the market itself.
    public func note(
        _ name: String,
        fault: String?,
        milliseconds: UInt64,
        at now: Timestamp
    ) async throws {
        try await queue.write { db in
            let time = Int64(clamping: now.milliseconds)
            try Self.noteGap(before: now, db)
            try db.execute(
                sql: """
                    INSERT INTO hours VALUES (?1, ?2, 1, ?3) ON CONFLICT(probe, hour)
                    DO UPDATE SET looks = looks + 1, good = good + ?3
                    """,
                arguments: [
                    name, Int64(clamping: now.milliseconds / Self.hourMilliseconds),
                    fault == nil ? 1 : 0,
                ]
            )
            try db.execute(
                sql: """
                    INSERT INTO probes VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT(name)
                    DO UPDATE SET faults = CASE ?2 WHEN 0 THEN 0 ELSE faults + 1 END,
                        failing = CASE ?2 WHEN 0 THEN NULL ELSE coalesce(failing, ?3) END,
                        seen = ?4, took = ?5
                    """,
                arguments: [
                    name, fault == nil ? 0 : 1, fault == nil ? nil : time, time,
                    Int64(clamping: milliseconds),
                ]
            )
            try Self.noteIncident(name, fault, time, db)
            try Self.prune(now, db)
        }
    }

    private static func noteGap(before now: Timestamp, _ db: Database) throws {
        let last = try Int64.fetchOne(db, sql: "SELECT max(seen) FROM probes")
        guard let last, Int64(clamping: now.milliseconds) - last > Int64(gapMilliseconds) else {
            return
        }
        try db.execute(
            sql: "INSERT INTO incidents(probe, began, ended, fault) VALUES (?, ?, ?, ?)",
            arguments: [
                marketName, last, Int64(clamping: now.milliseconds), "the market did not run",
            ]
        )
    }

    private static func noteIncident(
        _ name: String,
        _ fault: String?,
        _ time: Int64,
        _ db: Database
    ) throws {
        guard let fault else {
            return try db.execute(
                sql: "UPDATE incidents SET ended = ? WHERE probe = ? AND ended IS NULL",
                arguments: [time, name]
            )
        }
        let row = try Row.fetchOne(
            db,
            sql: "SELECT faults, failing FROM probes WHERE name = ?",
            arguments: [name]
        )
        guard let row, row["faults"] == faultsOfIncident else { return }
        try db.execute(
            sql: "INSERT INTO incidents(probe, began, fault) VALUES (?, ?, ?)",
            arguments: [
                name, row["failing"] as Int64?, String(fault.prefix(faultCharactersMax)),
            ]
        )
    }

    private static func prune(_ now: Timestamp, _ db: Database) throws {
        let oldest = Int64(clamping: now.milliseconds - min(now.milliseconds, keptMilliseconds))
        try db.execute(
            sql: "DELETE FROM hours WHERE hour < ?",
            arguments: [oldest / Int64(hourMilliseconds)]
        )
        try db.execute(
            sql: """
                DELETE FROM incidents WHERE ended < ? OR id <= (
                    SELECT id FROM incidents ORDER BY id DESC LIMIT 1 OFFSET ?)
                """,
            arguments: [oldest, incidentsMax]
        )
    }

    /// How each thing has been, by name.
    public func summaries(at now: Timestamp) async throws -> [ProbeSummary] {
        let hour = Int64(clamping: now.milliseconds / Self.hourMilliseconds)
        return try await queue.read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM probes ORDER BY name LIMIT 64").map { row in
                let name: String = row["name"]
                func count(hours: Int64) throws -> ProbeCount {
                    let sums = try Row.fetchOne(
                        db,
                        sql: """
                            SELECT coalesce(sum(looks), 0) AS looks, coalesce(sum(good), 0) AS good
                            FROM hours WHERE probe = ? AND hour > ?
                            """,
                        arguments: [name, hour - hours]
                    )
                    return ProbeCount(
                        looks: UInt64(max(0, sums?["looks"] as Int64? ?? 0)),
                        good: UInt64(max(0, sums?["good"] as Int64? ?? 0))
                    )
                }
                return ProbeSummary(
                    name: name,
                    isGood: row["faults"] == 0,
                    seen: Timestamp(milliseconds: UInt64(max(0, row["seen"] as Int64))),
                    milliseconds: UInt64(max(0, row["took"] as Int64)),
                    day: try count(hours: 24),
                    quarter: try count(hours: 90 * 24)
                )
            }
        }
    }

    /// What was not well, the latest first.
    public func incidents(limit: Int) async throws -> [ProbeIncident] {
        try await queue.read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT * FROM incidents ORDER BY began DESC, id DESC LIMIT ?",
                arguments: [max(0, min(limit, Self.incidentsMax))]
            ).map { row in
                let ended: Int64? = row["ended"]
                return ProbeIncident(
                    name: row["probe"],
                    began: Timestamp(milliseconds: UInt64(max(0, row["began"] as Int64))),
                    ended: ended.map { Timestamp(milliseconds: UInt64(max(0, $0))) },
                    fault: row["fault"]
                )
            }
        }
    }
}
