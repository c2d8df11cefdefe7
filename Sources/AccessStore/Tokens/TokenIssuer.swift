public import AccessCore
import FoundationEssentials
import GRDB
public import MarketTypes

/// Makes and checks access tokens; its keys change by themselves.
public struct TokenIssuer: Sendable {
    let database: AccessDatabase
    private let sealing: SealingKey
    private let algorithm: TokenAlgorithm

    /// Creates an issuer whose new keys have this algorithm.
    public init(_ database: AccessDatabase, sealing: SealingKey, algorithm: TokenAlgorithm) {
        self.database = database
        self.sealing = sealing
        self.algorithm = algorithm
    }

    /// The keys that check tokens now, and the next one before it signs.
    public func keys(at now: Timestamp) async throws -> [TokenKey] {
        let keys = try await database.tokenKeys(at: now)
        let soon = now.adding(milliseconds: TokenKey.overlapMilliseconds)
        let isCovered =
            keys.contains { $0.signs(at: now) } && keys.contains { $0.signs(at: soon) }
        guard !isCovered else { return keys }
        try await addKeys(at: now)
        return try await database.tokenKeys(at: now)
    }

    /// Ends every key that signs, at once: for when a key may be known to others.
    public func retireKeys(source: String, at now: Timestamp) async throws {
        try await database.write { db in
            try db.execute(
                sql: "UPDATE signers SET signs = ?1, verifies = ?1 WHERE verifies > ?1",
                arguments: [now.stored]
            )
            try Self.audit(.signingKeyRetired, "every key", source, db, at: now)
        }
        try await addKeys(at: now)
    }

    private static func audit(
        _ action: AuditAction,
        _ subject: String,
        _ source: String,
        _ db: Database,
        at now: Timestamp
    ) throws {
        guard let market = OrganisationID(bytes: [UInt8](repeating: 0, count: 16)) else { return }
        let entry = AuditEntry(action, in: market, by: "system", subject: subject, source: source)
        try db.audit(entry, at: now)
    }

    /// Makes the key that signs now, and the one that follows it, where they are missing.
    ///
    /// A key that signs later, as a clock leaves behind that was ahead for a while, is neither.
    private func addKeys(at now: Timestamp) async throws {
        let made = try (0..<2).map { _ in try freshKey() }
        try await database.write { db in
            try db.execute(sql: "DELETE FROM signers WHERE verifies <= ?", arguments: [now.stored])
            let soon = now.adding(milliseconds: TokenKey.overlapMilliseconds)
            for ((id, bytes, sealed), moment) in zip(made, [now, soon]) {
                guard try Self.end(signingAt: moment, db) == nil else { continue }
                let start = try Self.end(signingAt: now, db) ?? now
                let end = start.adding(milliseconds: TokenKey.signingMilliseconds)
                try db.execute(
                    sql: "INSERT INTO signers VALUES (?, ?, ?, ?, ?, ?, ?)",
                    arguments: [
                        id, algorithm.rawValue, Data(bytes), Data(sealed), start.stored,
                        end.stored,
                        end.adding(milliseconds: TokenKey.overlapMilliseconds).stored,
                    ]
                )
                try Self.audit(.signingKeyMade, "signingKey:\(id)", "local", db, at: now)
            }
        }
    }

    /// Until when the key signs that does at a moment; nil if none does.
    private static func end(signingAt moment: Timestamp, _ db: Database) throws -> Timestamp? {
        try Row.fetchOne(
            db,
            sql: """
                SELECT signs FROM signers WHERE created <= ?1 AND signs > ?1
                ORDER BY signs DESC LIMIT 1
                """,
            arguments: [moment.stored]
        )?.time("signs")
    }

    private func freshKey() throws -> (id: String, bytes: [UInt8], sealed: [UInt8]) {
        let (id, secret) = (Hex.encode(randomBytes(8)), randomBytes(32))
        let bytes =
            switch algorithm {
            case .edDSA: Ed25519.publicKey(seed: secret)
            case .es256: P256Signing.publicKey(secret: secret)
            }
        guard let bytes else { throw AccessStoreError.wrongKeyFile }
        return (id, bytes, sealing.seal(secret, name: "signer " + id))
    }

    /// Signs a token.
    func sign(_ token: AccessToken, at now: Timestamp) async throws -> String {
        guard let key = try await keys(at: now).first(where: { $0.signs(at: now) }) else {
            throw AccessStoreError.wrongKeyFile
        }
        let sealed = try await database.read { db in
            try Data.fetchOne(
                db,
                sql: "SELECT sealed FROM signers WHERE id = ?",
                arguments: [key.id]
            )
        }
        let secret = try sealing.open(Array(sealed ?? Data()), name: "signer " + key.id)
        let input = token.signingInput(key: key, nonce: randomBytes(12))
        let message = Array(input.utf8)
        let signature =
            switch key.algorithm {
            case .edDSA: Ed25519.sign(message, seed: secret)
            case .es256: P256Signing.sign(message, secret: secret)
            }
        guard let signature else { throw AccessStoreError.wrongKeyFile }
        return input + "." + URLBase64.encode(signature)
    }

    /// Whom a token stands for.
    ///
    /// - Throws: ``TokenRefusal``.
    public func admission(
        _ text: String,
        issuer: String,
        at now: Timestamp
    ) async throws -> Admission {
        let keys = try await database.tokenKeys(at: now)
        let token = try AccessToken(text, keys: keys, issuer: issuer, at: now)
        return try await database.read { db in
            let family = try Row.fetchOne(
                db,
                sql: "SELECT revoked FROM families WHERE id = ?",
                arguments: [Data(token.family.bytes)]
            )
            let revoked: Int64? = family?["revoked"]
            guard family != nil, revoked == nil,
                let place = try db.membership(token.user, in: token.organisation)
            else { throw TokenRefusal.revoked }
            let caller = Caller(
                user: token.user,
                organisation: token.organisation,
                account: place.account,
                scopes: token.scopes.intersection(place.role.scopes),
                proof: .token(client: token.client),
                origin: .family(token.family)
            )
            return Admission(caller: caller, tier: place.tier, key: nil)
        }
    }
}

extension AccessDatabase {
    /// The keys that are published, oldest first.
    func tokenKeys(at now: Timestamp) async throws -> [TokenKey] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT * FROM signers WHERE verifies > ? ORDER BY created, id",
                arguments: [now.stored]
            ).map { row in
                guard let algorithm = TokenAlgorithm(rawValue: row["algorithm"]) else {
                    throw AccessStoreError.damaged(column: "algorithm")
                }
                return TokenKey(
                    id: row["id"],
                    algorithm: algorithm,
                    bytes: row.bytes("public"),
                    signsFrom: row.time("created"),
                    signsUntil: row.time("signs"),
                    verifiesUntil: row.time("verifies")
                )
            }
        }
    }
}
