public import CanonicalCoding
public import MarketTypes

/// Names one pass, whoever holds it: the digest of its buyer and the buying message's place.
public struct PassID: Hashable, Comparable, Sendable {
    /// The digest of buyer, sequence and message index.
    public let digest: Digest
    /// Names the pass with `digest`.
    public init(_ digest: Digest) { self.digest = digest }
    public static func < (lhs: PassID, rhs: PassID) -> Bool { lhs.digest < rhs.digest }
}

/// One period of a pass: its units are counted from zero.
public struct PassPeriod: CanonicalCodable, Hashable {
    /// The first height at which it counts.
    public let startsAt: BlockHeight
    /// The first height at which it does not.
    public let endsAt: BlockHeight

    init(startsAt: BlockHeight, endsAt: BlockHeight) {
        self.startsAt = startsAt
        self.endsAt = endsAt
    }

    /// Whether a call at `height` counts in it.
    public func contains(_ height: BlockHeight) -> Bool { startsAt <= height && height < endsAt }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(startsAt.rawValue)
        encoder.encode(endsAt.rawValue)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        startsAt = BlockHeight(try decoder.decodeUInt64())
        endsAt = BlockHeight(try decoder.decodeUInt64())
    }
}

/// What a holder lets the ledger pay for further periods when one ends.
public struct StandingRenewal: CanonicalCodable, Hashable {
    /// The most that one period may cost.
    public let priceMax: Amount
    /// How many more periods may be paid for.
    public internal(set) var renewals: UInt32
    /// The last height at which one may be paid for.
    public let until: BlockHeight

    /// Creates an authorization; the ledger checks it.
    public init(priceMax: Amount, renewals: UInt32, until: BlockHeight) {
        self.priceMax = priceMax
        self.renewals = renewals
        self.until = until
    }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(priceMax)
        encoder.encode(renewals)
        encoder.encode(until.rawValue)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        priceMax = try decoder.decodeAmount()
        renewals = try decoder.decodeUInt32()
        until = BlockHeight(try decoder.decodeUInt64())
    }
}

/// A pass as the ledger keeps it: while it runs, and not a block longer.
public struct Pass: Hashable, Sendable {
    /// The most periods that a pass can have at once: the current one and those paid for ahead.
    public static let periodsMax = 4

    /// Under which plan it was sold.
    public let plan: PlanID
    /// Who may use it.
    public internal(set) var holder: AccountID
    /// The current period and those that follow it, without gaps; never empty.
    public internal(set) var periods: [PassPeriod]
    /// What the ledger may do when the last of them ends; nil if it may not go on.
    public internal(set) var renewal: StandingRenewal?
    /// What the ledger holds until it ends, in obol; nothing if it is no trial.
    public let bond: Amount

    /// The name of the pass that a message buys or tries.
    public static func id(holder: AccountID, sequence: UInt64, messageIndex: UInt8) -> PassID {
        PassID(Digest(.pass, messagePlace(of: holder, sequence, messageIndex)))
    }

    static func id(from origin: MessageOrigin) -> PassID {
        id(holder: origin.sender, sequence: origin.sequence, messageIndex: origin.messageIndex)
    }

    /// The period that a call at `height` counts in; nil before the first and after the last.
    public func period(at height: BlockHeight) -> PassPeriod? {
        periods.first { $0.contains(height) }
    }
}

extension Pass: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(plan.digest)
        encoder.encode(holder.digest)
        encoder.encode(list: periods)
        encoder.encode(optional: renewal)
        encoder.encode(bond)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        plan = PlanID(try decoder.decodeDigest())
        holder = AccountID(try decoder.decodeDigest())
        periods = try decoder.decodeList(of: PassPeriod.self, countMax: Self.periodsMax)
        renewal = try decoder.decodeOptional(StandingRenewal.self)
        bond = try decoder.decodeAmount()
    }
}
