import GRDB
import MarketTypes

/// What was answered to requests with an idempotency key, in a small SQLite file: a client that
/// lost an answer has it again, also after a restart.
///
/// A transaction takes effect once by its own digest; this says the same of requests, and finds two
/// different requests under one name: also when both run, in two processes that share the file, and
/// when a process ended before it could keep the answer. What was refused before it reached a block
/// is not kept.
public final class AnswerStore: Sendable {
    /// One request under its name.
    struct Attempt: Hashable, Sendable {
        /// Operation, owner and key.
        let name: String
        /// What the request asked for.
        let fingerprint: Digest
    }

    /// What is known of an attempt.
    enum Beginning: Hashable, Sendable {
        /// No answer: whoever asked must ``AnswerStore/keep(_:for:at:)`` the answer,
        /// or ``AnswerStore/endWithoutEffect(_:)`` it.
        case new
        /// The answer.
        case answered(String)
        /// The name stands for another request.
        case used
    }

    /// The most answers that are kept; the oldest go first.
    static let answersMax: Int64 = 10_000
    /// The largest answer that is kept.
    static let answerBytesMax = 1 << 20
    /// How long an answer is kept.
    static let keptMilliseconds: UInt64 = 24 * 3_600_000

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
                    CREATE TABLE IF NOT EXISTS answers (
                        name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, answer TEXT NOT NULL,
                        made INTEGER NOT NULL
                    ) WITHOUT ROWID;
                    CREATE TABLE IF NOT EXISTS claims (
                        name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, made INTEGER NOT NULL,
                        open INTEGER NOT NULL
                    ) WITHOUT ROWID;
                    CREATE INDEX IF NOT EXISTS claims_made ON claims (made);
                    CREATE INDEX IF NOT EXISTS answers_made ON answers (made);
                    """
            )
        }
    }

    /// Says what is known of an attempt, and writes down that its name is taken if that is nothing.
    func begin(_ attempt: Attempt, at time: Timestamp) async throws -> Beginning {
        let oldest = Self.oldest(at: time)
        return try await queue.write { db in
            try Self.claim(attempt, in: db, oldest, Int64(clamping: time.milliseconds))
        }
    }

    private static func claim(
        _ attempt: Attempt,
        in db: Database,
        _ oldest: Int64,
        _ now: Int64
    ) throws -> Beginning {
        let fingerprint = "\(attempt.fingerprint)"
        let kept = try Row.fetchOne(
            db,
            sql: "SELECT fingerprint, answer FROM answers WHERE name = ? AND made >= ?",
            arguments: [attempt.name, oldest]
        )
        if let kept {
            return kept["fingerprint"] == fingerprint ? .answered(kept["answer"]) : .used
        }
        try db.execute(sql: "DELETE FROM claims WHERE made < ?", arguments: [oldest])
        let claimed = try String.fetchOne(
            db,
            sql: "SELECT fingerprint FROM claims WHERE name = ?",
            arguments: [attempt.name]
        )
        guard claimed ?? fingerprint == fingerprint else { return .used }
        try db.execute(
            sql: """
                INSERT INTO claims VALUES (?, ?, ?, 1)
                ON CONFLICT (name) DO UPDATE SET made = excluded.made, open = open + 1
                """,
            arguments: [attempt.name, fingerprint, now]
        )
        try limit("claims", in: db)
        return .new
    }

    /// Ends an attempt that is known to have done nothing: once all of its name have, the name may
    /// stand for another request. One whose outcome is unknown is never ended.
    func endWithoutEffect(_ attempt: Attempt) async throws {
        try await queue.write { db in
            try db.execute(
                sql: "UPDATE claims SET open = open - 1 WHERE name = ? AND fingerprint = ?",
                arguments: [attempt.name, "\(attempt.fingerprint)"]
            )
            try db.execute(
                sql: "DELETE FROM claims WHERE name = ? AND open <= 0",
                arguments: [attempt.name]
            )
        }
    }

    /// Keeps an answer, durably, before anybody sees it.
    func keep(_ answer: String, for attempt: Attempt, at time: Timestamp) async throws {
        guard answer.utf8.count <= Self.answerBytesMax else { return }
        let oldest = Self.oldest(at: time)
        try await queue.write { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)",
                arguments: [
                    attempt.name, "\(attempt.fingerprint)", answer,
                    Int64(clamping: time.milliseconds),
                ]
            )
            try db.execute(
                sql: "DELETE FROM claims WHERE name = ?",
                arguments: [attempt.name]
            )
            try db.execute(sql: "DELETE FROM answers WHERE made < ?", arguments: [oldest])
            try Self.limit("answers", in: db)
        }
    }

    private static func limit(_ table: String, in db: Database) throws {
        let count = try Int64.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0
        guard count > answersMax else { return }
        try db.execute(
            sql: """
                DELETE FROM \(table) WHERE name IN
                    (SELECT name FROM \(table) ORDER BY made LIMIT ?)
                """,
            arguments: [count - answersMax]
        )
    }

    private static func oldest(at time: Timestamp) -> Int64 {
        let kept = min(time.milliseconds, keptMilliseconds)
        return Int64(clamping: time.milliseconds - kept)
    }
}
