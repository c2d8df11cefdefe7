public import CanonicalCoding
public import MarketTypes
import SettlementCore

/// Names one fixed-rate sale.
public struct SaleID: Hashable, Comparable, Sendable {
    /// The hash of the seller and the place of the message that opened it.
    public let digest: Digest
    /// Names the sale with `digest`.
    public init(_ digest: Digest) { self.digest = digest }
    /// The name of the sale that a message of `seller` opens.
    public init(seller: AccountID, sequence: UInt64, messageIndex: UInt8) {
        digest = Digest(.sale, sender: seller, sequence: sequence, messageIndex: messageIndex)
    }
    public static func < (lhs: SaleID, rhs: SaleID) -> Bool { lhs.digest < rhs.digest }
}

extension Digest {
    /// Names what a message makes, by its sender and place.
    init(_ tag: DomainTag, sender: AccountID, sequence: UInt64, messageIndex: UInt8) {
        var encoder = CanonicalEncoder(capacityBytes: 41)
        encoder.encode(sender.digest)
        encoder.encode(sequence)
        encoder.encode(messageIndex)
        self.init(tag, encoder.bytes)
    }
}

/// How much of one denomination is asked for how much of another: a fraction.
public struct SaleRate: CanonicalCodable, Hashable {
    /// How much is asked, in the smallest unit of what is wanted.
    public let wanted: Amount
    /// For so much, in the smallest unit of what is given.
    public let given: Amount

    /// Creates a rate.
    public init(_ wanted: Amount, per given: Amount) {
        self.wanted = wanted
        self.given = given
    }

    /// What `amount` costs: ⌈amount × wanted ÷ given⌉; nil beyond 128 bits.
    public func cost(of amount: Amount) -> Amount? {
        PoolReserves.scaledUp(amount.obol, wanted.obol, given.obol).map { Amount(obol: $0) }
    }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(wanted)
        encoder.encode(given)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        wanted = try decoder.decodeAmount()
        given = try decoder.decodeAmount()
    }
}

/// A sale at a fixed rate until a height; what is left of it is in a pot.
public struct Sale: CanonicalCodable, Hashable {
    /// Who sells.
    public let seller: AccountID
    /// What is sold.
    public let given: Denomination
    /// What it is sold for.
    public let wanted: Denomination
    /// At which rate.
    public let rate: SaleRate
    /// The last height at which it can be bought from.
    public let until: BlockHeight

    /// The two denominations, which are never the same.
    public var market: Market? { Market(given, wanted) }

    /// Where what is left is.
    public func pot(_ id: SaleID) -> Pot { Pot(.sale, id.digest, given) }

    init(_ seller: AccountID, _ opening: SaleOpening) {
        self.seller = seller
        given = opening.given
        wanted = opening.wanted
        rate = opening.rate
        until = opening.until
    }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(seller.digest)
        encoder.encode(given)
        encoder.encode(wanted)
        encoder.encode(rate)
        encoder.encode(until.rawValue)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        seller = AccountID(try decoder.decodeDigest())
        given = try Denomination(from: &decoder)
        wanted = try Denomination(from: &decoder)
        rate = try SaleRate(from: &decoder)
        until = BlockHeight(try decoder.decodeUInt64())
    }
}
