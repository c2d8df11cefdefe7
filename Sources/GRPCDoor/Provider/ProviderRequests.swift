import ProtobufWire
import SettlementCore

extension CallInterface {
    /// The interfaces that `proto/` has: their answers are JSON and need no type beside them.
    static let overGRPC: [CallInterface] = [.chat, .embeddings, .json]
}

/// A paid call.
struct CallRequest: WireRequest {
    /// The interface's number, which may be none.
    var interface: UInt32 = 0
    var body: [UInt8] = []
    var voucher: [UInt8] = []

    init(fields reader: inout ProtobufReader) throws(ProtobufError) {
        while let field = try reader.nextField() {
            switch field.number {
            case 1: interface = try field.uint32()
            case 2: body = try field.bytes()
            case 3: voucher = try field.bytes()
            default: break
            }
        }
    }
}

/// Asks how a lane stands.
struct LaneRequest: WireRequest {
    var channel: [UInt8] = []
    var lane: UInt32 = 0

    init(fields reader: inout ProtobufReader) throws(ProtobufError) {
        while let field = try reader.nextField() {
            switch field.number {
            case 1: channel = try field.bytes()
            case 2: lane = try field.uint32()
            default: break
            }
        }
    }
}
