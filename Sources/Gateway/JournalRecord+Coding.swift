import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

extension JournalRecord {
    /// Whether encoded bytes are a channel or an offer, which later records refer to.
    static func isReference(_ bytes: [UInt8]) -> Bool { bytes.first == 1 || bytes.first == 2 }
}

extension JournalRecord: CanonicalCodable {
    func encode(into encoder: inout CanonicalEncoder) {
        switch self {
        case .channel(let id, let channel, let chain):
            encoder.encode(UInt8(1))
            encoder.encode(chain.digest)
            encoder.encode(id.digest)
            encoder.encode(channel)
        case .offer(let offer):
            encoder.encode(UInt8(2))
            encoder.encode(offer)
        case .voucher(let voucher, let unitsMax, let buyer):
            encoder.encode(UInt8(buyer == nil ? 3 : 7))
            encoder.encode(voucher)
            encoder.encode(units: unitsMax)
            if let buyer { encoder.encode(buyer: buyer) }
        case .receipt(let receipt):
            encoder.encode(UInt8(4))
            encoder.encode(receipt)
        case .withdrawn(let name):
            encoder.encode(UInt8(5))
            encoder.encode(name)
        case .struckOff(let strike):
            encoder.encode(UInt8(6))
            encoder.encode(strike)
        }
    }

    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        switch try decoder.decodeUInt8() {
        case 1:
            let chain = ChainID(try decoder.decodeDigest())
            let id = ChannelID(try decoder.decodeDigest())
            self = .channel(id, try Channel(from: &decoder), chain: chain)
        case 2: self = .offer(try Offer(from: &decoder))
        case 3:
            let voucher = try Signed<Voucher>(from: &decoder)
            self = .voucher(voucher, unitsMax: try decoder.decodeUnits())
        case 4: self = .receipt(try Signed(from: &decoder))
        case 5: self = .withdrawn(try VoucherName(from: &decoder))
        case 6: self = .struckOff(try StrikeOff(from: &decoder))
        case 7:
            let voucher = try Signed<Voucher>(from: &decoder)
            let unitsMax = try decoder.decodeUnits()
            self = .voucher(voucher, unitsMax: unitsMax, buyer: try decoder.decodeBuyer())
        default: throw .unknownTag
        }
    }
}

extension CanonicalEncoder {
    fileprivate mutating func encode(buyer: CallBuyer) {
        encode(bytes: buyer.organisation)
        encode(bytes: buyer.user)
        encode(buyer.key ?? "")
    }
}

extension CanonicalDecoder {
    fileprivate mutating func decodeBuyer() throws(CanonicalError) -> CallBuyer {
        let organisation = try decodeBytes(bytesMax: CallBuyer.nameBytesMax)
        let user = try decodeBytes(bytesMax: CallBuyer.nameBytesMax)
        let key = try decodeString(bytesMax: CallBuyer.keyBytesMax)
        let buyer = CallBuyer(
            organisation: organisation,
            user: user,
            key: key.isEmpty ? nil : key
        )
        guard let buyer else { throw .invalidValue }
        return buyer
    }
}

extension VoucherName: CanonicalCodable {
    func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(channel.digest)
        encoder.encode(lane.rawValue)
        encoder.encode(sequence)
    }

    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        channel = ChannelID(try decoder.decodeDigest())
        lane = LaneID(try decoder.decodeUInt16())
        sequence = try decoder.decodeUInt64()
    }
}

extension StrikeOff: CanonicalCodable {
    func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(seller.digest)
        encoder.encode(reason.code)
        encoder.encode(at.milliseconds)
        encoder.encode(optional: evidence)
    }

    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        seller = AccountID(try decoder.decodeDigest())
        guard let reason = StrikeReason(code: try decoder.decodeUInt32()) else {
            throw .unknownTag
        }
        self.reason = reason
        at = Timestamp(milliseconds: try decoder.decodeUInt64())
        evidence = try decoder.decodeOptional(LaneClaim.self)
    }
}
