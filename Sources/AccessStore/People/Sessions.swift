public import AccessCore
import FoundationEssentials
import GRDB
public import MarketTypes

/// Whom a credential stands for, and what their organisation may use.
public struct Admission: Hashable, Sendable {
    /// Who.
    public let caller: Caller
    /// What the organisation may use.
    public let tier: Tier
    /// The key that proved it, if a key did.
    public let key: APIKey?
}

extension Database {
    /// Starts a session of a passkey's user; the oldest ends if there are too many.
    func startSession(
        of passkey: Passkey,
        token: [UInt8],
        source: String,
        at now: Timestamp
    ) throws -> SignedIn {
        guard let token = SessionToken(bytes: token) else { throw PasskeyRefusal.malformed }
        let organisation = OrganisationID(of: passkey.user)
        try change(
            """
                DELETE FROM sessions WHERE user = ?1 AND token IN (SELECT token FROM sessions
                WHERE user = ?1 ORDER BY used DESC LIMIT -1 OFFSET ?2)
                """,
            arguments: [passkey.user.blob, WebSession.perUserMax - 1]
        )
        try change(
            "INSERT INTO sessions VALUES (?, ?, ?, ?, ?)",
            arguments: [
                token.digest.blob, passkey.user.blob, organisation.blob, now.stored, now.stored,
            ]
        )
        let entry = AuditEntry(
            .sessionStarted,
            in: organisation,
            by: "user:\(passkey.user)",
            subject: "session",
            source: source
        )
        try audit(entry, at: now)
        return SignedIn(user: passkey.user, account: passkey.account, token: token)
    }

    /// A user's place in an organisation; nil if they are no member.
    func membership(
        _ user: UserID,
        in organisation: OrganisationID
    ) throws -> (role: Role, tier: Tier, account: AccountID?)? {
        let row = try row(
            """
                SELECT role, tier, account FROM members JOIN organisations ON id = organisation
                WHERE organisation = ? AND user = ?
                """,
            arguments: [organisation.blob, user.blob]
        )
        guard let row else { return nil }
        guard let tier = Tier(rawValue: row["tier"]) else {
            throw AccessStoreError.damaged(column: "tier")
        }
        return (
            try row.role("role"), tier, try row.digestIfPresent("account").map { AccountID($0) }
        )
    }
}

extension AccessDatabase {
    /// Whom a browser's session stands for; nil if it is over or never was.
    public func admission(_ token: SessionToken, at now: Timestamp) async throws -> Admission? {
        let digest = token.digest
        let found: (WebSession, Admission)? = try await read { db in
            let row = try db.row(
                "SELECT * FROM sessions WHERE token = ?",
                arguments: [digest.blob]
            )
            guard let row else { return nil }
            let session = WebSession(
                user: try row.user("user"),
                organisation: try row.organisation("organisation"),
                created: row.time("created"),
                used: row.time("used")
            )
            guard session.isAlive(at: now),
                let place = try db.membership(session.user, in: session.organisation)
            else { return nil }
            let caller = Caller(
                user: session.user,
                organisation: session.organisation,
                account: place.account,
                scopes: place.role.scopes,
                proof: .session,
                origin: .session(digest)
            )
            return (session, Admission(caller: caller, tier: place.tier, key: nil))
        }
        guard let (session, admission) = found else { return nil }
        if session.needsTouch(at: now) {
            try await write { db in
                try db.change(
                    "UPDATE sessions SET used = max(used, ?) WHERE token = ?",
                    arguments: [now.stored, digest.blob]
                )
            }
        }
        return admission
    }

    /// Ends a session; nothing happens if there is none.
    public func endSession(
        _ token: SessionToken,
        source: String,
        at now: Timestamp
    ) async throws {
        try await write { db in
            let row = try db.row(
                "DELETE FROM sessions WHERE token = ? RETURNING user, organisation",
                arguments: [token.digest.blob]
            )
            guard let row else { return }
            let entry = AuditEntry(
                .sessionEnded,
                in: try row.organisation("organisation"),
                by: "user:\(try row.user("user"))",
                subject: "session",
                source: source
            )
            try db.audit(entry, at: now)
        }
    }

    /// Ends all sessions of a user, for example when a device was lost.
    public func endSessions(of user: UserID, source: String, at now: Timestamp) async throws {
        try await write { db in
            try db.change("DELETE FROM sessions WHERE user = ?", arguments: [user.blob])
            let entry = AuditEntry(
                .sessionEnded,
                in: OrganisationID(of: user),
                by: "user:\(user)",
                subject: "every session",
                source: source
            )
            try db.audit(entry, at: now)
        }
    }

    /// Lets a session act for another organisation that its user is a member of.
    ///
    /// - Throws: ``OrganisationRefusal/unknown``.
    public func switchSession(
        _ token: SessionToken,
        to organisation: OrganisationID,
        at now: Timestamp
    ) async throws {
        try await write { db in
            let row = try db.row(
                "SELECT user FROM sessions WHERE token = ?",
                arguments: [token.digest.blob]
            )
            guard let row, try db.membership(try row.user("user"), in: organisation) != nil else {
                throw OrganisationRefusal.unknown
            }
            try db.change(
                "UPDATE sessions SET organisation = ? WHERE token = ?",
                arguments: [organisation.blob, token.digest.blob]
            )
        }
    }
}
