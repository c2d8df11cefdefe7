public import AccessCore
import FoundationEssentials
import GRDB
public import MarketTypes

/// A key that was just made; its text is shown this once.
public struct CreatedKey: Hashable, Sendable {
    /// The key with its secret.
    public let text: APIKeyText
    /// What is stored of it.
    public let key: APIKey
}

/// A key as lists show it.
public struct KeyListing: Hashable, Sendable {
    /// The key.
    public let key: APIKey
    /// When it was last used, to the minute; nil if never.
    public let used: Timestamp?

    /// Puts a line of a list together.
    public init(key: APIKey, used: Timestamp?) {
        self.key = key
        self.used = used
    }
}

extension AccessDatabase {
    /// The most rows of a list.
    public static let keyPageMax = 1_000
    /// The most keys that are forgotten when one is made.
    static let forgottenAtOnce = 16
    private static let touchMilliseconds: Int64 = 60_000

    /// Makes a key for the caller's organisation.
    ///
    /// - Throws: ``KeyRefusal``.
    public func createKey(
        _ request: APIKeyRequest,
        by caller: Caller,
        source: String,
        at now: Timestamp
    ) async throws -> CreatedKey {
        guard caller.scopes.contains(.writeKeys) else { throw KeyRefusal.scopesExceeded }
        let random = randomBytes(APIKeyText.randomBytesCount)
        return try await write { db in
            try request.check(allowed: caller.scopes, at: now)
            let fit = try db.fitted(request, by: caller, at: now)
            return try db.makeKey(fit, by: caller, random: random, source: source, at: now)
        }
    }

    /// The keys of an organisation, the latest first; if there are too many, those that are over
    /// are left out, the oldest first.
    public func keys(
        of organisation: OrganisationID,
        at now: Timestamp
    ) async throws -> [KeyListing] {
        try await read { db in
            try db.rows(
                """
                    SELECT * FROM (
                        SELECT * FROM keys WHERE organisation = ?1
                        ORDER BY expires > ?2 AND (ends IS NULL OR ends > ?2) DESC,
                            created DESC, id
                        LIMIT ?3
                    ) ORDER BY created DESC, id
                    """,
                arguments: [organisation.blob, now.stored, Self.keyPageMax]
            ).map { row in
                let used = row.time("used")
                return KeyListing(
                    key: try APIKey(row, budgets: try db.budgets(of: row["id"])),
                    used: used.milliseconds == 0 ? nil : used
                )
            }
        }
    }

    /// Ends a key of the caller's organisation at once, and every key that it made (ACC-12).
    ///
    /// - Throws: ``KeyRefusal/unknown`` if it is none of that organisation.
    public func revokeKey(
        _ id: APIKeyID,
        by caller: Caller,
        source: String,
        at now: Timestamp
    ) async throws {
        try await write { db in
            var key = try db.key(id, of: caller)
            key.revoke(at: now)
            try db.updateState(of: key)
            try db.audit(.keyRevoked, id, by: caller, source: source, at: now)
            for var made in try db.descendants(of: id, at: now) {
                made.revoke(at: now)
                try db.end(made, madeBy: id, .keyRevoked, by: caller, source: source, at: now)
            }
        }
    }

