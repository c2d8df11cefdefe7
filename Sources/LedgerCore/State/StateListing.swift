public import CanonicalCoding

/// Asks for the entries whose keys begin with some bytes, in order.
public struct StateListQuestion: CanonicalCodable, Hashable {
    /// The most entries that one answer has.
    public static let countMax = 1024

    /// What the keys begin with.
    public let prefix: StateKey
    /// The last key that the asker has; nil to begin.
    public let after: StateKey?
    /// The most entries wanted; from 1 to ``countMax``.
    public let limit: Int

    /// Asks a question; the limit is brought into its range.
    public init(prefix: StateKey, after: StateKey?, limit: Int) {
        self.prefix = prefix
        self.after = after
        self.limit = min(max(limit, 1), Self.countMax)
    }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(bytes: prefix.bytes)
        encoder.encode(bytes: after?.bytes ?? [])
        encoder.encode(UInt32(limit))
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        let prefix = try decoder.decodeBytes(bytesMax: StateKey.bytesMax)
        let after = try decoder.decodeBytes(bytesMax: StateKey.bytesMax)
        let limit = Int(try decoder.decodeUInt32())
        guard !prefix.isEmpty, (1...Self.countMax).contains(limit) else { throw .invalidValue }
        self.prefix = StateKey(bytes: prefix)
        self.after = after.isEmpty ? nil : StateKey(bytes: after)
        self.limit = limit
    }
}

/// The entries that a ``StateListQuestion`` asked for.
public struct StateListAnswer: CanonicalCodable, Hashable {
    /// The largest value of an entry in bytes.
    public static let valueBytesMax = 16 << 20

    /// Once the values of a list have so many bytes, it ends.
    public static let bytesMax = 4 << 20

    /// One entry.
    public struct Entry: CanonicalCodable, Hashable {
        /// The entry's key.
        public let key: StateKey
        /// The entry's canonical bytes.
        public let value: [UInt8]

        /// Creates an entry.
        public init(key: StateKey, value: [UInt8]) {
            self.key = key
            self.value = value
        }

        public func encode(into encoder: inout CanonicalEncoder) {
            encoder.encode(bytes: key.bytes)
            encoder.encode(bytes: value)
        }

        public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
            let bytes = try decoder.decodeBytes(bytesMax: StateKey.bytesMax)
            guard !bytes.isEmpty else { throw .invalidValue }
            key = StateKey(bytes: bytes)
            value = try decoder.decodeBytes(bytesMax: StateListAnswer.valueBytesMax)
        }
    }

    /// The entries, by ascending key.
    public let entries: [Entry]

    /// Creates an answer.
    public init(entries: [Entry]) {
        self.entries = entries
    }

    public func encode(into encoder: inout CanonicalEncoder) { encoder.encode(list: entries) }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        entries = try decoder.decodeList(of: Entry.self, countMax: StateListQuestion.countMax)
    }
}
