import CanonicalCoding
import MarketTypes

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
    /// How many edges of lineages the transaction's income has flowed along.
    var royaltyEdges = 0
    /// The session whose key signed the transaction, and what left the account since.
    var session: OpenSession?

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
        royaltyEdges = 0
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
