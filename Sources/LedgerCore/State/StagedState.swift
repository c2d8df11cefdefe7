public import CanonicalCoding
public import MarketTypes

/// A state with changes on top that are not in it yet: a block's, and inside it a transaction's.
///
/// Reading sees the newest value. A transaction's changes join the block's or vanish as a whole,
/// which is what makes a refused transaction change nothing.
public struct StagedState<Base: StateReading> {
    /// The state below.
    public let base: Base
    private var block: [StateKey: [UInt8]?] = [:]
    private var blockOrder: [StateKey] = []
    private var transaction: [StateKey: [UInt8]?] = [:]
    private var transactionOrder: [StateKey] = []
    private var taken = SortedMap<Denomination, Amount>()
    private var put = SortedMap<Denomination, Amount>()

    /// Creates a view without changes.
    public init(base: Base) {
        self.base = base
    }

    /// The block's changes so far, in ascending order of key.
    public var changes: [StateChange] {
        blockOrder.sorted().map { StateChange(key: $0, value: block[$0] ?? nil) }
    }

    /// The entry under `key`, decoded.
    ///
    /// Stored bytes were written by these rules, so bytes that do not decode mean a damaged
    /// store; going on would fork this node from the others.
    func read<Value: CanonicalCodable>(_ type: Value.Type, _ key: StateKey) -> Value? {
        guard let bytes = bytes(key) else { return nil }
        do {
            return try Value(canonicalBytes: bytes)
        } catch {
            preconditionFailure("state entry \(Hex.encode(key.bytes)) is damaged: \(error)")
        }
    }

    /// Whether there is an entry under `key`.
    func contains(_ key: StateKey) -> Bool { bytes(key) != nil }

    private func bytes(_ key: StateKey) -> [UInt8]? {
        if let staged = transaction[key] { return staged }
        if let staged = block[key] { return staged }
        return base.value(for: key)
    }

    /// Writes or, with nil, removes the entry under `key`.
    mutating func write<Value: CanonicalCodable>(_ value: Value?, _ key: StateKey) {
        if transaction.updateValue(value?.canonicalBytes, forKey: key) == nil {
            transactionOrder.append(key)
        }
    }

    /// Whether the block has written or removed the entry under `key`.
    func isChanged(_ key: StateKey) -> Bool { block[key] != nil }

    /// Makes the transaction's changes part of the block's.
    ///
    /// Traps if money was made or lost: every amount taken out of one entry must have been put
    /// into another (promise P1). This is a defect in the rules, never a user's doing.
    mutating func keepTransaction() {
        precondition(taken == put, "a transaction did not conserve money")
        for key in transactionOrder
        where block.updateValue(transaction[key] ?? nil, forKey: key) == nil {
            blockOrder.append(key)
        }
        dropTransaction()
    }

    /// Forgets the transaction's changes.
    mutating func dropTransaction() {
        transaction.removeAll(keepingCapacity: true)
        transactionOrder.removeAll(keepingCapacity: true)
        taken = SortedMap()
        put = SortedMap()
    }

    /// Notes that `amount` left an entry.
    mutating func take(_ amount: Amount, _ denomination: Denomination) {
        Self.add(amount, denomination, to: &taken)
    }

    /// Notes that `amount` entered an entry.
    mutating func put(_ amount: Amount, _ denomination: Denomination) {
        Self.add(amount, denomination, to: &put)
    }

    private static func add(
        _ amount: Amount,
        _ denomination: Denomination,
        to map: inout SortedMap<Denomination, Amount>
    ) {
        guard !amount.isZero else { return }
        let sum = (map[denomination]?.obol ?? 0) + amount.obol  // both bounded by supply
        map[denomination] = Amount(obol: sum)
    }
}

extension StagedState: Sendable where Base: Sendable {}

/// The first byte of a key: which kind of entry it names; append-only.
enum StateNamespace: UInt8 {
    case account = 0x01
    case issuedBalance = 0x02
    case feePool = 0x03
    case parameters = 0x04
    case supply = 0x05
    case lastDeadline = 0x06
    case asset = 0x10
    case assetVersion = 0x11
    case offer = 0x18
    case channel = 0x20
    case lane = 0x21
    case claim = 0x22
    case channelOfPayer = 0x23
    case channelOfPayee = 0x24
    case bond = 0x30
    case punishedCall = 0x31
    case validator = 0x40
    case delegation = 0x41
    case consensusKeyOwner = 0x42
    case stakingParameters = 0x43
    case candidates = 0x44
    case validatorSet = 0x45
    case missedBlocks = 0x46
}

/// The kinds of entries that hold native money, besides the fee pool.
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
        default: nil
        }
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
