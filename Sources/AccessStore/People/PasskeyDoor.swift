public import AccessCore
import FoundationEssentials
import GRDB
import Identity
public import MarketTypes

/// What a page needs to ask a browser for a new passkey.
public struct PasskeyOffer: Hashable, Sendable {
    /// What the browser must answer.
    public let challenge: [UInt8]
    /// For whom: a new user's name, or one who has passkeys already.
    public let user: UserID
    /// What the browser shows.
    public let name: String
    /// The passkeys that the user has already, which must not be made again.
    public let existing: [[UInt8]]
}

/// Somebody who just signed in.
public struct SignedIn: Hashable, Sendable {
    /// Who.
    public let user: UserID
    /// The account on the ledger that the passkey controls.
    public let account: AccountID
    /// What the browser keeps.
    public let token: SessionToken
}

/// Lets people in by their passkeys; the passkey's key is their wallet too.
public struct PasskeyDoor: Sendable {
    /// The most challenges that wait for an answer; a further one takes the oldest's place.
    public static let challengesMax = 10_000

    /// The site that passkeys are made for.
    public let party: RelyingParty
    let database: AccessDatabase

    /// Creates the door of a site.
    public init(_ database: AccessDatabase, party: RelyingParty) {
        self.database = database
        self.party = party
    }

    private enum Purpose: Int {
        case create = 1
        case signIn = 2
    }

    private struct Pending: Sendable {
        let user: UserID?
        let name: String
    }

    /// Begins to make a passkey, for a new user or for one who is signed in.
    ///
    /// - Throws: ``PasskeyRefusal``, ``AccessStoreError/tooManyUsers``.
    public func beginCreation(
        name: String,
        for user: UserID? = nil,
        at now: Timestamp
    ) async throws -> PasskeyOffer {
        guard isFitLabel(name, bytesMax: Passkey.labelBytesMax) else {
            throw PasskeyRefusal.nameUnfit
        }
        let (challenge, fresh) = (
            randomBytes(Passkey.challengeBytesCount), randomBytes(UserID.bytesCount)
        )
        let usersMax = database.usersMax
        return try await database.write { db in
            let id = user ?? UserID(bytes: fresh)
            guard let id else { throw PasskeyRefusal.malformed }
            let existing = try Data.fetchAll(
                db,
                sql: "SELECT credential FROM passkeys WHERE user = ?",
                arguments: [id.blob]
            )
            guard existing.count < Passkey.perUserMax else { throw PasskeyRefusal.tooMany }
            if user == nil {
                let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM users") ?? 0
                guard count < usersMax else { throw AccessStoreError.tooManyUsers }
            }
            try Self.keep(challenge, .create, Pending(user: id, name: name), db, at: now)
            return PasskeyOffer(
                challenge: challenge,
                user: id,
                name: name,
                existing: existing.map { Array($0) }
            )
        }
    }

    /// Takes a new passkey, and starts a session with it.
    ///
    /// - Throws: ``PasskeyRefusal``.
    public func finishCreation(
        _ creation: PasskeyCreation,
        source: String,
        at now: Timestamp
    ) async throws -> SignedIn {
        let pending = try await take(try creation.challenge(), .create, at: now)
        guard let user = pending.user else { throw PasskeyRefusal.unknownChallenge }
        let passkey = try creation.passkey(of: user, at: party)
        let token = randomBytes(WebSession.tokenBytesCount)
        return try await database.write { db in
            try Self.insert(passkey, named: pending.name, source: source, db, at: now)
            return try db.startSession(of: passkey, token: token, source: source, at: now)
        }
    }

    /// Begins a sign-in: what the browser must answer with any passkey of this site.
    public func beginSignIn(at now: Timestamp) async throws -> [UInt8] {
        let challenge = randomBytes(Passkey.challengeBytesCount)
        try await database.write { db in
            try Self.keep(challenge, .signIn, Pending(user: nil, name: ""), db, at: now)
        }
        return challenge
    }

