public import AccessCore
import FoundationEssentials
import GRDB
import Identity
public import MarketTypes

/// Somebody who may sign in.
public struct User: Hashable, Sendable {
    /// Who.
    public let id: UserID
    /// What they call themselves.
    public let name: String
    /// Since when.
    public let created: Timestamp
}

/// A passkey as its owner sees it.
public struct PasskeyListing: Hashable, Sendable {
    /// The passkey.
    public let passkey: Passkey
    /// What it is called.
    public let label: String
    /// When it was made.
    public let created: Timestamp
    /// When it last signed in.
    public let used: Timestamp
}

extension Database {
    func passkey(_ credential: [UInt8]) throws -> Passkey? {
        try Row.fetchOne(
            self,
            sql: "SELECT * FROM passkeys WHERE credential = ?",
            arguments: [Data(credential)]
        ).map { try Passkey($0) }
    }

    /// Makes a user with an organisation of their own, unless they are there.
    func makeUser(
        _ user: UserID,
        name: String,
        account: AccountID?,
        source: String,
        at now: Timestamp
    ) throws {
        let known = try Bool.fetchOne(
            self,
            sql: "SELECT 1 FROM users WHERE id = ?",
            arguments: [user.blob]
        )
        guard known != true else { return }
        let organisation = OrganisationID(of: user)
        try execute(
            sql: "INSERT INTO users VALUES (?, ?, ?)",
            arguments: [user.blob, name, now.stored]
        )
        try execute(
            sql: "INSERT INTO organisations VALUES (?, ?, ?, ?, ?)",
            arguments: [
                organisation.blob, name, Tier.free.rawValue, account?.digest.blob, now.stored,
            ]
        )
        try execute(
            sql: "INSERT INTO members VALUES (?, ?, ?, ?)",
            arguments: [organisation.blob, user.blob, Role.owner.rawValue, now.stored]
        )
        let entry = AuditEntry(
            .userRegistered,
            in: organisation,
            by: "user:\(user)",
            subject: "user:\(user)",
            source: source
        )
        try audit(entry, at: now)
    }
}

extension Database {
    fileprivate func requireFresh(
        _ session: SessionToken,
        of user: UserID,
        at now: Timestamp
    ) throws {
        let row = try Row.fetchOne(
            self,
            sql: "SELECT * FROM sessions WHERE token = ? AND user = ?",
            arguments: [session.digest.blob, user.blob]
        )
        guard let row else { throw PasskeyRefusal.sessionOld }
        let found = WebSession(
            user: user,
            organisation: try row.organisation("organisation"),
            created: row.time("created"),
            used: row.time("used")
        )
        guard found.isAlive(at: now), found.isFresh(at: now) else {
            throw PasskeyRefusal.sessionOld
        }
    }
}

extension Passkey {
    init(_ row: Row) throws {
        guard let key = PublicKey(text: row["key"]) else {
            throw AccessStoreError.damaged(column: "key")
        }
        self.init(
            credential: row.bytes("credential"),
            user: try row.user("user"),
            key: key,
            counter: row["counter"]
        )
    }
}

extension AccessDatabase {
    /// Somebody, or nil.
    public func user(_ id: UserID) async throws -> User? {
        try await read { db in
            try Row.fetchOne(db, sql: "SELECT * FROM users WHERE id = ?", arguments: [id.blob])
                .map { User(id: id, name: $0["name"], created: $0.time("created")) }
        }
    }

    /// A user's passkeys, oldest first.
    public func passkeys(of user: UserID) async throws -> [PasskeyListing] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT * FROM passkeys WHERE user = ? ORDER BY created, credential",
                arguments: [user.blob]
            ).map { row in
                PasskeyListing(
                    passkey: try Passkey(row),
                    label: row["label"],
                    created: row.time("created"),
                    used: row.time("used")
                )
            }
        }
    }

    /// Refuses a session that is not its user's, or began too long ago to change how they sign in.
    ///
    /// - Throws: ``PasskeyRefusal/sessionOld``.
    public func requireFresh(
        _ session: SessionToken,
        of user: UserID,
        at now: Timestamp
    ) async throws {
        try await read { try $0.requireFresh(session, of: user, at: now) }
    }

    /// Takes a passkey out: it signs in no more, and every session but the one that did this ends.
    ///
    /// - Throws: ``PasskeyRefusal``.
    public func removePasskey(
        _ credential: [UInt8],
        of user: UserID,
        in session: SessionToken,
        source: String,
        at now: Timestamp
    ) async throws {
        try await write { db in
            try db.requireFresh(session, of: user, at: now)
            guard let passkey = try db.passkey(credential), passkey.user == user else {
                throw PasskeyRefusal.unknownPasskey
            }
            let count = try Int.fetchOne(
                db,
                sql: "SELECT count(*) FROM passkeys WHERE user = ?",
                arguments: [user.blob]
            )
            guard (count ?? 0) > 1 else { throw PasskeyRefusal.last }
            let pays = try Bool.fetchOne(
                db,
                sql: "SELECT 1 FROM organisations WHERE account = ?",
                arguments: [passkey.account.digest.blob]
            )
            guard pays != true else { throw PasskeyRefusal.paysForOrganisation }
            try db.execute(
                sql: "DELETE FROM passkeys WHERE credential = ?",
                arguments: [Data(credential)]
            )
            try db.execute(
                sql: "DELETE FROM sessions WHERE user = ? AND token <> ?",
                arguments: [user.blob, session.digest.blob]
            )
            let entry = AuditEntry(
                .passkeyRemoved,
                in: OrganisationID(of: user),
                by: "user:\(user)",
                subject: "account:\(passkey.account)",
                source: source
            )
            try db.audit(entry, at: now)
        }
    }

    /// The user of whoever runs this program: they can write the file, so nothing is kept from
    /// them. Made on first use; has no passkey.
    public func localOperator(at now: Timestamp) async throws -> Caller {
        guard let user = UserID(bytes: Array("stoa/operator/01".utf8)) else {
            throw AccessStoreError.damaged(column: "id")
        }
        try await write { db in
            try db.makeUser(user, name: "operator", account: nil, source: "local", at: now)
        }
        return Caller(
            user: user,
            organisation: OrganisationID(of: user),
            account: nil,
            scopes: .all,
            proof: .session
        )
    }
}
