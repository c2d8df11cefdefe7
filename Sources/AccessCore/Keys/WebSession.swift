public import MarketTypes

/// A browser's session; only the hash of its token is stored.
public struct WebSession: Hashable, Sendable {
    /// The random bytes of a token.
    public static let tokenBytesCount = 32
    /// How long it lives without being used, in milliseconds: a day.
    public static let idleMilliseconds: UInt64 = 86_400_000
    /// How long it lives at most, in milliseconds: thirty days.
    public static let lifeMilliseconds: UInt64 = 30 * 86_400_000
    /// How long after its beginning it may change how its user signs in, in milliseconds: ten
    /// minutes.
    public static let freshMilliseconds: UInt64 = 600_000
    /// How often its use is written down, in milliseconds: a minute.
    public static let touchMilliseconds: UInt64 = 60_000
    /// The most sessions of one user; a further one ends the oldest.
    public static let perUserMax = 32

    /// Whose it is.
    public let user: UserID
    /// On whose behalf it acts.
    public let organisation: OrganisationID
    /// When it began.
    public let created: Timestamp
    /// When it was last used, to the minute.
    public let used: Timestamp

    /// A session as it is stored.
    public init(
        user: UserID,
        organisation: OrganisationID,
        created: Timestamp,
        used: Timestamp
    ) {
        self.user = user
        self.organisation = organisation
        self.created = created
        self.used = used
    }

    /// Whether it is still one.
    public func isAlive(at now: Timestamp) -> Bool {
        now < created.adding(milliseconds: Self.lifeMilliseconds)
            && now < used.adding(milliseconds: Self.idleMilliseconds)
    }

    /// Whether its user signed in a short while ago.
    public func isFresh(at now: Timestamp) -> Bool {
        now < created.adding(milliseconds: Self.freshMilliseconds)
    }

    /// Whether its use should be written down.
    public func needsTouch(at now: Timestamp) -> Bool {
        now >= used.adding(milliseconds: Self.touchMilliseconds)
    }
}

/// What a browser holds of its session: 32 random bytes.
public struct SessionToken: Hashable, Sendable, CustomStringConvertible {
    private let bytes: [UInt8]

    /// Wraps 32 bytes; nil for another count.
    public init?(bytes: [UInt8]) {
        guard bytes.count == WebSession.tokenBytesCount else { return nil }
        self.bytes = bytes
    }

    /// Reads a cookie's value; nil for anything else.
    public init?(text: String) {
        guard let bytes = URLBase64.decode(text, bytesMax: WebSession.tokenBytesCount) else {
            return nil
        }
        self.init(bytes: bytes)
    }

    /// The cookie's value; whoever reads it can act with it.
    public var text: String { URLBase64.encode(bytes) }

    /// Nothing of it.
    public var description: String { "session…" }

    /// What is stored of it.
    public var digest: Digest { Digest(.session, bytes) }

    /// What a form of this session carries, so that another site cannot have made it, and so that
    /// it does nothing for an organisation that the session came to act for since it was shown.
    public func crossSiteToken(for organisation: OrganisationID) -> String {
        URLBase64.encode(Digest(.crossSiteToken, bytes + organisation.bytes).bytes)
    }

    /// Whether a form's text is of this session, and was shown while it acted for `organisation`.
    public func matches(crossSiteToken text: String, for organisation: OrganisationID) -> Bool {
        isSameSecret(Array(text.utf8), Array(crossSiteToken(for: organisation).utf8))
    }
}
