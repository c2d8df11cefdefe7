public import CanonicalCoding
public import MarketTypes
import SettlementCore

/// A part of an asset's income that an asset of its lineage earned.
public struct IncomePart: Hashable, Sendable {
    /// The asset that was sold.
    public let sold: AssetID
    /// The asset that earned: an ancestor of the sold one, or the sold one itself.
    public let earner: AssetID
    /// Who is paid: the earner's owner or seller, unless it has shareholders.
    public let account: AccountID
    /// What the amount counts.
    public let denomination: Denomination
    /// How much.
    public let amount: Amount
}

/// What happened to assets' terms, ownership and income; the tags are those of ``Event``, from 30
/// to 39, and append-only.
public enum LineageEvent: Hashable, Sendable {
    /// An asset was published with terms.
    case termsPublished(AssetID, terms: Digest)
    /// An asset named one of its parents.
    case parentNamed(AssetID, parent: AssetParent)
    /// A version got the digest of its describing document.
    case metadataSet(AssetID, version: UInt32, metadata: Digest)
    /// An asset was offered to an account.
    case assetOffered(AssetID, to: AccountID)
    /// An asset is no longer offered.
    case assetOfferEnded(AssetID)
    /// An asset has a new owner.
    case assetTransferred(AssetID, from: AccountID, to: AccountID)
    /// Nothing new comes of an asset any more.
    case assetRetired(AssetID)
    /// An ancestor earned its part of a sale.
    case royaltyPaid(IncomePart)
    /// An asset with terms earned what its sale left after royalties.
    case incomeKept(IncomePart)

    /// The tags that these events may have.
    static let tags: ClosedRange<UInt8> = 30...39
}

extension LineageEvent {
    private var tag: UInt8 {
        switch self {
        case .termsPublished: 30
        case .parentNamed: 31
        case .metadataSet: 32
        case .assetOffered: 33
        case .assetOfferEnded: 34
        case .assetTransferred: 35
        case .assetRetired: 36
        case .royaltyPaid: 37
        case .incomeKept: 38
        }
    }

    /// Appends the tag and the fields.
    func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(tag)
        switch self {
        case .termsPublished(let asset, let terms):
            encoder.encode(asset.digest)
            encoder.encode(terms)
        case .parentNamed(let asset, let parent):
            encoder.encode(asset.digest)
            encoder.encode(parent)
        case .metadataSet(let asset, let version, let metadata):
            encoder.encode(asset.digest)
            encoder.encode(version)
            encoder.encode(metadata)
        case .assetOffered(let asset, let account):
            encoder.encode(asset.digest)
            encoder.encode(account.digest)
        case .assetOfferEnded(let asset), .assetRetired(let asset): encoder.encode(asset.digest)
        case .assetTransferred(let asset, let from, let to):
            encoder.encode(asset.digest)
            encoder.encode(from.digest)
            encoder.encode(to.digest)
        case .royaltyPaid(let part), .incomeKept(let part): encoder.encode(part)
        }
    }

    /// Reads what follows the tag.
    init(tag: UInt8, from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        switch tag {
        case 37: self = .royaltyPaid(try IncomePart(from: &decoder))
        case 38: self = .incomeKept(try IncomePart(from: &decoder))
        case 39...: throw .unknownTag
        default:
            try self.init(tag: tag, of: AssetID(try decoder.decodeDigest()), from: &decoder)
        }
    }

    private init(
        tag: UInt8,
        of asset: AssetID,
        from decoder: inout CanonicalDecoder
    ) throws(CanonicalError) {
        switch tag {
        case 30: self = .termsPublished(asset, terms: try decoder.decodeDigest())
        case 31: self = .parentNamed(asset, parent: try AssetParent(from: &decoder))
        case 32:
            self = .metadataSet(
                asset,
                version: try decoder.decodeUInt32(),
                metadata: try decoder.decodeDigest()
            )
        case 33: self = .assetOffered(asset, to: AccountID(try decoder.decodeDigest()))
        case 34: self = .assetOfferEnded(asset)
        case 35:
            self = .assetTransferred(
                asset,
                from: AccountID(try decoder.decodeDigest()),
                to: AccountID(try decoder.decodeDigest())
            )
        case 36: self = .assetRetired(asset)
        default: throw .unknownTag
        }
    }
}

extension IncomePart: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(sold.digest)
        encoder.encode(earner.digest)
        encoder.encode(account.digest)
        encoder.encode(denomination)
        encoder.encode(amount)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        sold = AssetID(try decoder.decodeDigest())
        earner = AssetID(try decoder.decodeDigest())
        account = AccountID(try decoder.decodeDigest())
        denomination = try Denomination(from: &decoder)
        amount = try decoder.decodeAmount()
    }
}
