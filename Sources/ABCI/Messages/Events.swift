public import ProtobufWire

/// What happened, for those who subscribe at the engine.
public struct EngineEvent: WireMessage {
    /// The most events in one message.
    public static let countMax = 1 << 16

    /// The event's type.
    public var type = ""
    /// What it says.
    public var attributes: [EngineEventAttribute] = []

    /// Nothing.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: type = try field.string()
        case 2: try field.decoded(appendingTo: &attributes, countMax: Self.countMax)
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(type, field: 1)
        writer.write(attributes, field: 2)
    }
}

/// One thing that an event says.
public struct EngineEventAttribute: WireMessage {
    /// Its name.
    public var key = ""
    /// Its value.
    public var value = ""
    /// Whether the engine shall keep it for searches.
    public var index = false

    /// Nothing.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: key = try field.string()
        case 2: value = try field.string()
        case 3: index = try field.bool()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(key, field: 1)
        writer.write(value, field: 2)
        writer.write(index, field: 3)
    }
}
