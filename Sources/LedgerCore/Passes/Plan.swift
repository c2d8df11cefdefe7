public import CanonicalCoding
public import MarketTypes

/// A plan as the ledger keeps it.
public struct Plan: Hashable, Sendable {
    /// Who published it and is paid.
    public let seller: AccountID
    /// What it promises, and for what.
    public let terms: PlanTerms
    /// When it was published.
    public let publishedAt: BlockHeight
    /// How many passes were sold; renewals do not count.
    public internal(set) var sales: UInt32
    /// When the seller ended its sale; nil while it is sold.
    public internal(set) var retiredAt: BlockHeight?

    /// The name of the plan that a message publishes.
    public static func id(seller: AccountID, sequence: UInt64, messageIndex: UInt8) -> PlanID {
        PlanID(Digest(.plan, messagePlace(of: seller, sequence, messageIndex)))
    }

    static func id(from origin: MessageOrigin) -> PlanID {
        id(seller: origin.sender, sequence: origin.sequence, messageIndex: origin.messageIndex)
    }
}

/// The bytes that a plan's or pass's name is the digest of.
func messagePlace(of sender: AccountID, _ sequence: UInt64, _ messageIndex: UInt8) -> [UInt8] {
    var encoder = CanonicalEncoder()
    encoder.encode(sender.digest)
    encoder.encode(sequence)
    encoder.encode(messageIndex)
    return encoder.bytes
}

extension Plan: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(seller.digest)
        encoder.encode(terms)
        encoder.encode(publishedAt.rawValue)
        encoder.encode(sales)
        encoder.encode(retiredAt != nil)
        if let retiredAt { encoder.encode(retiredAt.rawValue) }
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        seller = AccountID(try decoder.decodeDigest())
        terms = try PlanTerms(from: &decoder)
        publishedAt = BlockHeight(try decoder.decodeUInt64())
        sales = try decoder.decodeUInt32()
        retiredAt = try decoder.decodeBool() ? BlockHeight(try decoder.decodeUInt64()) : nil
    }
}
