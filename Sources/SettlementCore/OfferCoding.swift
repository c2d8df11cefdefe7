public import CanonicalCoding
import Identity
public import MarketTypes

extension OfferLimits: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(requestBytesMax)
        encoder.encode(inputTokensMax)
        encoder.encode(outputTokensMax)
        encoder.encode(templateTokensMax)
        encoder.encode(callMillisecondsMax)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        requestBytesMax = try decoder.decodeUInt32()
        inputTokensMax = try decoder.decodeUInt32()
        outputTokensMax = try decoder.decodeUInt32()
        templateTokensMax = try decoder.decodeUInt32()
        callMillisecondsMax = try decoder.decodeUInt32()
    }
}

extension Denomination: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        switch self {
        case .native: encoder.encode(UInt8(0))
        case .issued(let digest):
            encoder.encode(UInt8(1))
            encoder.encode(digest)
        }
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        switch try decoder.decodeUInt8() {
        case 0: self = .native
        case 1: self = .issued(try decoder.decodeDigest())
        default: throw .unknownTag
        }
    }
}

extension Offer: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(seller.digest)
        encoder.encode(receiptKey)
        encoder.encode(asset.digest)
        encoder.encode(assetVersion)
        encoder.encode(weights)
        encoder.encode(model)
        encoder.encode(interface.rawValue)
        encoder.encode(endpoint)
        encoder.encode(denomination)
        encoder.encode(prices)
        encoder.encode(limits)
        encoder.encode(verification.rawValue)
        encoder.encode(bond)
        encoder.encode(version)
        encoder.encode(supersedes != nil)
        if let supersedes { encoder.encode(supersedes.digest) }
        encoder.encode(expiresAt.milliseconds)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        seller = AccountID(try decoder.decodeDigest())
        receiptKey = try .init(from: &decoder)
        asset = AssetID(try decoder.decodeDigest())
        assetVersion = try decoder.decodeUInt32()
        weights = try decoder.decodeDigest()
        model = try decoder.decodeString(bytesMax: Self.modelBytesMax)
        guard let interface = CallInterface(rawValue: try decoder.decodeUInt8()) else {
            throw .unknownTag
        }
        self.interface = interface
        endpoint = try decoder.decodeString(bytesMax: Self.endpointBytesMax)
        denomination = try Denomination(from: &decoder)
        prices = try PriceTable(from: &decoder)
        limits = try OfferLimits(from: &decoder)
        guard let verification = VerificationClass(rawValue: try decoder.decodeUInt8()) else {
            throw .unknownTag
        }
        self.verification = verification
        bond = try decoder.decodeAmount()
        version = try decoder.decodeUInt32()
        supersedes = try decoder.decodeBool() ? OfferID(try decoder.decodeDigest()) : nil
        expiresAt = Timestamp(milliseconds: try decoder.decodeUInt64())
    }
}
