public import CanonicalCoding
import Identity
import MarketTypes
import SettlementCore

extension ChannelOpening: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(payee.digest)
        encoder.encode(denomination)
        encoder.encode(deposit)
        encoder.encode(voucherKey)
        encoder.encode(lanes)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        payee = AccountID(try decoder.decodeDigest())
        denomination = try Denomination(from: &decoder)
        deposit = try decoder.decodeAmount()
        voucherKey = try PublicKey(from: &decoder)
        lanes = try decoder.decodeUInt16()
    }
}

extension ChannelClaim: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(channel.digest)
        encoder.encode(list: lanes)
        encoder.encode(receiptsRoot)
        encoder.encode(receiptsCount)
        encoder.encode(release)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        channel = ChannelID(try decoder.decodeDigest())
        lanes = try decoder.decodeList(of: LaneClaim.self, countMax: Self.lanesMax)
        receiptsRoot = try decoder.decodeDigest()
        receiptsCount = try decoder.decodeUInt64()
        release = try decoder.decodeBool()
    }
}

extension Channel: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(payer.digest)
        encoder.encode(payee.digest)
        encoder.encode(denomination)
        encoder.encode(deposit)
        encoder.encode(paid)
        encoder.encode(voucherKey)
        encoder.encode(lanes)
        encoder.encode(claims)
        switch status {
        case .open: encoder.encode(UInt8(1))
        case .closing(let height):
            encoder.encode(UInt8(2))
            encoder.encode(height.rawValue)
        case .closed: encoder.encode(UInt8(3))
        }
        encoder.encode(closingDelayBlocks)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        payer = AccountID(try decoder.decodeDigest())
        payee = AccountID(try decoder.decodeDigest())
        denomination = try Denomination(from: &decoder)
        deposit = try decoder.decodeAmount()
        paid = try decoder.decodeAmount()
        guard paid <= deposit else { throw .invalidValue }
        voucherKey = try PublicKey(from: &decoder)
        lanes = try decoder.decodeUInt16()
        claims = try decoder.decodeUInt32()
        switch try decoder.decodeUInt8() {
        case 1: status = .open
        case 2: status = .closing(at: BlockHeight(try decoder.decodeUInt64()))
        case 3: status = .closed
        default: throw .unknownTag
        }
        closingDelayBlocks = try decoder.decodeUInt64()
    }
}

extension ClaimRecord: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(receiptsRoot)
        encoder.encode(receiptsCount)
        encoder.encode(paid)
        encoder.encode(height.rawValue)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        receiptsRoot = try decoder.decodeDigest()
        receiptsCount = try decoder.decodeUInt64()
        paid = try decoder.decodeAmount()
        height = BlockHeight(try decoder.decodeUInt64())
    }
}
