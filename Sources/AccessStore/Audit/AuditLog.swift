public import AccessCore
import FoundationEssentials
import GRDB
public import MarketTypes

extension Database {
    /// Writes an entry at the end of the audit log, in the transaction of what it tells of.
    func audit(_ entry: AuditEntry, at now: Timestamp) throws {
        let last = try Row.fetchOne(
            self,
            sql: "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1"
        )
        let sequence: Int64 = last?["sequence"] ?? 0
        let previous = try last?.digest("hash") ?? .zero
        let record = AuditRecord(
            entry,
            sequence: UInt64(sequence) + 1,
            time: now,
            previous: previous
        )
        try execute(
            sql: "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                sequence + 1, now.stored, record.action.rawValue, record.organisation.blob,
                record.actor, record.subject, record.detail, record.source, previous.blob,
                record.hash.blob,
            ]
        )
    }

    /// Writes an entry that a stranger can cause, at most once a minute for the same subject.
    func auditSparingly(_ entry: AuditEntry, at now: Timestamp) throws {
        let recent = try Bool.fetchOne(
            self,
            sql: """
                SELECT 1 FROM (SELECT * FROM audit WHERE organisation = ?
                    ORDER BY sequence DESC LIMIT 100)
                WHERE action = ? AND subject = ? AND time > ?
                """,
            arguments: [
                entry.organisation.blob, entry.action.rawValue, entry.subject,
                now.stored - 60_000,
            ]
        )
        if recent != true { try audit(entry, at: now) }
    }
}

extension AuditRecord {
    init(_ row: Row) throws {
        guard let action = AuditAction(rawValue: row["action"]) else {
            throw AccessStoreError.damaged(column: "action")
        }
        self.init(
            AuditEntry(
                action,
                in: try row.organisation("organisation"),
                by: row["actor"],
                subject: row["subject"],
                detail: row["detail"],
                source: row["source"]
            ),
            sequence: UInt64(max(0, row["sequence"] as Int64)),
            time: row.time("time"),
            previous: try row.digest("previous")
        )
    }
}

/// The end of an audit log: who keeps it can check everything before it.
public struct AuditHead: Hashable, Sendable {
    /// How many records there are.
    public let count: UInt64
    /// The hash of the last; zero if there is none.
    public let hash: Digest

    /// Names an end.
    public init(count: UInt64, hash: Digest) {
        self.count = count
        self.hash = hash
    }
}

extension AccessDatabase {
    /// The most records that are read at once.
    public static let auditPageMax = 1_000

    /// Records after a place, oldest first, of one organisation or of all.
    public func auditRecords(
        after sequence: UInt64,
        of organisation: OrganisationID?,
        limit: Int
    ) async throws -> [AuditRecord] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM audit WHERE sequence > ?1 AND (?2 IS NULL OR organisation = ?2)
                    ORDER BY sequence LIMIT ?3
                    """,
                arguments: [
                    Int64(clamping: sequence), organisation?.blob,
                    max(0, min(limit, Self.auditPageMax)),
                ]
            ).map { try AuditRecord($0) }
        }
    }

    /// Records before a place, the latest first, of one organisation; nil begins at the end.
    public func latestAuditRecords(
        of organisation: OrganisationID,
        before sequence: UInt64?,
        limit: Int
    ) async throws -> [AuditRecord] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM audit WHERE organisation = ? AND sequence < ?
                    ORDER BY sequence DESC LIMIT ?
                    """,
                arguments: [
                    organisation.blob, sequence.map { Int64(clamping: $0) } ?? .max,
                    max(0, min(limit, Self.auditPageMax)),
                ]
            ).map { try AuditRecord($0) }
        }
    }

    /// Walks the whole log and checks every hash.
    ///
    /// - Parameter seen: an end that was seen earlier, which must still be part of it.
    /// - Returns: where the log ends.
    /// - Throws: ``AuditFault``.
    public func verifyAudit(seen: AuditHead? = nil) async throws -> AuditHead {
        try await read { db in
            var walk = AuditWalk()
            let rows = try Row.fetchCursor(db, sql: "SELECT * FROM audit ORDER BY sequence")
            while let row = try rows.next() {
                try walk.step(try AuditRecord(row), storedHash: try row.digest("hash"))
                if let seen, seen.count == walk.count, seen.hash != walk.head {
                    throw AuditFault.altered(at: walk.count)
                }
            }
            if let seen, seen.count > walk.count { throw AuditFault.cut(at: walk.count + 1) }
            return AuditHead(count: walk.count, hash: walk.head)
        }
    }
}
