public import ProtobufWire

/// What became of a transaction: the answer to CheckTx, and one entry of FinalizeBlock's answer.
///
/// The next header commits to code, data and both kinds of gas, and to nothing else here.
public struct ExecutionResult: WireMessage {
    /// 0 if it was accepted.
    public var code: UInt32 = 0
    /// What the code needs to be complete.
    public var data: [UInt8] = []
    /// For people.
    public var log = ""
    /// For people.
    public var info = ""
    /// Always 0 here.
    public var gasWanted: Int64 = 0
    /// Always 0 here.
    public var gasUsed: Int64 = 0
    /// What happened.
    public var events: [EngineEvent] = []
    /// Whose numbers the codes are.
    public var codespace = ""

    /// Accepted, with nothing to say.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: code = try field.uint32()
        case 2: data = try field.bytes()
        case 3: log = try field.string()
        case 4: info = try field.string()
        case 5: gasWanted = try field.int64()
        case 6: gasUsed = try field.int64()
        case 7: try field.decoded(appendingTo: &events, countMax: EngineEvent.countMax)
        case 8: codespace = try field.string()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(UInt64(code), field: 1)
        writer.write(data, field: 2)
        writer.write(log, field: 3)
        writer.write(info, field: 4)
        writer.write(gasWanted, field: 5)
        writer.write(gasUsed, field: 6)
        writer.write(events, field: 7)
        writer.write(codespace, field: 8)
    }
}
