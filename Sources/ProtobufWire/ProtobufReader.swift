/// Reads the proto3 wire format from bytes that somebody else made.
///
/// ```swift
/// var reader = ProtobufReader(bytes)
/// while let field = try reader.nextField() {
///     switch field.number {
///     case 1: name = try field.string()
///     default: break                     // unknown fields are skipped
///     }
/// }
/// ```
/// Every length is checked against what is there, so nothing is allocated on a stranger's word.
/// Groups, which proto3 does not have, are refused.
public struct ProtobufReader: Sendable {
    private var rest: ArraySlice<UInt8>

    /// Reads `bytes`.
    public init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    /// Reads a part of some bytes.
    public init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    /// One field as it stands in the message.
    public struct Field: Sendable {
        /// The field's number.
        public let number: UInt32
        let value: Value
    }

    enum Value: Sendable {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case bytes(ArraySlice<UInt8>)
    }

    /// Whether everything was read.
    public var isAtEnd: Bool { rest.isEmpty }

    /// The next field, or nil at the end.
    ///
    /// - Throws: ``ProtobufError`` if the bytes are not fields.
    public mutating func nextField() throws(ProtobufError) -> Field? {
        guard !rest.isEmpty else { return nil }
        let key = try readVarint()
        guard let number = UInt32(exactly: key >> 3), number != 0, number < 1 << 29 else {
            throw .invalidKey
        }
        switch key & 7 {
        case 0: return Field(number: number, value: .varint(try readVarint()))
        case 1: return Field(number: number, value: .fixed64(try readFixed(8)))
        case 2:
            let count = try readVarint()
            guard count <= UInt64(rest.count) else { throw .truncated }
            return Field(number: number, value: .bytes(take(Int(count))))
        case 5:
            return Field(number: number, value: .fixed32(UInt32(try readFixed(4))))
        default: throw .invalidKey
        }
    }

    /// A bare unsigned LEB128 integer of at most ten bytes.
    ///
    /// - Throws: ``ProtobufError/truncated`` or ``ProtobufError/invalidVarint``.
    public mutating func readVarint() throws(ProtobufError) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<10 {
            guard let byte = rest.popFirst() else { throw .truncated }
            guard index < 9 || byte <= 1 else { throw .invalidVarint }
            value |= UInt64(byte & 0x7f) << UInt64(7 * index)
            if byte & 0x80 == 0 { return value }
        }
        throw .invalidVarint
    }

    private mutating func readFixed(_ count: Int) throws(ProtobufError) -> UInt64 {
        guard rest.count >= count else { throw .truncated }
        return take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8> {
        let taken = rest.prefix(count)
        rest = rest.dropFirst(count)
        return taken
    }
}

extension ProtobufReader.Field {
    /// The field as an unsigned integer.
    public func uint64() throws(ProtobufError) -> UInt64 {
        guard case .varint(let value) = value else { throw .wrongType }
        return value
    }

    /// The field as a signed integer in two's complement.
    public func int64() throws(ProtobufError) -> Int64 {
        Int64(bitPattern: try uint64())
    }

    /// The field as an unsigned integer of 32 bits.
    public func uint32() throws(ProtobufError) -> UInt32 {
        guard let value = UInt32(exactly: try uint64()) else { throw .outOfRange }
        return value
    }

    /// The field as a signed integer of 32 bits.
    public func int32() throws(ProtobufError) -> Int32 {
        guard let value = Int32(exactly: try int64()) else { throw .outOfRange }
        return value
    }

    /// The field as a Boolean.
    public func bool() throws(ProtobufError) -> Bool { try uint64() != 0 }

    /// The field as a signed integer that stands in eight bytes.
    public func sfixed64() throws(ProtobufError) -> Int64 {
        guard case .fixed64(let value) = value else { throw .wrongType }
        return Int64(bitPattern: value)
    }

    /// The field's bytes, without a copy.
    public func slice() throws(ProtobufError) -> ArraySlice<UInt8> {
        guard case .bytes(let value) = value else { throw .wrongType }
        return value
    }

    /// The field's bytes.
    public func bytes() throws(ProtobufError) -> [UInt8] { Array(try slice()) }

    /// The field as text; it must be UTF-8.
    public func string() throws(ProtobufError) -> String {
        guard let text = String(validating: try slice(), as: UTF8.self) else { throw .invalidText }
        return text
    }

    /// A reader of the message in this field.
    public func message() throws(ProtobufError) -> ProtobufReader {
        ProtobufReader(try slice())
    }

    /// The integers of a list field, packed or one of many.
    public func integers(countMax: Int) throws(ProtobufError) -> [UInt64] {
        guard case .bytes(let packed) = value else { return [try uint64()] }
        var reader = ProtobufReader(packed)
        var values: [UInt64] = []
        while !reader.isAtEnd {
            guard values.count < countMax else { throw .tooMany }
            values.append(try reader.readVarint())
        }
        return values
    }
}

/// Why bytes are not the message that was expected; in no particular order of precedence.
public enum ProtobufError: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// The bytes end inside a field.
    case truncated = 1
    /// An integer has more than ten bytes or more than 64 bits.
    case invalidVarint = 2
    /// A field's number or wire type does not exist.
    case invalidKey = 3
    /// A field has another wire type than its meaning needs.
    case wrongType = 4
    /// A number does not fit its type.
    case outOfRange = 5
    /// Text is not UTF-8.
    case invalidText = 6
    /// A list has more elements than allowed.
    case tooMany = 7
}
