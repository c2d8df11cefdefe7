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
}
