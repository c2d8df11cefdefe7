public import CanonicalCoding
public import MarketTypes

/// What a holder asked an issuer to redeem; it exists until it is settled or taken back.
///
/// Its amount is in the pot of its name.
public struct Redemption: Hashable, Sendable {
    /// The unit.
    public let unit: Digest
    /// Who wants it redeemed.
    public let holder: AccountID
    /// What tells the issuer where to deliver, such as the digest of an order outside the ledger.
    public let reference: Digest
    /// The first height at which the holder may take it back.
    public let returnableAt: BlockHeight

    /// The name of the redemption that a message asks for.
    public static func id(holder: AccountID, sequence: UInt64, messageIndex: UInt8) -> Digest {
        Digest(.redemption, messagePlace(of: holder, sequence, messageIndex))
    }

    /// Where the amount of a redemption is.
    public static func pot(_ id: Digest, of unit: Digest) -> Pot {
        Pot(.redemption, id, .issued(unit))
    }
}

extension Redemption: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(unit)
        encoder.encode(holder.digest)
        encoder.encode(reference)
        encoder.encode(returnableAt.rawValue)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        unit = try decoder.decodeDigest()
        holder = AccountID(try decoder.decodeDigest())
        reference = try decoder.decodeDigest()
        returnableAt = BlockHeight(try decoder.decodeUInt64())
    }
}

extension GovernedNumber {
    /// After how many blocks a holder may take back what no issuer has redeemed.
    public static let redemptionBlocks = GovernedNumber(
        1101,
        "units.redemptionBlocks",
        standard: 86_400,
        bounds: 60...7_776_000
    )

    /// The numbers about units.
    public static let units = [redemptionBlocks]
}
