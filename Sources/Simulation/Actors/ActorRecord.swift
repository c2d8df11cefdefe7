import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// What an honest actor writes down before it acts.
enum ActorRecord: CanonicalCodable {
    /// A transaction that may now be sent, again and again in the same bytes.
    case prepared([UInt8])
    /// What became of it: its code, and whether its sequence number is used up.
    case resolved(code: UInt32, isConsumed: Bool)
    /// A channel as the ledger shows it.
    case terms(ChannelID, Channel)
    /// A voucher that may now be sent, or that was admitted at a time.
    case voucher(Signed<Voucher>, body: [UInt8], at: Timestamp)
    /// The answer to a lane's voucher.
    case receipt(Signed<Receipt>)
    /// A lane's voucher ended unanswered.
    case withdrawn(ChannelID, LaneID)
    /// Proof that a seller cheats.
    case evidence(FraudProof)

    func encode(into encoder: inout CanonicalEncoder) {
        switch self {
        case .prepared(let bytes):
            encoder.encode(UInt8(1))
            encoder.encode(bytes: bytes)
        case .resolved(let code, let isConsumed):
            encoder.encode(UInt8(2))
            encoder.encode(code)
            encoder.encode(isConsumed)
        case .terms(let id, let channel):
            encoder.encode(UInt8(3))
            encoder.encode(id.digest)
            encoder.encode(channel)
        case .voucher(let voucher, let body, let time):
            encoder.encode(UInt8(4))
            encoder.encode(voucher)
            encoder.encode(bytes: body)
            encoder.encode(time.milliseconds)
        case .receipt(let receipt):
            encoder.encode(UInt8(5))
            encoder.encode(receipt)
        case .withdrawn(let channel, let lane):
            encoder.encode(UInt8(6))
            encoder.encode(channel.digest)
            encoder.encode(lane.rawValue)
        case .evidence(let proof):
            encoder.encode(UInt8(7))
            encoder.encode(proof)
        }
    }

    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        switch try decoder.decodeUInt8() {
        case 1: self = .prepared(try decoder.decodeBytes(bytesMax: Transaction.bytesMax))
        case 2:
            self = .resolved(
                code: try decoder.decodeUInt32(),
                isConsumed: try decoder.decodeBool()
            )
        case 3:
            self = .terms(
                ChannelID(try decoder.decodeDigest()),
                try Channel(from: &decoder)
            )
        case 4:
            self = .voucher(
                try Signed(from: &decoder),
                body: try decoder.decodeBytes(bytesMax: 64),
                at: Timestamp(milliseconds: try decoder.decodeUInt64())
            )
        case 5: self = .receipt(try Signed(from: &decoder))
        case 6:
            self = .withdrawn(
                ChannelID(try decoder.decodeDigest()),
                LaneID(try decoder.decodeUInt16())
            )
        case 7: self = .evidence(try FraudProof(from: &decoder))
        default: throw .unknownTag
        }
    }
}
