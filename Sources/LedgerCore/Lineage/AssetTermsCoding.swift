public import CanonicalCoding
import MarketTypes

extension UsePermission: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) { encoder.encode(rawValue) }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        guard let known = Self(rawValue: try decoder.decodeUInt8()) else { throw .unknownTag }
        self = known
    }
}

extension DataUse: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(training)
        encoder.encode(generativeTraining)
        encoder.encode(mining)
        encoder.encode(inference)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        training = try UsePermission(from: &decoder)
        generativeTraining = try UsePermission(from: &decoder)
        mining = try UsePermission(from: &decoder)
        inference = try UsePermission(from: &decoder)
    }
}

extension AssetParent: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(asset.digest)
        encoder.encode(version)
        encoder.encode(shareBasisPoints)
        encoder.encode(role.rawValue)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        asset = AssetID(try decoder.decodeDigest())
        version = try decoder.decodeUInt32()
        shareBasisPoints = try decoder.decodeUInt16()
        guard let role = ParentRole(rawValue: try decoder.decodeUInt8()) else { throw .unknownTag }
        self.role = role
    }
}

extension AssetTerms: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(optionalDigest: licenceText)
        encoder.encode(use)
        encoder.encode(royaltyMinBasisPoints != nil)
        if let royaltyMinBasisPoints { encoder.encode(royaltyMinBasisPoints) }
        encoder.encode(list: parents)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        licenceText = try decoder.decodeOptionalDigest()
        use = try DataUse(from: &decoder)
        royaltyMinBasisPoints = try decoder.decodeBool() ? try decoder.decodeUInt16() : nil
        parents = try decoder.decodeList(of: AssetParent.self, countMax: Lineage.parentsMax)
    }
}

extension CanonicalEncoder {
    /// Appends 0 for nil, or 1 and the digest.
    mutating func encode(optionalDigest digest: Digest?) {
        encode(digest != nil)
        if let digest { encode(digest) }
    }
}

extension CanonicalDecoder {
    /// Reads a digest that may be missing.
    mutating func decodeOptionalDigest() throws(CanonicalError) -> Digest? {
        try decodeBool() ? try decodeDigest() : nil
    }
}