    /// Makes a key that takes another one's place; the old one works until the overlap ends, and so
    /// do the keys that it made, but for a successor that it made for itself.
    ///
    /// - Parameter overlapMilliseconds: at most ``APIKey/overlapMillisecondsMax``.
    /// - Throws: ``KeyRefusal``.
    public func replaceKey(
        _ id: APIKeyID,
        overlapMilliseconds: UInt64,
        by caller: Caller,
        source: String,
        at now: Timestamp
    ) async throws -> CreatedKey {
        let random = randomBytes(APIKeyText.randomBytesCount)
        return try await write { db in
            var old = try db.key(id, of: caller)
            // The successor lives as long as the first was meant to, from now on.
            let life = old.expires.milliseconds - old.created.milliseconds
            let request = APIKeyRequest(
                label: old.label,
                mode: old.mode,
                scopes: old.scopes,
                budgets: old.budgets,
                expires: now.adding(milliseconds: life)
            )
            guard old.scopes.isSubset(of: caller.scopes) else { throw KeyRefusal.scopesExceeded }
            try old.checkUsable(at: now)
            let fit = try db.fitted(request, by: caller, at: now)
            // Before there is a successor, which may be one of them.
            let descendants = try db.descendants(of: id, at: now)
            // What a key made would outlive it as its successor's maker.
            guard !descendants.contains(where: { $0.id == caller.key }) else {
                throw KeyRefusal.scopesExceeded
            }
            let made = try db.makeKey(fit, by: caller, random: random, source: source, at: now)
            try old.replace(by: made.key.id, overlapMilliseconds: overlapMilliseconds, at: now)
            try db.updateState(of: old)
            try db.audit(.keyReplaced, id, by: caller, source: source, at: now)
            for var descendant in descendants where descendant.ends > old.ends {
                descendant.end(by: old.ends, for: made.key.id)
                try db.end(
                    descendant,
                    madeBy: id,
                    .keyReplaced,
                    by: caller,
                    source: source,
                    at: now
                )
            }
            return made
        }
    }

    /// Whom a key stands for.
    ///
    /// - Throws: ``KeyRefusal`` if it is none, or over.
    public func admission(_ text: APIKeyText, at now: Timestamp) async throws -> Admission {
        let digest = text.digest
        return try await admission(text.id, at: now) { $0.digest == digest }
    }

    /// Whom a signed request's key stands for; the signature is checked, and the nonce used up.
    ///
    /// - Throws: ``KeyRefusal``, ``SignedRequestRefusal``.
    public func admission(
        _ signed: SignedRequest,
        over content: RequestContent,
        at now: Timestamp
    ) async throws -> Admission {
        let admission = try await admission(signed.key, at: now) { known in
            try signed.check(content, requestKey: known.requestKey, at: now)
            return true
        }
        try await write { db in try db.use(signed, at: now) }
        return admission
    }

    private func admission(
        _ id: APIKeyID,
        at now: Timestamp,
        proves: (KnownKey) throws -> Bool
    ) async throws -> Admission {
        guard let known = try await known(id), try proves(known),
            let found = try readQuickly({ try $0.standing(of: known) })
        else { throw KeyRefusal.unknown }
        try found.key.checkUsable(at: now)
        guard let place = found.place else { throw KeyRefusal.ownerless }
        let admission = Admission(
            caller: Caller(
                user: found.key.user,
                organisation: found.key.organisation,
                account: place.account,
                // A member who may do less than when the key was made makes the key do less.
                scopes: found.key.scopes.intersection(place.role.scopes),
                proof: .key(id)
            ),
            tier: place.tier,
            key: found.key
        )
        if now.stored >= found.used + Self.touchMilliseconds {
            try await write { db in
                try db.change(
                    "UPDATE keys SET used = max(used, ?) WHERE id = ?",
                    arguments: [now.stored, id.text]
                )
            }
        }
        return admission
    }

    /// What never changes of a key, from memory if it was asked for before.
    private func known(_ id: APIKeyID) async throws -> KnownKey? {
        if let known = knownKeys[id] { return known }
        let found = try await read { db in
            try db.row("SELECT * FROM keys WHERE id = ?", arguments: [id.text]).map { row in
                KnownKey(
                    key: try APIKey(row, budgets: try db.budgets(of: id.text)),
                    digest: try row.digest("digest"),
                    requestKey: row.bytes("request")
                )
            }
        }
        if let found { knownKeys.add(found) }
        return found
    }
}

extension Database {
    fileprivate func key(_ id: APIKeyID, of caller: Caller) throws -> APIKey {
        guard caller.scopes.contains(.writeKeys), let key = try key(id),
            key.organisation == caller.organisation
        else { throw KeyRefusal.unknown }
        return key
    }

    fileprivate func audit(
        _ action: AuditAction,
        _ id: APIKeyID,
        by caller: Caller,
        detail: String = "",
        source: String,
        at now: Timestamp
    ) throws {
        let entry = AuditEntry(
            action,
            in: caller.organisation,
            by: caller.auditName,
            subject: "key:\(id)",
            detail: detail,
            source: source
        )
        try audit(entry, at: now)
    }

