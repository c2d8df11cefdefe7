public import AccessCore
import FoundationEssentials
import GRDB
public import MarketTypes

/// A program that acts in somebody's name, because they allowed it.
public struct AllowedProgram: Hashable, Sendable {
    /// The most that are listed.
    public static let countMax = 200

    /// What a program that acts for itself is given lives no longer, in milliseconds; nobody
    /// allowed that, and whoever registered the program ends it.
    static let ownMilliseconds = Int64(
        (AccessToken.lifeSeconds + AccessToken.skewSeconds) * 1_000
    )

    /// The program's client.
    public let client: String
    /// What whoever registered it calls it.
    public let name: String
    /// What it may do.
    public let scopes: ScopeSet
    /// When it was allowed last.
    public let allowed: Timestamp
    /// When that ends by itself.
    public let ends: Timestamp
}

extension AccessDatabase {
    /// The programs that act in somebody's name in an organisation, what was allowed last first.
    public func programs(
        of caller: Caller,
        at now: Timestamp
    ) async throws -> [AllowedProgram] {
        try await read { db in
            let rows = try db.rows(
                """
                    SELECT client, name, families.scopes AS allowed, families.created AS since,
                        families.expires AS ends
                    FROM families JOIN clients ON clients.id = client
                    WHERE families.user = ? AND families.organisation = ? AND families.expires > ?
                        AND families.revoked IS NULL AND clients.revoked IS NULL
                        AND families.expires - families.created > ?
                    ORDER BY families.created DESC, families.id LIMIT ?
                    """,
                arguments: [
                    caller.user.blob, caller.organisation.blob, now.stored,
                    AllowedProgram.ownMilliseconds,
                    AllowedProgram.countMax * OAuthClient.grantsPerUserMax,
                ]
            )
            var places: [String: Int] = [:]
            var found: [AllowedProgram] = []
            for row in rows {
                let next = AllowedProgram(
                    client: row["client"],
                    name: row["name"],
                    scopes: try row.scopes("allowed"),
                    allowed: row.time("since"),
                    ends: row.time("ends")
                )
                // Allowed more than once: what it may do is all of it, until the last ends.
                guard let place = places[next.client] else {
                    places[next.client] = found.count
                    found.append(next)
                    continue
                }
                let known = found[place]
                found[place] = AllowedProgram(
                    client: known.client,
                    name: known.name,
                    scopes: ScopeSet(known.scopes.scopes + next.scopes.scopes),
                    allowed: known.allowed,
                    ends: max(known.ends, next.ends)
                )
            }
            return Array(found.prefix(AllowedProgram.countMax))
        }
    }

    /// Ends everything that somebody allowed a program in an organisation, also what it has not
    /// fetched yet; nothing happens if that is nothing.
    public func withdraw(
        program client: String,
        by caller: Caller,
        source: String,
        at now: Timestamp
    ) async throws {
        try await write { db in
            let whose: StatementArguments = [
                client, caller.user.blob, caller.organisation.blob,
            ]
            try db.change(
                """
                    UPDATE codes SET used = 1
                    WHERE client = ? AND user = ? AND organisation = ? AND used = 0
                    """,
                arguments: whose
            )
            let codes = db.changesCount
            try db.change(
                """
                    UPDATE families SET revoked = ?
                    WHERE client = ? AND user = ? AND organisation = ? AND revoked IS NULL
                        AND expires - created > ?
                    """,
                arguments: [now.stored] + whose + [AllowedProgram.ownMilliseconds]
            )
            guard codes + db.changesCount > 0 else { return }
            try db.audit(
                .programWithdrawn,
                in: caller.organisation,
                by: caller,
                subject: "client:\(client)",
                source: source,
                at: now
            )
        }
    }
}

extension Database {
    /// Makes room for one more grant of a user's to a program, by ending the oldest of as many as
    /// there may be (``OAuthClient/grantsPerUserMax``).
    ///
    /// What ended an hour ago is forgotten: no token of it is valid any more.
    func endOldestGrant(
        to client: String,
        by user: UserID,
        _ source: String,
        at now: Timestamp
    ) throws {
        let ended = """
            SELECT id FROM families WHERE client = ? AND user = ? AND revoked < ?
            """
        let whose: StatementArguments = [client, user.blob, now.stored - 3_600_000]
        try change("DELETE FROM refreshes WHERE family IN (\(ended))", arguments: whose)
        try change("DELETE FROM families WHERE id IN (\(ended))", arguments: whose)
        let left = try rows(
            """
                SELECT id FROM families
                WHERE client = ? AND user = ? AND revoked IS NULL AND expires - created > ?
                ORDER BY created DESC, id LIMIT -1 OFFSET ?
                """,
            arguments: [
                client, user.blob, AllowedProgram.ownMilliseconds,
                OAuthClient.grantsPerUserMax - 1,
            ]
        )
        for row in left {
            guard let family = TokenFamilyID(bytes: row.bytes("id")) else { continue }
            try revoke(family, why: "newer ones took its place", source: source, at: now)
        }
    }
}
