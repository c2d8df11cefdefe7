public import MarketTypes

/// Why bytes are not the canonical encoding of a value.
public enum CanonicalError: Error, Hashable, Sendable {
    /// The bytes end inside a field.
    case truncated
    /// The first byte is not a version this decoder knows.
    case unknownVersion
    /// A tag, flag or enumeration has a number that means nothing.
    case unknownTag
    /// A length or count exceeds the limit of its field.
    case tooLong
    /// A string is not valid UTF-8.
    case invalidText
    /// The value exists but breaks a rule of its type, such as the order of a map's keys.
    case invalidValue
    /// Bytes follow a complete document.
    case trailingBytes

    /// The number for the wire; append-only.
    public var code: UInt32 {
        switch self {
        case .truncated: 1
        case .unknownVersion: 2
        case .unknownTag: 3
        case .tooLong: 4
        case .invalidText: 5
        case .invalidValue: 6
        case .trailingBytes: 7
        }
    }
}

/// Reads canonical bytes; every length is checked before anything is allocated.
public struct CanonicalDecoder: Sendable {
    private let bytes: [UInt8]
    private var position = 0

    /// Creates a decoder at the start of `bytes`.
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Whether everything has been read.
    public var isAtEnd: Bool { position == bytes.count }

    /// Reads exactly `count` bytes.
    public mutating func decode(fixed count: Int) throws(CanonicalError) -> ArraySlice<UInt8> {
        guard count <= bytes.count - position else { throw .truncated }
        defer { position += count }
        return bytes[position..<position + count]
    }

    private mutating func integer<Value: FixedWidthInteger & UnsignedInteger>(
        _ type: Value.Type
    ) throws(CanonicalError) -> Value {
        let slice = try decode(fixed: MemoryLayout<Value>.size)
        return slice.withUnsafeBytes { Value(bigEndian: $0.loadUnaligned(as: Value.self)) }
    }

    /// Reads one byte.
    public mutating func decodeUInt8() throws(CanonicalError) -> UInt8 { try integer(UInt8.self) }

    /// Reads two bytes, big endian.
    public mutating func decodeUInt16() throws(CanonicalError) -> UInt16 {
        try integer(UInt16.self)
    }

    /// Reads four bytes, big endian.
    public mutating func decodeUInt32() throws(CanonicalError) -> UInt32 {
        try integer(UInt32.self)
    }

    /// Reads eight bytes, big endian.
    public mutating func decodeUInt64() throws(CanonicalError) -> UInt64 {
        try integer(UInt64.self)
    }

    /// Reads sixteen bytes as an amount.
    public mutating func decodeAmount() throws(CanonicalError) -> Amount {
        Amount(obol: try integer(UInt128.self))
    }

    /// Reads 0 or 1; anything else is refused.
    public mutating func decodeBool() throws(CanonicalError) -> Bool {
        switch try decodeUInt8() {
        case 0: false
        case 1: true
        default: throw .unknownTag
        }
    }

    /// Reads 32 bytes.
    public mutating func decodeDigest() throws(CanonicalError) -> Digest {
        guard let digest = Digest(bytes: try decode(fixed: Digest.byteCount)) else {
            throw .truncated
        }
        return digest
    }

    /// Reads a length of at most `bytesMax`, and then that many bytes.
    public mutating func decodeBytes(bytesMax: Int) throws(CanonicalError) -> [UInt8] {
        let count = Int(try decodeUInt32())
        guard count <= bytesMax else { throw .tooLong }
        return Array(try decode(fixed: count))
    }

    /// Reads a string of at most `bytesMax` bytes of valid UTF-8.
    public mutating func decodeString(bytesMax: Int) throws(CanonicalError) -> String {
        let raw = try decodeBytes(bytesMax: bytesMax)
        guard let text = String(validating: raw, as: UTF8.self) else { throw .invalidText }
        return text
    }

    /// Reads 0, or 1 and a value.
    public mutating func decodeOptional<Value: CanonicalCodable>(
        _ type: Value.Type
    ) throws(CanonicalError) -> Value? {
        try decodeBool() ? try Value(from: &self) : nil
    }

    /// Reads at most `countMax` elements.
    public mutating func decodeList<Element: CanonicalCodable>(
        of type: Element.Type,
        countMax: Int
    ) throws(CanonicalError) -> [Element] {
        let count = Int(try decodeUInt32())
        guard count <= countMax else { throw .tooLong }
        var list: [Element] = []
        list.reserveCapacity(min(count, bytes.count - position))
        for _ in 0..<count { list.append(try Element(from: &self)) }
        return list
    }
}
