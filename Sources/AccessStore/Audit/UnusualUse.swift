public import AccessCore
public import MarketTypes

extension AccessDatabase {
    /// Writes down that a key asked more often in a minute than is usual for it.
    ///
    /// - Parameters:
    ///   - key: the key's id, or a session or the client's name with whose it is; never a secret.
    ///   - count: the requests of the minute so far.
    ///   - usualMax: how many would have been usual.
    public func noteUnusualUse(
        of key: String,
        by caller: Caller,
        count: UInt64,
        usualMax: UInt64,
        source: String,
        at now: Timestamp
    ) async throws {
        try await write { db in
            try db.auditSparingly(
                AuditEntry(
                    .keyUnusual,
                    in: caller.organisation,
                    by: "system",
                    subject: key,
                    detail: "\(count) requests in a minute, usual are at most \(usualMax)",
                    source: source
                ),
                at: now
            )
        }
    }
}