    /// Writes down that a key ends because the one that made it does.
    fileprivate func end(
        _ key: APIKey,
        madeBy maker: APIKeyID,
        _ action: AuditAction,
        by caller: Caller,
        source: String,
        at now: Timestamp
    ) throws {
        try updateState(of: key)
        try audit(
            action,
            key.id,
            by: caller,
            detail: "made by key:\(maker)",
            source: source,
            at: now
        )
    }

    /// What may be made of a request. A key makes none that may do more than itself: none of the
    /// live market if it is not, none that ends later, and, since another key has a count of its
    /// own, none at all if it has a budget; and it is looked at again, since it may have ended
    /// after it let its holder in. A token ends when its grant is taken back, so it makes none that
    /// would not (ACC-12).
    fileprivate func fitted(
        _ request: APIKeyRequest,
        by caller: Caller,
        at now: Timestamp
    ) throws -> APIKeyRequest {
        switch caller.proof {
        case .session: return request
        case .token: throw KeyRefusal.scopesExceeded
        case .key(let id):
            let parent = try key(id)
            guard let parent, parent.budgets == .none,
                parent.mode == .live || request.mode == parent.mode
            else { throw KeyRefusal.scopesExceeded }
            try parent.checkUsable(at: now)
            var fit = request
            fit.expires = min(request.expires, parent.ends)
            return fit
        }
    }

    fileprivate func makeKey(
        _ request: APIKeyRequest,
        by caller: Caller,
        random: [UInt8],
        source: String,
        at now: Timestamp
    ) throws -> CreatedKey {
        guard let place = try membership(caller.user, in: caller.organisation) else {
            throw KeyRefusal.ownerless
        }
        let count = try number(
            """
                SELECT count(*) FROM keys
                WHERE organisation = ? AND expires > ? AND (ends IS NULL OR ends > ?)
                """,
            arguments: [caller.organisation.blob, now.stored, now.stored]
        )
        guard (count ?? 0) < place.tier.keysMax else { throw KeyRefusal.tooMany }
        guard let text = APIKeyText(mode: request.mode, random: random) else {
            throw KeyRefusal.malformed
        }
        let key = APIKey(
            id: text.id,
            mode: request.mode,
            user: caller.user,
            organisation: caller.organisation,
            label: request.label,
            scopes: request.scopes,
            budgets: request.budgets,
            created: now,
            expires: request.expires,
            state: .active
        )
        try forgetKeys(of: caller.organisation, at: now)
        try insert(key, text, madeBy: caller.key)
        try audit(
            .keyCreated,
            key.id,
            by: caller,
            detail: request.scopes.description,
            source: source,
            at: now
        )
        return CreatedKey(text: text, key: key)
    }

    /// Remembers a nonce, so that the request cannot come again.
    fileprivate func use(_ signed: SignedRequest, at now: Timestamp) throws {
        try change("DELETE FROM nonces WHERE forget < ?", arguments: [now.stored])
        let count = try number(
            "SELECT count(*) FROM nonces WHERE key = ?",
            arguments: [signed.key.text]
        )
        let seen = try flag(
            "SELECT 1 FROM nonces WHERE key = ? AND nonce = ?",
            arguments: [signed.key.text, Data(signed.nonce)]
        )
        guard seen != true else { throw SignedRequestRefusal.replayed }
        guard (count ?? 0) < SignedRequest.noncesPerKeyMax else {
            throw SignedRequestRefusal.tooMany
        }
        try change(
            "INSERT INTO nonces VALUES (?, ?, ?)",
            arguments: [signed.key.text, Data(signed.nonce), signed.forgottenAfter.stored]
        )
    }
}

extension Caller {
    /// The key that proves them; nil for a person and a token.
    fileprivate var key: APIKeyID? {
        if case .key(let key) = proof { key } else { nil }
    }

    /// What audit logs call whoever did something.
    public var auditName: String {
        switch proof {
        case .session: "user:\(user)"
        case .key(let key): "key:\(key)"
        case .token(let client): "client:\(client)"
        }
    }
}
