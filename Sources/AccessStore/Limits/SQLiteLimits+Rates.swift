public import AccessCore
import GRDB
public import MarketTypes

/// Limits in the access database: for one machine, whatever number of processes.
public struct SQLiteLimits: Sendable {
    let database: AccessDatabase

    /// Counts in this database.
    public init(_ database: AccessDatabase) {
        self.database = database
    }
}

extension SQLiteLimits: RateStore {
    public func take(_ uses: [BucketUse], at now: Timestamp) async throws -> [RateDecision] {
        try await database.writeTogether { db in
            var taken: [(BucketUse, TokenBucket, RateDecision)] = []
            for use in uses {
                let row = try db.row(
                    "SELECT level, updated FROM buckets WHERE name = ?",
                    arguments: [use.bucket]
                )
                var bucket =
                    row.map {
                        TokenBucket(
                            level: UInt64(max(0, $0[0] as Int64)),
                            updated: Timestamp(milliseconds: UInt64(max(0, $0[1] as Int64)))
                        )
                    } ?? TokenBucket(use.policy, at: now)
                let decision = bucket.take(use.tokens, policy: use.policy, at: now)
                taken.append((use, bucket, decision))
                guard decision.isAllowed else { return taken.map(\.2) }
            }
            for (use, bucket, decision) in taken {
                try db.change(
                    """
                        INSERT INTO buckets VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE
                        SET level = excluded.level, updated = excluded.updated,
                            full = excluded.full
                        """,
                    arguments: [
                        use.bucket, Int64(clamping: bucket.level), bucket.updated.stored,
                        now.adding(milliseconds: decision.fullAfterMilliseconds).stored,
                    ]
                )
            }
            try Self.makeRoom(db, at: now)
            return taken.map(\.2)
        }
    }

    /// Forgets a few buckets that are full again, which is as if they had never been; and if there
    /// are still too many, those that will be full first.
    private static func makeRoom(_ db: Database, at now: Timestamp) throws {
        try db.change(
            """
                DELETE FROM buckets WHERE name IN
                (SELECT name FROM buckets WHERE full <= ? ORDER BY full LIMIT 4)
                """,
            arguments: [now.stored]
        )
        guard now.milliseconds % 64 == 0 else { return }
        let count = try db.number("SELECT count(*) FROM buckets") ?? 0
        guard count > LimitBounds.bucketsMax else { return }
        try db.change(
            """
                DELETE FROM buckets WHERE name IN
                (SELECT name FROM buckets ORDER BY full LIMIT ?)
                """,
            arguments: [count - LimitBounds.bucketsMax]
        )
    }
}
