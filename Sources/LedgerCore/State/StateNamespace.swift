public import CanonicalCoding
public import MarketTypes

/// The first byte of a key: which kind of entry it names; append-only.
///
/// Components that came after staking declare theirs beside their keys: lineage has 0x12 to 0x17,
/// shares 0x50, units 0x58, passes 0x60, exchange 0x68, escrows 0x70, disputes 0x78, governance
/// 0x80 and authorization 0x90, eight numbers each.
struct StateNamespace: RawRepresentable, Hashable, Sendable {
    let rawValue: UInt8

    static let account = Self(rawValue: 0x01)
    static let issuedBalance = Self(rawValue: 0x02)
    static let feePool = Self(rawValue: 0x03)
    static let parameters = Self(rawValue: 0x04)
    static let supply = Self(rawValue: 0x05)
    static let lastDeadline = Self(rawValue: 0x06)
    static let pot = Self(rawValue: 0x07)
    static let deadline = Self(rawValue: 0x08)
    static let deadlineCount = Self(rawValue: 0x09)
    static let governedNumber = Self(rawValue: 0x0a)
    static let asset = Self(rawValue: 0x10)
    static let assetVersion = Self(rawValue: 0x11)
    static let offer = Self(rawValue: 0x18)
    static let channel = Self(rawValue: 0x20)
    static let lane = Self(rawValue: 0x21)
    static let claim = Self(rawValue: 0x22)
    static let channelOfPayer = Self(rawValue: 0x23)
    static let channelOfPayee = Self(rawValue: 0x24)
    static let bond = Self(rawValue: 0x30)
    static let punishedCall = Self(rawValue: 0x31)
    static let validator = Self(rawValue: 0x40)
    static let delegation = Self(rawValue: 0x41)
    static let consensusKeyOwner = Self(rawValue: 0x42)
    static let stakingParameters = Self(rawValue: 0x43)
    static let candidates = Self(rawValue: 0x44)
    static let validatorSet = Self(rawValue: 0x45)
    static let missedBlocks = Self(rawValue: 0x46)
}

/// The kinds of entries that hold or count money, besides the fee pool.
public enum MoneyEntry: Hashable, Sendable {
    /// An ``Account``'s balance.
    case account
    /// A ``Channel``'s locked deposit.
    case channel
    /// A ``Bond``.
    case bond
    /// A ``Validator``: its stake and the rewards that nobody has withdrawn.
    case validator
    /// A ``Delegation``'s stake on its way back.
    case delegation
    /// A ``Pot``, of the native unit or another.
    case pot
    /// What an account owns of a unit that somebody issued.
    case issuedBalance
    /// How much there is of a unit, the native one included.
    case supply
}

extension StateKey {
    /// Which kind of money the entry holds; nil if none, or if it is the fee pool.
    public var money: MoneyEntry? {
        switch StateNamespace(rawValue: bytes[0]) {
        case .account: .account
        case .channel: .channel
        case .bond: .bond
        case .validator: .validator
        case .delegation: .delegation
        case .pot: .pot
        case .issuedBalance: .issuedBalance
        case .supply: .supply
        default: nil
        }
    }

    /// What the amount under a pot's, an issued balance's or a supply's key counts; nil for others.
    ///
    /// Their keys end with the unit's name, which is zero for the native one.
    public var denomination: Denomination? {
        guard money == .pot || money == .issuedBalance || money == .supply, bytes.count >= 33,
            let unit = Digest(bytes: bytes.suffix(Digest.byteCount))
        else { return nil }
        return unit == .zero ? .native : .issued(unit)
    }

    /// A key of `namespace` whose parts `build` appends, each of fixed width.
    init(_ namespace: StateNamespace, _ build: (inout CanonicalEncoder) -> Void = { _ in }) {
        var encoder = CanonicalEncoder(capacityBytes: 72)
        encoder.encode(namespace.rawValue)
        build(&encoder)
        self.init(bytes: encoder.bytes)
    }
}

/// An amount as an entry of its own.
public struct StoredAmount: CanonicalCodable, Hashable {
    /// The amount.
    public let amount: Amount

    public func encode(into encoder: inout CanonicalEncoder) { encoder.encode(amount) }

    init(_ amount: Amount) { self.amount = amount }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        amount = try decoder.decodeAmount()
    }
}

/// An entry that only exists: members of an index or a set.
struct Presence: CanonicalCodable {
    init() {}
    func encode(into encoder: inout CanonicalEncoder) {}
    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {}
}
