public import AccessCore
import FoundationEssentials
import GRDB
public import MarketTypes

/// What the token endpoint answers.
public struct IssuedTokens: Hashable, Sendable {
    /// The access token.
    public let access: String
    /// What renews it once; nil for a client that acts for itself.
    public let refresh: String?
    /// What it may do.
    public let scopes: ScopeSet
}

/// What somebody allowed a client.
public struct Consent: Hashable, Sendable {
    /// Which client.
    public let client: OAuthClient
    /// Where the code goes.
    public let redirect: RedirectURI
    /// What the verifier must hash to.
    public let challenge: String
    /// What was allowed.
    public let scopes: ScopeSet

    /// Describes what was allowed.
    public init(
        client: OAuthClient,
        redirect: RedirectURI,
        challenge: String,
        scopes: ScopeSet
    ) {
        self.client = client
        self.redirect = redirect
        self.challenge = challenge
        self.scopes = scopes
    }
}

/// How a grant is renewed, and who asks.
private struct Grant: Sendable {
    let client: String
    let user: UserID
    let organisation: OrganisationID
    let scopes: ScopeSet
    let family: TokenFamilyID
}

extension TokenIssuer {
    /// Issues a code for what a person allowed.
    public func issueCode(
        _ consent: Consent,
        by caller: Caller,
        source: String,
        at now: Timestamp
    ) async throws -> String {
        let (code, family) = (randomBytes(32), randomBytes(16))
        try await database.write { db in
            // A code that was used is kept for an hour, so that its second use is noticed.
            let forgotten = now.stored - Int64(CodeGrant.lifeMilliseconds) * 60
            try db.execute(sql: "DELETE FROM codes WHERE expires < ?", arguments: [forgotten])
            try db.execute(
                sql: "INSERT INTO codes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
                arguments: [
                    Digest(.authorizationCode, code).blob, consent.client.id, caller.user.blob,
                    caller.organisation.blob, consent.redirect.text, consent.challenge,
                    consent.scopes.description, Data(family),
                    now.adding(milliseconds: CodeGrant.lifeMilliseconds).stored,
                ]
            )
            try db.audit(
                .codeIssued,
                in: caller.organisation,
                by: caller,
                subject: "client:\(consent.client.id)",
                detail: consent.scopes.description,
                source: source,
                at: now
            )
        }
        return URLBase64.encode(code)
    }

    /// Redeems a code, once; a second use ends everything that came of the first.
    ///
    /// - Throws: ``OAuthRefusal``.
    public func redeem(
        code text: String,
        client: OAuthClient,
        redirect: String?,
        verifier: String,
        issuer: String,
        source: String,
        at now: Timestamp
    ) async throws -> IssuedTokens {
        guard let code = URLBase64.decode(text, bytesMax: 32) else {
            throw OAuthRefusal.invalidGrant
        }
        let digest = Digest(.authorizationCode, code).blob
        let grant: Grant? = try await database.write { db in
            let row = try Row.fetchOne(
                db,
                sql: "SELECT * FROM codes WHERE code = ?",
                arguments: [digest]
            )
            guard let row, let family = TokenFamilyID(bytes: row.bytes("family")) else {
                return nil
            }
            let used: Int64 = row["used"]
            try db.execute(sql: "UPDATE codes SET used = 1 WHERE code = ?", arguments: [digest])
            guard used == 0 else {
                try db.revoke(family, why: "a code was used twice", source: source, at: now)
                return nil
            }
            let found = CodeGrant(
                client: row["client"],
                user: try row.user("user"),
                organisation: try row.organisation("organisation"),
                redirect: row["redirect"],
                challenge: row["challenge"],
                scopes: try row.scopes("scopes"),
                family: family,
                expires: row.time("expires")
            )
            do throws(OAuthRefusal) {
                try found.check(
                    client: client.id,
                    redirect: redirect,
                    verifier: verifier,
                    at: now
                )
            } catch {
                // Whoever holds the code and cannot redeem it has stolen it: it is used up.
                return nil
            }
            let grant = Grant(
                client: client.id,
                user: found.user,
                organisation: found.organisation,
                scopes: found.scopes,
                family: family
            )
            try db.endOldestGrant(to: client.id, by: found.user, source, at: now)
            try db.open(grant, milliseconds: CodeGrant.familyMilliseconds, source, at: now)
            return grant
        }
        guard let grant else { throw OAuthRefusal.invalidGrant }
        return try await tokens(grant, renewable: true, issuer: issuer, at: now)
    }

