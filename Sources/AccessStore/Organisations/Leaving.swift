import AccessCore
import FoundationEssentials
import GRDB
import MarketTypes

extension Database {
    /// Removes a member with all that acts in their name in an organisation (ACC-62). Whoever comes
    /// back begins anew: nothing that was given before counts again.
    func remove(
        _ user: UserID,
        from organisation: OrganisationID,
        by caller: Caller,
        source: String,
        at now: Timestamp
    ) throws {
        let whose: StatementArguments = [organisation.blob, user.blob]
        for table in ["members", "sessions", "keys"] {
            // A key of somebody who left would only answer `ownerless`; its name is free again.
            try execute(
                sql: "DELETE FROM \(table) WHERE organisation = ? AND user = ?",
                arguments: whose
            )
        }
        try execute(
            sql: "UPDATE codes SET used = 1 WHERE organisation = ? AND user = ? AND used = 0",
            arguments: whose
        )
        try execute(
            sql: """
                UPDATE families SET revoked = ?
                WHERE organisation = ? AND user = ? AND revoked IS NULL
                """,
            arguments: [now.stored] + whose
        )
        let clients = try Row.fetchAll(
            self,
            sql: """
                SELECT * FROM clients WHERE organisation = ? AND user = ? AND revoked IS NULL
                """,
            arguments: whose
        ).map { try OAuthClient($0) }
        for client in clients { try end(client, by: caller, source: source, at: now) }
    }

    /// Who is no owner any more pays for the organisation no more (ACC-66).
    func unlinkAccount(
        of user: UserID,
        from organisation: OrganisationID,
        by caller: Caller,
        source: String,
        at now: Timestamp
    ) throws {
        let linked = try row(
            "SELECT account FROM organisations WHERE id = ?",
            arguments: [organisation.blob]
        )?.digestIfPresent("account")
        guard let linked else { return }
        let credentials = try Data.fetchAll(
            self,
            sql: "SELECT credential FROM passkeys WHERE user = ?",
            arguments: [user.blob]
        )
        let isTheirs = try credentials.contains { credential in
            try passkey(Array(credential))?.account.digest == linked
        }
        guard isTheirs else { return }
        try execute(
            sql: "UPDATE organisations SET account = NULL WHERE id = ?",
            arguments: [organisation.blob]
        )
        try audit(
            .accountUnlinked,
            in: organisation,
            by: caller,
            subject: "account:\(AccountID(linked))",
            source: source,
            at: now
        )
    }
}
