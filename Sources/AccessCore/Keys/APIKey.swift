public import MarketTypes

/// Why a key does not let its holder in, or cannot be changed; in order of precedence.
public enum KeyRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// The text is not a key of this market.
    case malformed = 1
    /// The checksum says that the text was mistyped or cut.
    case mistyped = 2
    /// There is no such key, or its secret is another: which of the two is not told.
    case unknown = 3
    /// Somebody ended it.
    case revoked = 4
    /// It was replaced, and the overlap is over.
    case replaced = 5
    /// Its time is over.
    case expired = 6
    /// Whoever made it is no member of its organisation any more.
    case ownerless = 7
    /// It is being replaced already.
    case replacedAlready = 8
    /// The scopes asked for are more than whoever asks has.
    case scopesExceeded = 9
    /// The expiry lies in the past or too far ahead.
    case expiryOutOfRange = 10
    /// The name is empty, too long, or has characters that do not belong in lists.
    case labelUnfit = 11
    /// The organisation has as many keys as it may have.
    case tooMany = 12

    /// The number for the wire; append-only.
    public var code: UInt32 { rawValue }
}

/// A key as it is stored: everything but its secret.
///
/// ```
/// active ──rotate──▶ replaced(until) ──time──▶ (ended)
///    │  ╲                  │
///    │   ╲──time──▶ expired│
///    └────────revoke───────┴──▶ revoked
/// ```
public struct APIKey: Hashable, Sendable {
    /// Where a key stands.
    public enum State: Hashable, Sendable {
        /// It may be used until it expires. Next: replaced, revoked.
        case active
        /// Another took its place; it may be used until then. Next: revoked.
        case replaced(by: APIKeyID, until: Timestamp)
        /// It is over. Nothing follows.
        case revoked(at: Timestamp)
    }

    /// The longest name in bytes.
    public static let labelBytesMax = 64
    /// The longest life in days.
    public static let lifeDaysMax: UInt64 = 366
    /// The longest overlap of a key and its successor, in milliseconds: seven days.
    public static let overlapMillisecondsMax: UInt64 = 7 * 86_400_000

    /// What lists show.
    public let id: APIKeyID
    /// Whether it spends.
    public let mode: APIKeyText.Mode
    /// Who made it.
    public let user: UserID
    /// On whose behalf it acts.
    public let organisation: OrganisationID
    /// What its holder calls it.
    public let label: String
    /// What it may do, at most.
    public let scopes: ScopeSet
    /// What it may spend.
    public let budgets: BudgetRules
    /// When it was made.
    public let created: Timestamp
    /// When it ends by itself.
    public let expires: Timestamp
    /// Where it stands.
    public private(set) var state: State

    /// Puts a stored key together; nothing is checked.
    public init(
        id: APIKeyID,
        mode: APIKeyText.Mode,
        user: UserID,
        organisation: OrganisationID,
        label: String,
        scopes: ScopeSet,
        budgets: BudgetRules,
        created: Timestamp,
        expires: Timestamp,
        state: State
    ) {
        self.id = id
        self.mode = mode
        self.user = user
        self.organisation = organisation
        self.label = label
        self.scopes = scopes
        self.budgets = budgets
        self.created = created
        self.expires = expires
        self.state = state
    }

    /// Lets its holder in.
    ///
    /// - Throws: ``KeyRefusal`` if it is over.
    public func checkUsable(at now: Timestamp) throws(KeyRefusal) {
        switch state {
        case .revoked: throw .revoked
        case .replaced(_, let until) where now >= until: throw .replaced
        case .replaced, .active: break
        }
        guard now < expires else { throw .expired }
    }

    /// When it is over, unless somebody ends it before.
    public var ends: Timestamp {
        switch state {
        case .active: expires
        case .replaced(_, let until): min(until, expires)
        case .revoked(let time): time
        }
    }

    /// Ends it at once; ending it again changes nothing.
    public mutating func revoke(at now: Timestamp) {
        if case .revoked = state { return }
        state = .revoked(at: now)
    }

    /// Puts `successor` in its place; both may be used until the overlap ends.
    ///
    /// - Throws: ``KeyRefusal`` if it is over or being replaced.
    public mutating func replace(
        by successor: APIKeyID,
        overlapMilliseconds: UInt64,
        at now: Timestamp
    ) throws(KeyRefusal) {
        try checkUsable(at: now)
        guard case .active = state else { throw .replacedAlready }
        let overlap = min(overlapMilliseconds, Self.overlapMillisecondsMax)
        let until = Timestamp(milliseconds: now.milliseconds + overlap)
        state = .replaced(by: successor, until: min(until, expires))
    }

    /// Ends it by `until` at the latest, because `successor` takes the place of the key that made
    /// it.
    public mutating func end(by until: Timestamp, for successor: APIKeyID) {
        switch state {
        case .active: state = .replaced(by: successor, until: min(until, expires))
        case .replaced(let own, let end): state = .replaced(by: own, until: min(until, end))
        case .revoked: break
        }
    }
}

/// What is asked for when a key is made.
public struct APIKeyRequest: Hashable, Sendable {
    /// What its holder calls it.
    public var label: String
    /// Whether it spends.
    public var mode: APIKeyText.Mode
    /// What it may do.
    public var scopes: ScopeSet
    /// What it may spend.
    public var budgets: BudgetRules
    /// When it ends by itself.
    public var expires: Timestamp

    /// Asks for a key.
    public init(
        label: String,
        mode: APIKeyText.Mode = .live,
        scopes: ScopeSet,
        budgets: BudgetRules = .none,
        expires: Timestamp
    ) {
        self.label = label
        self.mode = mode
        self.scopes = scopes
        self.budgets = budgets
        self.expires = expires
    }

    /// Checks the request of somebody who may do `allowed`.
    ///
    /// - Throws: ``KeyRefusal``.
    public func check(allowed: ScopeSet, at now: Timestamp) throws(KeyRefusal) {
        guard scopes != .none, scopes.isSubset(of: allowed) else { throw .scopesExceeded }
        let latest = now.milliseconds + APIKey.lifeDaysMax * 86_400_000
        guard expires > now, expires.milliseconds <= latest else { throw .expiryOutOfRange }
        guard isFitLabel(label, bytesMax: APIKey.labelBytesMax) else { throw .labelUnfit }
    }
}

/// Whether a text may stand in lists: not empty, not too long, no control characters, no edges of
/// white space.
public func isFitLabel(_ text: String, bytesMax: Int) -> Bool {
    guard !text.isEmpty, text.utf8.count <= bytesMax, text.first != " ", text.last != " " else {
        return false
    }
    return text.unicodeScalars.allSatisfy { scalar in
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate,
            .unassigned:
            false
        default: true
        }
    }
}
