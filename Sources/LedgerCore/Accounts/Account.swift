public import CanonicalCoding
public import MarketTypes

/// What the ledger keeps for one account: everything else about it stands under its own key.
public struct Account: Hashable, Sendable {
    /// The sequence number of the last transaction; 0 before the first.
    public var sequence: UInt64
    /// The native balance, in obol.
    public var balance: Amount

    /// An account that nobody has used.
    public static let unused = Account(sequence: 0, balance: .zero)

    /// Creates an account's entry.
    public init(sequence: UInt64, balance: Amount) {
        self.sequence = sequence
        self.balance = balance
    }
}

extension Account: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(sequence)
        encoder.encode(balance)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        sequence = try decoder.decodeUInt64()
        balance = try decoder.decodeAmount()
    }
}

/// Why money could not move between accounts.
public enum AccountRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// Nothing was to be moved.
    case zeroAmount = 1
    /// The account has less than that.
    case insufficientBalance = 2
    /// The recipient would own more than can be counted.
    case balanceOverflow = 3
}
