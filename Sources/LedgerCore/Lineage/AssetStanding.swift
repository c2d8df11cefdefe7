public import CanonicalCoding
public import MarketTypes

/// Whether an asset is retired, and whom it is offered to.
public struct AssetStanding: Hashable, Sendable {
    /// When its owner retired it; nil while it is not.
    public internal(set) var retiredAt: BlockHeight?
    /// Who becomes its owner by accepting it; nil while nobody may.
    public internal(set) var offeredTo: AccountID?

    /// An asset of which there is nothing to say.
    static let plain = AssetStanding(retiredAt: nil, offeredTo: nil)
}

extension AssetStanding: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(retiredAt != nil)
        if let retiredAt { encoder.encode(retiredAt.rawValue) }
        encoder.encode(optionalDigest: offeredTo?.digest)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        retiredAt = try decoder.decodeBool() ? BlockHeight(try decoder.decodeUInt64()) : nil
        offeredTo = try decoder.decodeOptionalDigest().map { AccountID($0) }
    }
}

/// A digest as an entry of its own.
public struct StoredDigest: CanonicalCodable, Hashable {
    /// The digest.
    public let digest: Digest

    public func encode(into encoder: inout CanonicalEncoder) { encoder.encode(digest) }

    init(_ digest: Digest) { self.digest = digest }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        digest = try decoder.decodeDigest()
    }
}

extension StagedState {
    /// Whether an asset is retired, and whom it is offered to.
    func standing(of asset: AssetID) -> AssetStanding {
        read(AssetStanding.self, .assetStanding(asset)) ?? .plain
    }

    /// Whether nothing new may come of an asset: no version, offer or child.
    func isRetired(_ asset: AssetID) -> Bool { standing(of: asset).retiredAt != nil }

    /// Writes where an asset stands, or that there is nothing to say.
    mutating func write(_ standing: AssetStanding, of asset: AssetID) {
        write(standing == .plain ? nil : standing, .assetStanding(asset))
    }
}
