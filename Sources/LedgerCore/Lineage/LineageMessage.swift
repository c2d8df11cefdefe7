import CanonicalCoding
public import MarketTypes

/// The messages about where assets come from, what they may be used for and whose they are; their
/// tags are those of ``Message``, from 30 to 39, and append-only.
public enum LineageMessage: Hashable, Sendable {
    /// Publishes an asset with its terms and, if there is one, the digest of the document that
    /// describes its first version.
    case publishAssetWithTerms(AssetPublication, AssetTerms, metadata: Digest?)
    /// Says which document describes a version.
    case setMetadata(asset: AssetID, version: UInt32, metadata: Digest)
    /// Lets an account become the owner, instead of whom it was offered to before.
    case offerAsset(AssetID, to: AccountID)
    /// Becomes the owner of an asset that was offered.
    case acceptAsset(AssetID)
    /// Takes back what was offered, or declines it.
    case cancelAssetOffer(AssetID)
    /// Ends versions, offers and children of an asset, for ever.
    case retireAsset(AssetID)

    /// The tags that these messages may have.
    static let tags: ClosedRange<UInt8> = 30...39
}

extension LineageMessage {
    var tag: UInt8 {
        switch self {
        case .publishAssetWithTerms: 30
        case .setMetadata: 31
        case .offerAsset: 32
        case .acceptAsset: 33
        case .cancelAssetOffer: 34
        case .retireAsset: 35
        }
    }

    /// Appends what follows the tag.
    func encodeFields(into encoder: inout CanonicalEncoder) {
        switch self {
        case .publishAssetWithTerms(let publication, let terms, let metadata):
            encoder.encode(publication)
            encoder.encode(terms)
            encoder.encode(optionalDigest: metadata)
        case .setMetadata(let asset, let version, let metadata):
            encoder.encode(asset.digest)
            encoder.encode(version)
            encoder.encode(metadata)
        case .offerAsset(let asset, let account):
            encoder.encode(asset.digest)
            encoder.encode(account.digest)
        case .acceptAsset(let asset), .cancelAssetOffer(let asset), .retireAsset(let asset):
            encoder.encode(asset.digest)
        }
    }

    /// Reads what follows the tag.
    init(tag: UInt8, from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        switch tag {
        case 30:
            self = .publishAssetWithTerms(
                try AssetPublication(from: &decoder),
                try AssetTerms(from: &decoder),
                metadata: try decoder.decodeOptionalDigest()
            )
        case 31:
            self = .setMetadata(
                asset: AssetID(try decoder.decodeDigest()),
                version: try decoder.decodeUInt32(),
                metadata: try decoder.decodeDigest()
            )
        case 32:
            self = .offerAsset(
                AssetID(try decoder.decodeDigest()),
                to: AccountID(try decoder.decodeDigest())
            )
        case 33: self = .acceptAsset(AssetID(try decoder.decodeDigest()))
        case 34: self = .cancelAssetOffer(AssetID(try decoder.decodeDigest()))
        case 35: self = .retireAsset(AssetID(try decoder.decodeDigest()))
        default: throw .unknownTag
        }
    }
}
