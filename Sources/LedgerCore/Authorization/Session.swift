public import CanonicalCoding
public import MarketTypes

/// What an account lets another key do in its name.
public struct SessionGrant: Hashable, Sendable {
    /// The account that the session's key would control: the key's digest.
    public let session: AccountID
    /// What it may do.
    public let scope: SessionScope
    /// What may leave the account in a period, by ascending denomination; the first is the native
    /// one, and fees count in it. Nothing leaves of a denomination that is not named.
    public let limits: [SessionLimit]
    /// How many blocks a period has.
    public let periodBlocks: UInt64
    /// The last height at which the session's key may act.
    public let validUntil: BlockHeight

    /// The most denominations.
    public static let limitsMax = 4

    /// Creates a grant.
    public init(
        session: AccountID,
        scope: SessionScope,
        limits: [SessionLimit],
        periodBlocks: UInt64,
        validUntil: BlockHeight
    ) {
        self.session = session
        self.scope = scope
        self.limits = limits
        self.periodBlocks = periodBlocks
        self.validUntil = validUntil
    }

    /// Whether the limits are in order, begin with the native unit, and none is nothing.
    var areLimitsValid: Bool {
        (1...Self.limitsMax).contains(limits.count) && limits[0].denomination == .native
            && limits.allSatisfy { !$0.amount.isZero }
            && zip(limits, limits.dropFirst()).allSatisfy { $0.denomination < $1.denomination }
    }
}

extension SessionGrant: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(session.digest)
        encoder.encode(scope)
        encoder.encode(list: limits)
        encoder.encode(periodBlocks)
        encoder.encode(validUntil.rawValue)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        session = AccountID(try decoder.decodeDigest())
        scope = try SessionScope(from: &decoder)
        limits = try decoder.decodeList(of: SessionLimit.self, countMax: Self.limitsMax)
        periodBlocks = try decoder.decodeUInt64()
        validUntil = BlockHeight(try decoder.decodeUInt64())
    }
}

/// A session as the ledger keeps it.
public struct Session: Hashable, Sendable {
    /// What was granted.
    public let grant: SessionGrant
    /// Whose key granted it: a session ends with the key that it comes from.
    public let grantedBy: AccountID
    /// Whether it was revoked.
    public internal(set) var isRevoked: Bool
    /// When the period began that ``spent`` counts in.
    public internal(set) var periodStart: BlockHeight
    /// What left the account in that period, one amount for each limit.
    public internal(set) var spent: [Amount]

    init(_ grant: SessionGrant, by authority: AccountID, at height: BlockHeight) {
        self.grant = grant
        grantedBy = authority
        isRevoked = false
        periodStart = height
        spent = grant.limits.map { _ in .zero }
    }

    /// Whether the session's key may act at `height`, where `authority`'s is the account's key.
    public func isLive(at height: BlockHeight, authority: AccountID) -> Bool {
        !isRevoked && height <= grant.validUntil && grantedBy == authority
    }

    /// Begins a new period if the last one is over.
    mutating func renew(at height: BlockHeight) {
        let end = periodStart.advanced(byBlocks: grant.periodBlocks) ?? BlockHeight(.max)
        guard height >= end else { return }
        periodStart = height
        spent = grant.limits.map { _ in .zero }
    }

    /// Notes that an amount leaves the account, unless that is more than the session may spend.
    mutating func spend(_ amount: Amount, _ denomination: Denomination) -> Bool {
        guard !amount.isZero else { return true }
        guard let place = grant.limits.firstIndex(where: { $0.denomination == denomination })
        else { return false }
        let (sum, overflow) = spent[place].obol.addingReportingOverflow(amount.obol)
        guard !overflow, sum <= grant.limits[place].amount.obol else { return false }
        spent[place] = Amount(obol: sum)
        return true
    }
}

extension Session: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(grant)
        encoder.encode(grantedBy.digest)
        encoder.encode(isRevoked)
        encoder.encode(periodStart.rawValue)
        for amount in spent { encoder.encode(amount) }
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        grant = try SessionGrant(from: &decoder)
        grantedBy = AccountID(try decoder.decodeDigest())
        isRevoked = try decoder.decodeBool()
        periodStart = BlockHeight(try decoder.decodeUInt64())
        var spent: [Amount] = []
        for _ in grant.limits { spent.append(try decoder.decodeAmount()) }
        self.spent = spent
    }
}
