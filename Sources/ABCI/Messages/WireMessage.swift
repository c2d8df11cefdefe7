public import ProtobufWire

/// A message of the engine's protocol, as proto3 has it: what is absent is zero or empty.
///
/// Field numbers follow `proto/tendermint/abci/types.proto` of CometBFT 0.38. Submessages that
/// the engine always writes are written here too, even when they are empty.
public protocol WireMessage: Hashable, Sendable {
    /// Creates the message with every field zero or empty.
    init()
    /// Takes in one field; a field that is not known is skipped.
    ///
    /// - Throws: ``ProtobufError`` if the field is not what its number says.
    mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError)
    /// Writes every field that is not zero or empty.
    func write(into writer: inout ProtobufWriter)
}

extension WireMessage {
    /// Decodes a message.
    ///
    /// - Throws: ``ProtobufError`` if the bytes are not this message.
    public init(wireBytes: ArraySlice<UInt8>) throws(ProtobufError) {
        self.init()
        var reader = ProtobufReader(wireBytes)
        while let field = try reader.nextField() { try take(field) }
    }

    /// The encoded message.
    public var wireBytes: [UInt8] {
        var writer = ProtobufWriter()
        write(into: &writer)
        return writer.bytes
    }
}

extension ProtobufReader.Field {
    func decoded<Message: WireMessage>(
        _ type: Message.Type = Message.self
    ) throws(ProtobufError) -> Message {
        try Message(wireBytes: try slice())
    }

    func decoded<Message: WireMessage>(
        appendingTo list: inout [Message],
        countMax: Int
    ) throws(ProtobufError) {
        guard list.count < countMax else { throw .tooMany }
        list.append(try decoded())
    }

    /// A number of a closed enumeration: what this version does not know is refused, because half
    /// understood input decides blocks.
    func enumeration<Value: RawRepresentable<UInt32>>(
        _ type: Value.Type = Value.self
    ) throws(ProtobufError) -> Value {
        guard let value = Value(rawValue: try uint32()) else { throw .outOfRange }
        return value
    }
}

extension ProtobufWriter {
    mutating func write(_ message: some WireMessage, field: UInt32) {
        write(message: field) { message.write(into: &$0) }
    }

    mutating func write(_ messages: [some WireMessage], field: UInt32) {
        for message in messages { write(message, field: field) }
    }

    mutating func write(optional message: (some WireMessage)?, field: UInt32) {
        guard let message else { return }
        write(message, field: field)
    }

    mutating func write(list: [[UInt8]], field: UInt32) {
        for bytes in list { write(always: bytes, field: field) }
    }
}
