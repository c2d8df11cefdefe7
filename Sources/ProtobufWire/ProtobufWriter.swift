/// Writes the proto3 wire format, field by field, in the order of the calls.
///
/// What a header or a vote commits to depends on single bytes of this encoding, so nothing is
/// decided here: a caller says whether a field that is zero or empty is written.
/// Follows the Protocol Buffers encoding guide.
public struct ProtobufWriter: Sendable {
    /// What was written so far.
    public private(set) var bytes: [UInt8] = []

    /// Creates an empty writer.
    public init() {}

    /// The bytes of an unsigned LEB128 integer.
    public static func varintByteCount(_ value: UInt64) -> Int {
        value == 0 ? 1 : (70 - value.leadingZeroBitCount) / 7
    }

    /// Writes a bare unsigned LEB128 integer, as message framing uses it.
    public mutating func writeVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Writes an unsigned integer field; nothing if it is zero.
    public mutating func write(_ value: UInt64, field: UInt32) {
        guard value != 0 else { return }
        writeKey(field, 0)
        writeVarint(value)
    }

    /// Writes a signed integer field, negative ones in ten bytes; nothing if it is zero.
    public mutating func write(_ value: Int64, field: UInt32) {
        write(UInt64(bitPattern: value), field: field)
    }

    /// Writes a field of eight bytes, least first; nothing if it is zero.
    public mutating func write(sfixed64 value: Int64, field: UInt32) {
        guard value != 0 else { return }
        writeKey(field, 1)
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Writes a Boolean field; nothing if it is false.
    public mutating func write(_ value: Bool, field: UInt32) {
        write(value ? UInt64(1) : 0, field: field)
    }

    /// Writes a string field; nothing if it is empty.
    public mutating func write(_ value: String, field: UInt32) {
        write(Array(value.utf8), field: field)
    }

    /// Writes a bytes field; nothing if it is empty.
    public mutating func write(_ value: [UInt8], field: UInt32) {
        guard !value.isEmpty else { return }
        write(always: value, field: field)
    }

    /// Writes a bytes field even if it is empty: an element of a list, or a message that is there.
    public mutating func write(always value: [UInt8], field: UInt32) {
        writeKey(field, 2)
        writeVarint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// Writes a message field even if the message is empty.
    public mutating func write(
        message field: UInt32,
        _ build: (inout ProtobufWriter) -> Void
    ) {
        var writer = ProtobufWriter()
        build(&writer)
        write(always: writer.bytes, field: field)
    }

    /// Writes a list of integers in one packed field; nothing if it is empty.
    public mutating func write(packed values: [UInt64], field: UInt32) {
        guard !values.isEmpty else { return }
        var writer = ProtobufWriter()
        for value in values { writer.writeVarint(value) }
        write(always: writer.bytes, field: field)
    }

    private mutating func writeKey(_ field: UInt32, _ wireType: UInt64) {
        writeVarint(UInt64(field) << 3 | wireType)
    }
}
