public import ProtobufWire

/// A point in time, or a length of time, in seconds and nanoseconds.
public struct EngineTime: WireMessage {
    /// Whole seconds; since 1970-01-01 UTC for a point in time.
    public var seconds: Int64
    /// Nanoseconds of the second, 0 to 999,999,999.
    public var nanos: Int32

    /// 1970-01-01 UTC.
    public init() { self.init(seconds: 0) }

    /// Creates a time from its parts.
    public init(seconds: Int64, nanos: Int32 = 0) {
        self.seconds = seconds
        self.nanos = nanos
    }

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: seconds = try field.int64()
        case 2: nanos = try field.int32()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(seconds, field: 1)
        writer.write(Int64(nanos), field: 2)
    }
}