    /// Takes the answer, and starts a session.
    ///
    /// - Throws: ``PasskeyRefusal``.
    public func finishSignIn(
        _ answer: PasskeySignIn,
        source: String,
        at now: Timestamp
    ) async throws -> SignedIn {
        _ = try await take(try answer.challenge(), .signIn, at: now)
        let (party, token) = (party, randomBytes(WebSession.tokenBytesCount))
        let outcome: Result<SignedIn, PasskeyRefusal> = try await database.write { db in
            guard let passkey = try db.passkey(answer.credential) else {
                return .failure(.unknownPasskey)
            }
            do throws(PasskeyRefusal) {
                _ = try answer.check(passkey, at: party)
            } catch {
                let entry = AuditEntry(
                    .signInRefused,
                    in: OrganisationID(of: passkey.user),
                    by: "user:\(passkey.user)",
                    subject: "passkey:\(URLBase64.encode(passkey.credential.prefix(16)))",
                    detail: "code \(error.code)",
                    source: source
                )
                try db.auditSparingly(entry, at: now)
                return .failure(error)
            }
            let next = try answer.check(passkey, at: party)
            try db.execute(
                sql: "UPDATE passkeys SET counter = ?, used = ? WHERE credential = ?",
                arguments: [next.counter, now.stored, Data(next.credential)]
            )
            return .success(
                try db.startSession(of: next, token: token, source: source, at: now)
            )
        }
        return try outcome.get()
    }

    private static func keep(
        _ challenge: [UInt8],
        _ purpose: Purpose,
        _ pending: Pending,
        _ db: Database,
        at now: Timestamp
    ) throws {
        try db.execute(sql: "DELETE FROM challenges WHERE expires <= ?", arguments: [now.stored])
        try db.execute(
            sql: """
                DELETE FROM challenges WHERE challenge IN
                (SELECT challenge FROM challenges ORDER BY expires DESC LIMIT -1 OFFSET ?)
                """,
            arguments: [challengesMax - 1]
        )
        let expires = now.adding(milliseconds: Passkey.challengeMilliseconds)
        try db.execute(
            sql: "INSERT INTO challenges VALUES (?, ?, ?, ?, ?)",
            arguments: [
                Data(challenge), purpose.rawValue, pending.user?.blob, pending.name,
                expires.stored,
            ]
        )
    }

    /// Uses a challenge up, in a transaction of its own: whatever comes of the answer, there is no
    /// second one.
    private func take(
        _ challenge: [UInt8],
        _ purpose: Purpose,
        at now: Timestamp
    ) async throws -> Pending {
        try await database.write { db in
            let row = try Row.fetchOne(
                db,
                sql: "DELETE FROM challenges WHERE challenge = ? AND purpose = ? RETURNING *",
                arguments: [Data(challenge), purpose.rawValue]
            )
            guard let row, now < row.time("expires") else { return nil }
            let user: Data? = row["user"]
            return Pending(user: user.flatMap { UserID(bytes: Array($0)) }, name: row["name"])
        } ?? { throw PasskeyRefusal.unknownChallenge }()
    }

    private static func insert(
        _ passkey: Passkey,
        named name: String,
        source: String,
        _ db: Database,
        at now: Timestamp
    ) throws {
        let known = try Bool.fetchOne(
            db,
            sql: "SELECT 1 FROM passkeys WHERE credential = ? OR key = ?",
            arguments: [Data(passkey.credential), passkey.key.description]
        )
        guard known != true else { throw PasskeyRefusal.registeredAlready }
        let count = try Int.fetchOne(
            db,
            sql: "SELECT count(*) FROM passkeys WHERE user = ?",
            arguments: [passkey.user.blob]
        )
        guard (count ?? 0) < Passkey.perUserMax else { throw PasskeyRefusal.tooMany }
        try db.makeUser(
            passkey.user,
            name: name,
            account: passkey.account,
            source: source,
            at: now
        )
        try db.execute(
            sql: "INSERT INTO passkeys VALUES (?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                Data(passkey.credential), passkey.user.blob, passkey.key.description,
                passkey.counter, name, now.stored, now.stored,
            ]
        )
        let entry = AuditEntry(
            .passkeyAdded,
            in: OrganisationID(of: passkey.user),
            by: "user:\(passkey.user)",
            subject: "account:\(passkey.account)",
            source: source
        )
        try db.audit(entry, at: now)
    }
}
