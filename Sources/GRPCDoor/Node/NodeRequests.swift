import LedgerCore
import ProtobufWire

/// Asks for one entry.
struct EntryRequest: WireRequest {
    var key: [UInt8] = []
    var isProven = false

    init(fields reader: inout ProtobufReader) throws(ProtobufError) {
        while let field = try reader.nextField() {
            switch field.number {
            case 1: key = try field.bytes()
            case 2: isProven = try field.bool()
            default: break
            }
        }
    }
}

/// Asks for a page of entries.
struct EntriesRequest: WireRequest {
    var prefix: [UInt8] = []
    var after: [UInt8] = []
    var limit: UInt32 = 0

    init(fields reader: inout ProtobufReader) throws(ProtobufError) {
        while let field = try reader.nextField() {
            switch field.number {
            case 1: prefix = try field.bytes()
            case 2: after = try field.bytes()
            case 3: limit = try field.uint32()
            default: break
            }
        }
    }
}

/// Submits a transaction.
struct SubmitRequest: WireRequest {
    /// Room for a transaction of the largest size, so that the node can say that one is larger.
    static let bytesMax = Transaction.bytesMax + 1024

    var transaction: [UInt8] = []

    init(fields reader: inout ProtobufReader) throws(ProtobufError) {
        while let field = try reader.nextField() {
            switch field.number {
            case 1: transaction = try field.bytes()
            default: break
            }
        }
    }
}

/// Names a height: of a block, or of the first of many.
struct HeightRequest: WireRequest {
    var height: UInt64 = 0

    init(fields reader: inout ProtobufReader) throws(ProtobufError) {
        while let field = try reader.nextField() {
            switch field.number {
            case 1: height = try field.uint64()
            default: break
            }
        }
    }
}
