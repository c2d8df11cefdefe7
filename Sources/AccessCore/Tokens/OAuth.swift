import CanonicalCoding
public import MarketTypes

/// Why no token was issued; the names are those of RFC 6749, 5.2 and 4.1.2.1.
public enum OAuthRefusal: String, Error, Hashable, CaseIterable, Sendable {
    case invalidRequest = "invalid_request"
    case invalidClient = "invalid_client"
    case invalidGrant = "invalid_grant"
    case unauthorizedClient = "unauthorized_client"
    case unsupportedGrantType = "unsupported_grant_type"
    case unsupportedResponseType = "unsupported_response_type"
    case invalidScope = "invalid_scope"
    case accessDenied = "access_denied"
    /// Not one of the RFC's: there are as many clients or grants as there may be.
    case temporarilyUnavailable = "temporarily_unavailable"
}

/// Proof that whoever redeems a code is whoever asked for it (RFC 7636); `S256` alone.
public enum PKCE {
    private static func isFit(_ text: String, counts: ClosedRange<Int>) -> Bool {
        counts.contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                byte.isBase62 || "-._~".utf8.contains(byte)
            }
    }

    /// Whether a text is a challenge: SHA-256 in base64 for URLs.
    public static func isChallenge(_ text: String) -> Bool {
        URLBase64.decode(text, bytesMax: 32)?.count == 32
    }

    /// Whether a verifier belongs to a challenge.
    public static func matches(_ verifier: String, challenge: String) -> Bool {
        guard isFit(verifier, counts: 43...128) else { return false }
        let hash = Digest(sha256: Array(verifier.utf8)).bytes
        return isSameSecret(Array(URLBase64.encode(hash).utf8), Array(challenge.utf8))
    }
}

/// An address that codes may be sent to.
public struct RedirectURI: Hashable, Sendable {
    /// The longest address in bytes.
    public static let bytesMax = 512

    /// The address.
    public let text: String

    /// Checks an address: https, or http on this machine; no fragment, no user, nothing but
    /// characters that URLs have. Nil if it is another.
    public init?(_ text: String) {
        guard text.utf8.count <= Self.bytesMax,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            !text.utf8.contains(where: { "#@\\\"<>{}|^`;'".utf8.contains($0) })
        else { return nil }
        let isLocal = ["http://127.0.0.1", "http://localhost", "http://[::1]"].contains { start in
            guard text.hasPrefix(start) else { return false }
            let next = text.dropFirst(start.count).first
            return next == nil || next == ":" || next == "/" || next == "?"
        }
        let host = text.dropFirst("https://".count).prefix { $0 != "/" && $0 != "?" }
        guard isLocal || (text.hasPrefix("https://") && !host.isEmpty) else { return nil }
        self.text = text
    }

    /// Scheme, host and port.
    public var origin: String {
        let start = text.hasPrefix("https://") ? "https://".count : "http://".count
        return String(text.prefix(start))
            + String(text.dropFirst(start).prefix { $0 != "/" && $0 != "?" })
    }
}

/// A program that acts for users, or for itself.
public struct OAuthClient: Hashable, Sendable {
    /// The most addresses of one client.
    public static let redirectsMax = 8
    /// The longest name in bytes.
    public static let nameBytesMax = 64
    /// The most clients of one organisation.
    public static let perOrganisationMax = 50
    /// The most grants of one client that are not over.
    public static let grantsMax = 10_000
    /// The most grants of one client that one user has given and that are not over: of one more
    /// the oldest ends, so that nobody uses up what a program can have of everybody.
    public static let grantsPerUserMax = 32

    /// Its name in requests.
    public let id: String
    /// What people are shown.
    public let name: String
    /// Who registered it, and for whom it acts when it acts for itself.
    public let user: UserID
    /// On whose behalf.
    public let organisation: OrganisationID
    /// The digest of its secret; nil if it can keep none, as programs on people's machines.
    public let secret: Digest?
    /// Where codes may be sent, compared byte for byte.
    public let redirects: [RedirectURI]
    /// What it may ask for.
    public let scopes: ScopeSet

    /// A client as it is stored.
    public init(
        id: String,
        name: String,
        user: UserID,
        organisation: OrganisationID,
        secret: Digest?,
        redirects: [RedirectURI],
        scopes: ScopeSet
    ) {
        self.id = id
        self.name = name
        self.user = user
        self.organisation = organisation
        self.secret = secret
        self.redirects = redirects
        self.scopes = scopes
    }

    /// Proves that it is the client.
    ///
    /// - Throws: ``OAuthRefusal/invalidClient``.
    public func authenticate(_ secretText: String?) throws(OAuthRefusal) {
        guard let secret else {
            guard secretText == nil else { throw .invalidClient }
            return
        }
        guard let secretText, let bytes = URLBase64.decode(secretText, bytesMax: 32),
            Digest(.clientSecret, bytes) == secret
        else { throw .invalidClient }
    }

    /// The scopes that are granted: what was asked for, or all that the client may ask for.
    ///
    /// - Parameter allowed: what the user may do.
    /// - Throws: `invalidScope` for more than the client may ask for, or for nothing.
    public func grant(_ text: String?, allowed: ScopeSet) throws(OAuthRefusal) -> ScopeSet {
        let wanted = text.flatMap { $0.isEmpty ? nil : $0 }
        guard let asked = wanted.map({ ScopeSet(text: $0) }) ?? scopes, asked.isSubset(of: scopes)
        else { throw .invalidScope }
        let granted = asked.intersection(allowed)
        guard granted != .none else { throw .invalidScope }
        return granted
    }
}

/// What a code stands for until it is redeemed.
public struct CodeGrant: Hashable, Sendable {
    /// For how long a code may be redeemed, in milliseconds: a minute.
    public static let lifeMilliseconds: UInt64 = 60_000
    /// For how long a grant may be renewed, in milliseconds: thirty days.
    public static let familyMilliseconds: UInt64 = 30 * 86_400_000

    /// Which client asked.
    public let client: String
    /// Who allowed it.
    public let user: UserID
    /// On whose behalf.
    public let organisation: OrganisationID
    /// Where the code was sent.
    public let redirect: String
    /// What the verifier must hash to.
    public let challenge: String
    /// What was allowed.
    public let scopes: ScopeSet
    /// What everything that comes of it belongs to.
    public let family: TokenFamilyID
    /// Until when.
    public let expires: Timestamp

    /// A code as it is stored.
    public init(
        client: String,
        user: UserID,
        organisation: OrganisationID,
        redirect: String,
        challenge: String,
        scopes: ScopeSet,
        family: TokenFamilyID,
        expires: Timestamp
    ) {
        self.client = client
        self.user = user
        self.organisation = organisation
        self.redirect = redirect
        self.challenge = challenge
        self.scopes = scopes
        self.family = family
        self.expires = expires
    }

    /// Checks that the client that asked redeems it, in time.
    ///
    /// - Throws: ``OAuthRefusal/invalidGrant``: what exactly is wrong is not told.
    public func check(
        client id: String,
        redirect text: String?,
        verifier: String,
        at now: Timestamp
    ) throws(OAuthRefusal) {
        guard id == client, text == redirect, now < expires,
            PKCE.matches(verifier, challenge: challenge)
        else { throw .invalidGrant }
    }
}
