public import CanonicalCoding
public import MarketTypes
public import SettlementCore

/// An offer on the ledger, and whether buyers should still choose it.
///
/// The offer itself never changes: its digest is its name. Superseded and withdrawn offers stay,
/// because receipts under them stay claimable and provable.
public struct OfferRecord: Hashable, Sendable {
    /// Whether buyers should choose an offer; the numbers are append-only.
    public enum Standing: UInt8, Hashable, Sendable {
        /// Buyers may choose it until it expires.
        case current = 1
        /// A newer version exists; calls under this one are valid until it expires.
        case superseded = 2
        /// The seller took it back.
        case withdrawn = 3

        /// The name used in JSON.
        public var name: String {
            switch self {
            case .current: "current"
            case .superseded: "superseded"
            case .withdrawn: "withdrawn"
            }
        }
    }

    /// What is offered.
    public let offer: Offer
    /// Whether buyers should choose it.
    public internal(set) var standing: Standing
    /// When it was published.
    public let publishedAt: BlockHeight
}

/// Why an offer could not be published or withdrawn.
public enum OfferRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// The sender is not the offer's seller.
    case notSeller = 1
    /// The model name breaks the rules for names.
    case invalidModel = 2
    /// The endpoint is no http or https URL in printable ASCII.
    case invalidEndpoint = 3
    /// No unit has a price, or a unit has one that the interface never counts.
    case invalidPrices = 4
    /// A limit is zero where the interface needs it.
    case invalidLimits = 5
    /// The receipt key's scheme is not one that nodes verify.
    case unsupportedKey = 6
    /// The denomination does not exist.
    case unknownDenomination = 7
    /// There is no such asset version, or it has other weights.
    case unknownAsset = 8
    /// The sender does not own the asset.
    case notOwner = 9
    /// The offer would end before it begins.
    case alreadyExpired = 10
    /// The seller's active bond is less than the offer promises.
    case bondTooSmall = 11
    /// Exactly this offer is published.
    case alreadyPublished = 12
    /// There is no such offer.
    case unknownOffer = 13
    /// The version does not follow the one it replaces, or that one is not current.
    case invalidVersion = 14
    /// The offer is not current any more.
    case notCurrent = 15
}

extension OfferRecord: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(offer)
        encoder.encode(standing.rawValue)
        encoder.encode(publishedAt.rawValue)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        offer = try Offer(from: &decoder)
        guard let standing = Standing(rawValue: try decoder.decodeUInt8()) else {
            throw .unknownTag
        }
        self.standing = standing
        publishedAt = BlockHeight(try decoder.decodeUInt64())
    }
}
