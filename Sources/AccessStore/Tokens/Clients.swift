public import AccessCore
import FoundationEssentials
import GRDB
public import MarketTypes

/// What is asked for when a client is registered.
public struct ClientRequest: Hashable, Sendable {
    /// What people are shown.
    public var name: String
    /// Where codes may be sent.
    public var redirects: [RedirectURI]
    /// What it may ask for.
    public var scopes: ScopeSet
    /// Whether it can keep a secret.
    public var isConfidential: Bool

    /// Asks for a client.
    public init(
        name: String,
        redirects: [RedirectURI],
        scopes: ScopeSet,
        isConfidential: Bool
    ) {
        self.name = name
        self.redirects = redirects
        self.scopes = scopes
        self.isConfidential = isConfidential
    }
}

extension AccessDatabase {
    /// Registers a client of the caller's organisation.
    ///
    /// - Returns: the client, and its secret, which is shown this once; nil if it can keep none.
    /// - Throws: ``OAuthRefusal``, ``KeyRefusal/scopesExceeded``.
    public func registerClient(
        _ request: ClientRequest,
        by caller: Caller,
        source: String,
        at now: Timestamp
    ) async throws -> (client: OAuthClient, secret: String?) {
        guard caller.scopes.contains(.writeKeys), request.scopes != .none,
            request.scopes.isSubset(of: caller.scopes)
        else { throw KeyRefusal.scopesExceeded }
        guard isFitLabel(request.name, bytesMax: OAuthClient.nameBytesMax),
            request.redirects.count <= OAuthClient.redirectsMax,
            request.isConfidential || !request.redirects.isEmpty
        else { throw OAuthRefusal.invalidRequest }
        let secret = request.isConfidential ? randomBytes(32) : nil
        let client = OAuthClient(
            id: "client-" + Hex.encode(randomBytes(12)),
            name: request.name,
            user: caller.user,
            organisation: caller.organisation,
            secret: secret.map { Digest(.clientSecret, $0) },
            redirects: request.redirects,
            scopes: request.scopes
        )
        try await write { db in
            let count = try Int.fetchOne(
                db,
                sql: "SELECT count(*) FROM clients WHERE organisation = ? AND revoked IS NULL",
                arguments: [caller.organisation.blob]
            )
            guard (count ?? 0) < OAuthClient.perOrganisationMax else {
                throw OAuthRefusal.temporarilyUnavailable
            }
            try db.execute(
                sql: "INSERT INTO clients VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
                arguments: [
                    client.id, client.user.blob, client.organisation.blob, client.name,
                    client.secret?.blob, client.redirects.map(\.text).joined(separator: " "),
                    client.scopes.description, now.stored,
                ]
            )
            try db.audit(
                .clientRegistered,
                in: caller.organisation,
                by: caller,
                subject: "client:\(client.id)",
                detail: client.scopes.description,
                source: source,
                at: now
            )
        }
        return (client, secret.map { URLBase64.encode($0) })
    }

    /// Ends a client of the caller's organisation, and everything that was issued to it.
    ///
    /// - Throws: ``OAuthRefusal/invalidClient`` if it is none of that organisation.
    public func revokeClient(
        _ id: String,
        by caller: Caller,
        source: String,
        at now: Timestamp
    ) async throws {
        try await write { db in
            guard caller.scopes.contains(.writeKeys), let client = try db.client(id),
                client.organisation == caller.organisation
            else { throw OAuthRefusal.invalidClient }
            try db.end(client, by: caller, source: source, at: now)
        }
    }

    /// A client that was not ended.
    ///
    /// - Throws: ``OAuthRefusal/invalidClient``.
    public func client(_ id: String) async throws -> OAuthClient {
        try await read { db in
            guard let client = try db.client(id) else { throw OAuthRefusal.invalidClient }
            return client
        }
    }

    /// The clients of an organisation that were not ended, the latest first.
    public func clients(of organisation: OrganisationID) async throws -> [OAuthClient] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM clients WHERE organisation = ? AND revoked IS NULL
                    ORDER BY created DESC, id
                    """,
                arguments: [organisation.blob]
            ).map { try OAuthClient($0) }
        }
    }
}

extension Database {
    /// Ends a client, and everything that was issued to it.
    func end(
        _ client: OAuthClient,
        by caller: Caller,
        source: String,
        at now: Timestamp
    ) throws {
        try execute(
            sql: "UPDATE clients SET revoked = ? WHERE id = ?",
            arguments: [now.stored, client.id]
        )
        try execute(
            sql: "UPDATE families SET revoked = ? WHERE client = ? AND revoked IS NULL",
            arguments: [now.stored, client.id]
        )
        try audit(
            .clientRevoked,
            in: client.organisation,
            by: caller,
            subject: "client:\(client.id)",
            source: source,
            at: now
        )
    }

    func client(_ id: String) throws -> OAuthClient? {
        try Row.fetchOne(
            self,
            sql: "SELECT * FROM clients WHERE id = ? AND revoked IS NULL",
            arguments: [id]
        ).map { try OAuthClient($0) }
    }
}

extension OAuthClient {
    init(_ row: Row) throws {
        let redirects: String = row["redirects"]
        self.init(
            id: row["id"],
            name: row["name"],
            user: try row.user("user"),
            organisation: try row.organisation("organisation"),
            secret: try row.digestIfPresent("secret"),
            redirects: redirects.split(separator: " ").compactMap { RedirectURI(String($0)) },
            scopes: try row.scopes("scopes")
        )
    }
}
