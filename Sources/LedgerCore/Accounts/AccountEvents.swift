public import CanonicalCoding
public import MarketTypes
import SettlementCore

/// Money moved from one account to another.
public struct AccountTransferred: Hashable, Sendable {
    /// Who paid.
    public let from: AccountID
    /// Who was paid.
    public let to: AccountID
    /// What was paid in.
    public let denomination: Denomination
    /// How much.
    public let amount: Amount
}

extension AccountTransferred: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(from.digest)
        encoder.encode(to.digest)
        encoder.encode(denomination)
        encoder.encode(amount)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        from = AccountID(try decoder.decodeDigest())
        to = AccountID(try decoder.decodeDigest())
        denomination = try Denomination(from: &decoder)
        amount = try decoder.decodeAmount()
    }
}
