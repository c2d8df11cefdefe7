public import AccessCore
public import MarketTypes

/// Limits in PostgreSQL: for several machines, each with as many processes as it likes.
///
/// While the database does not answer, everything throws
/// ``AccessStoreError/limitsUnreachable(_:)``, and nothing may be let through.
public struct PostgresLimits: Sendable {
    let pool: PostgresPool

    /// Counts in the database at this address; connects when something is to be counted.
    public init(_ address: PostgresAddress) {
        pool = PostgresPool(address)
    }

    /// Makes the tables if there are none, and sees whether the database answers.
    ///
    /// - Throws: ``AccessStoreError/limitsUnreachable(_:)``.
    public func check() async throws {
        try await pool.transaction { connection in
            _ = try connection.run("SELECT format FROM stoa_limits.place")
        }
    }
}

extension PostgresLimits: RateStore {
    public func take(_ uses: [BucketUse], at now: Timestamp) async throws -> [RateDecision] {
        // Room is made now and then: the more often, the less at once.
        let (sweeps, counts) = (Int.random(in: 0..<16) == 0, Int.random(in: 0..<1_024) == 0)
        return try await pool.transaction { connection in
            var buckets = try connection.lockBuckets(uses, at: now)
            var decisions: [RateDecision] = []
            for use in uses {
                guard var bucket = buckets[use.bucket] else {
                    throw AccessStoreError.damaged(column: "buckets")
                }
                let decision = bucket.take(use.tokens, policy: use.policy, at: now)
                decisions.append(decision)
                guard decision.isAllowed else { return decisions }
                buckets[use.bucket] = bucket
            }
            for (use, decision) in zip(uses, decisions) {
                guard let bucket = buckets[use.bucket] else { continue }
                try connection.run(
                    """
                        UPDATE stoa_limits.buckets
                        SET level = $2::int8, updated = $3::int8, filled = $4::int8
                        WHERE name = $1::bytea
                        """,
                    [
                        .bytes(Array(use.bucket.utf8)), .integer(Int64(clamping: bucket.level)),
                        .time(bucket.updated),
                        .time(now.adding(milliseconds: decision.fullAfterMilliseconds)),
                    ]
                )
            }
            if sweeps { try connection.forgetFullBuckets(at: now) }
            if counts { try connection.boundBuckets() }
            return decisions
        }
    }
}

extension PostgresConnection {
    /// The buckets, full ones where there were none, each locked, by name: whoever locks several
    /// does so in the same order.
    fileprivate func lockBuckets(
        _ uses: [BucketUse],
        at now: Timestamp
    ) throws -> [String: TokenBucket] {
        let names = Set(uses.map(\.bucket)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let arrays: [PostgresValue] = [.byteArray(names.map { Array($0.utf8) })]
        let locking = """
            SELECT name, level, updated FROM stoa_limits.buckets
            WHERE name = ANY($1::bytea[]) ORDER BY name FOR UPDATE
            """
        var rows = names.count == 1 ? try run(locking, arrays) : []
        if rows.count < names.count {
            // Made before any is locked, in the same order.
            let moment: [PostgresValue] = [.time(now)]
            try run(
                """
                    INSERT INTO stoa_limits.buckets
                    SELECT name, -1, $2::int8, $2::int8
                    FROM unnest($1::bytea[]) AS name ORDER BY name
                    ON CONFLICT DO NOTHING
                    """,
                arrays + moment
            )
            rows = try run(locking, arrays)
        }
        // One that somebody forgot meanwhile comes again with the next attempt.
        guard rows.count == names.count else { throw PostgresFault.conflict }
        var found: [String: TokenBucket] = [:]
        for row in rows {
            let (name, level) = (try row.text(0), try row.integer(1))
            let policy = uses.first { $0.bucket == name }?.policy
            guard let policy else { throw AccessStoreError.damaged(column: "buckets") }
            found[name] =
                level < 0
                ? TokenBucket(policy, at: now)
                : TokenBucket(level: UInt64(level), updated: try row.time(2))
        }
        return found
    }

    /// Forgets some that are full again, which is as if they had never been.
    fileprivate func forgetFullBuckets(at now: Timestamp) throws {
        try run(
            """
                DELETE FROM stoa_limits.buckets WHERE name IN (
                    SELECT name FROM stoa_limits.buckets WHERE filled <= $1::int8
                    ORDER BY filled LIMIT 64 FOR UPDATE SKIP LOCKED)
                """,
            [.time(now)]
        )
    }

    /// If there are too many all the same, forgets those that will be full first.
    fileprivate func boundBuckets() throws {
        let found = try run("SELECT count(*) FROM stoa_limits.buckets").first?.integer(0)
        let above = (found ?? 0) - Int64(LimitBounds.bucketsMax)
        guard above > 0 else { return }
        try run(
            """
                DELETE FROM stoa_limits.buckets WHERE name IN (
                    SELECT name FROM stoa_limits.buckets
                    ORDER BY filled LIMIT $1::int8 FOR UPDATE SKIP LOCKED)
                """,
            [.integer(min(above, 8_192))]
        )
    }
}
