public import MarketTypes

/// A value with exactly one encoding: what is hashed, signed or stored (docs/spec/canonical.md).
///
/// The encoding is total and injective: a byte string decodes to exactly one value that encodes
/// to the same bytes, or it is refused. There are no maps, no defaults and no skipped fields.
public protocol CanonicalCodable: Sendable {
    /// Appends the fields of this value, in the order of the specification.
    func encode(into encoder: inout CanonicalEncoder)

    /// Reads the fields of a value.
    ///
    /// - Throws: ``CanonicalError`` if the bytes are not the one encoding of a value.
    init(from decoder: inout CanonicalDecoder) throws(CanonicalError)
}

/// Appends values in canonical form: integers big endian, sequences prefixed by their length.
public struct CanonicalEncoder: Sendable {
    /// The version byte that starts every top-level value.
    public static let version: UInt8 = 1

    /// What has been encoded so far.
    public private(set) var bytes: [UInt8] = []

    /// Creates an encoder with room for `capacityBytes`.
    public init(capacityBytes: Int = 256) {
        bytes.reserveCapacity(capacityBytes)
    }

    /// Appends a fixed-width unsigned integer, big endian.
    public mutating func encode(_ value: some FixedWidthInteger & UnsignedInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Appends one byte: 0 for false, 1 for true.
    public mutating func encode(_ value: Bool) {
        bytes.append(value ? 1 : 0)
    }

    /// Appends exactly 32 bytes.
    public mutating func encode(_ value: Digest) {
        value.append(to: &bytes)
    }

    /// Appends sixteen bytes.
    public mutating func encode(_ value: Amount) {
        encode(value.obol)
    }

    /// Appends a four-byte length and then `value`.
    public mutating func encode(bytes value: some Collection<UInt8>) {
        encode(UInt32(value.count))
        bytes.append(contentsOf: value)
    }

    /// Appends a four-byte length in bytes and then the UTF-8 of `value`.
    public mutating func encode(_ value: String) {
        encode(bytes: value.utf8)
    }

    /// Appends `value` without a length: for fields whose width the format fixes.
    public mutating func encode(fixed value: some Collection<UInt8>) {
        bytes.append(contentsOf: value)
    }

    /// Appends the fields of `value`.
    public mutating func encode(_ value: some CanonicalCodable) {
        value.encode(into: &self)
    }

    /// Appends 0 for nil, or 1 and the value.
    public mutating func encode<Value: CanonicalCodable>(optional value: Value?) {
        guard let value else { return encode(false) }
        encode(true)
        encode(value)
    }

    /// Appends a four-byte count and then the elements in order.
    public mutating func encode<Element: CanonicalCodable>(list: [Element]) {
        encode(UInt32(list.count))
        for element in list { encode(element) }
    }
}

extension CanonicalCodable {
    /// The one encoding of this value as a top-level document: version byte, then fields.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.encode(CanonicalEncoder.version)
        encode(into: &encoder)
        return encoder.bytes
    }

    /// Decodes a top-level document.
    ///
    /// - Throws: ``CanonicalError`` for another version, malformed fields or trailing bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = CanonicalDecoder(canonicalBytes)
        guard try decoder.decodeUInt8() == CanonicalEncoder.version else {
            throw .unknownVersion
        }
        try self.init(from: &decoder)
        guard decoder.isAtEnd else { throw .trailingBytes }
    }
}