    /// Renews a grant; the refresh token is used up, and a second use of it ends the grant.
    ///
    /// - Throws: ``OAuthRefusal``.
    public func renew(
        _ text: String,
        client: OAuthClient,
        scope: String?,
        issuer: String,
        source: String,
        at now: Timestamp
    ) async throws -> IssuedTokens {
        guard let token = URLBase64.decode(text, bytesMax: 32) else {
            throw OAuthRefusal.invalidGrant
        }
        let digest = Digest(.refreshToken, token).blob
        let grant: Grant? = try await database.write { db in
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT refreshes.used, families.* FROM refreshes
                    JOIN families ON id = family WHERE token = ?
                    """,
                arguments: [digest]
            )
            guard let row, let family = TokenFamilyID(bytes: row.bytes("id")),
                row["client"] == client.id, now < row.time("expires"),
                (row["revoked"] as Int64?) == nil,
                try db.membership(try row.user("user"), in: try row.organisation("organisation"))
                    != nil
            else { return nil }
            let used: Int64 = row["used"]
            guard used == 0 else {
                try db.revoke(family, why: "a token was used twice", source: source, at: now)
                return nil
            }
            // Before the token is used up: whoever asked for too much asks once more.
            var scopes = try row.scopes("scopes")
            if let scope, !scope.isEmpty {
                guard let fewer = ScopeSet(text: scope), fewer.isSubset(of: scopes) else {
                    throw OAuthRefusal.invalidScope
                }
                scopes = fewer
            }
            try db.execute(
                sql: "UPDATE refreshes SET used = 1 WHERE token = ?",
                arguments: [digest]
            )
            return Grant(
                client: client.id,
                user: try row.user("user"),
                organisation: try row.organisation("organisation"),
                scopes: scopes,
                family: family
            )
        }
        guard let grant else { throw OAuthRefusal.invalidGrant }
        return try await tokens(grant, renewable: true, issuer: issuer, at: now)
    }

    /// Issues a token to a client that acts for itself.
    ///
    /// - Throws: ``OAuthRefusal``.
    public func issue(
        to client: OAuthClient,
        scope: String?,
        issuer: String,
        source: String,
        at now: Timestamp
    ) async throws -> IssuedTokens {
        guard client.secret != nil else { throw OAuthRefusal.unauthorizedClient }
        guard let family = TokenFamilyID(bytes: randomBytes(16)) else {
            throw OAuthRefusal.invalidRequest
        }
        let grant = try await database.write { db in
            let place = try db.membership(client.user, in: client.organisation)
            let grant = Grant(
                client: client.id,
                user: client.user,
                organisation: client.organisation,
                scopes: try client.grant(scope, allowed: place?.role.scopes ?? .none),
                family: family
            )
            let life = (AccessToken.lifeSeconds + AccessToken.skewSeconds) * 1_000
            try db.open(grant, milliseconds: life, source, at: now)
            return grant
        }
        return try await tokens(grant, renewable: false, issuer: issuer, at: now)
    }

    /// Ends the grant that a token of this client belongs to (RFC 7009); nothing happens if the
    /// text is no such token, or over.
    public func revoke(
        _ text: String,
        client: OAuthClient,
        issuer: String,
        source: String,
        at now: Timestamp
    ) async throws {
        let keys = try await database.tokenKeys(at: now)
        let access = try? AccessToken(text, keys: keys, issuer: issuer, at: now)
        let digest = URLBase64.decode(text, bytesMax: 32).map { Digest(.refreshToken, $0).blob }
        try await database.write { db in
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT id FROM families WHERE client = ?1 AND revoked IS NULL AND
                    (id = ?2 OR id = (SELECT family FROM refreshes WHERE token = ?3))
                    """,
                arguments: [client.id, access.map { Data($0.family.bytes) }, digest]
            )
            guard let row, let family = TokenFamilyID(bytes: row.bytes("id")) else { return }
            try db.revoke(family, why: "by its client", source: source, at: now)
        }
    }

    private func tokens(
        _ grant: Grant,
        renewable: Bool,
        issuer: String,
        at now: Timestamp
    ) async throws -> IssuedTokens {
        let token = AccessToken(
            issuer: issuer,
            user: grant.user,
            organisation: grant.organisation,
            client: grant.client,
            scopes: grant.scopes,
            family: grant.family,
            at: now
        )
        let access = try await sign(token, at: now)
        guard renewable else {
            return IssuedTokens(access: access, refresh: nil, scopes: grant.scopes)
        }
        let refresh = randomBytes(32)
        try await database.write { db in
            try db.execute(
                sql: "INSERT INTO refreshes VALUES (?, ?, ?, 0)",
                arguments: [
                    Digest(.refreshToken, refresh).blob, Data(grant.family.bytes), now.stored,
                ]
            )
        }
        return IssuedTokens(
            access: access,
            refresh: URLBase64.encode(refresh),
            scopes: grant.scopes
        )
    }
}

extension Database {
    fileprivate func open(
        _ grant: Grant,
        milliseconds: UInt64,
        _ source: String,
        at now: Timestamp
    ) throws {
        // It may have been ended since it proved itself.
        guard try client(grant.client) != nil else { throw OAuthRefusal.invalidClient }
        try execute(
            sql: """
                DELETE FROM refreshes WHERE family IN (SELECT id FROM families WHERE expires <= ?)
                """,
            arguments: [now.stored]
        )
        try execute(sql: "DELETE FROM families WHERE expires <= ?", arguments: [now.stored])
        let count = try Int.fetchOne(
            self,
            sql: "SELECT count(*) FROM families WHERE client = ? AND revoked IS NULL",
            arguments: [grant.client]
        )
        guard (count ?? 0) < OAuthClient.grantsMax else {
            throw OAuthRefusal.temporarilyUnavailable
        }
        try execute(
            sql: "INSERT INTO families VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
            arguments: [
                Data(grant.family.bytes), grant.client, grant.user.blob, grant.organisation.blob,
                grant.scopes.description, now.stored,
                now.adding(milliseconds: milliseconds).stored,
            ]
        )
        let entry = AuditEntry(
            .tokensIssued,
            in: grant.organisation,
            by: "client:\(grant.client)",
            subject: "user:\(grant.user)",
            detail: grant.scopes.description,
            source: source
        )
        try audit(entry, at: now)
    }

    func revoke(
        _ family: TokenFamilyID,
        why: String,
        source: String,
        at now: Timestamp
    ) throws {
        let row = try Row.fetchOne(
            self,
            sql: """
                UPDATE families SET revoked = ? WHERE id = ? AND revoked IS NULL
                RETURNING client, organisation
                """,
            arguments: [now.stored, Data(family.bytes)]
        )
        guard let row else { return }
        let entry = AuditEntry(
            .tokensRevoked,
            in: try row.organisation("organisation"),
            by: "client:\(row["client"] as String)",
            subject: "grant:\(family)",
            detail: why,
            source: source
        )
        try audit(entry, at: now)
    }
}
