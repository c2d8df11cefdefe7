/// A 256-bit hash value, or any 32-byte identifier derived from one.
///
/// Held as four big-endian words rather than an array, so that it is a value without allocation
/// and hashes quickly as a dictionary key.
public struct Digest: Hashable, Sendable {
    /// The length of a digest in bytes.
    public static let byteCount = 32

    /// Thirty-two zero bytes: the parent of the first block, the root of an empty tree.
    public static let zero = Digest(words: (0, 0, 0, 0))

    private let word0, word1, word2, word3: UInt64

    /// Creates a digest from its four big-endian words.
    public init(words: (UInt64, UInt64, UInt64, UInt64)) {
        (word0, word1, word2, word3) = words
    }

    /// The four words, most significant first.
    public var words: (UInt64, UInt64, UInt64, UInt64) { (word0, word1, word2, word3) }

    /// Creates a digest from exactly 32 bytes, or returns nil.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        let contiguous = bytes.withContiguousStorageIfAvailable { Digest(contiguous: .init($0)) }
        if let contiguous {
            self = contiguous
            return
        }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        var position = 0
        for byte in bytes {
            switch position / 8 {
            case 0: words.0 = words.0 << 8 | UInt64(byte)
            case 1: words.1 = words.1 << 8 | UInt64(byte)
            case 2: words.2 = words.2 << 8 | UInt64(byte)
            default: words.3 = words.3 << 8 | UInt64(byte)
            }
            position += 1
        }
        self.init(words: words)
    }

    private init(contiguous raw: UnsafeRawBufferPointer) {
        func word(_ index: Int) -> UInt64 {
            UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
        }
        self.init(words: (word(0), word(1), word(2), word(3)))
    }

    /// The 32 bytes.
    public var bytes: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(Self.byteCount)
        append(to: &out)
        return out
    }

    /// Appends the 32 bytes to `out`.
    public func append(to out: inout [UInt8]) {
        let bigEndian = (word0.bigEndian, word1.bigEndian, word2.bigEndian, word3.bigEndian)
        withUnsafeBytes(of: bigEndian) { out.append(contentsOf: $0) }
    }

    /// The bit at `index`, counted from the most significant; used as a path in the state tree.
    public func bit(_ index: Int) -> Bool {
        precondition((0..<256).contains(index))
        let word =
            switch index / 64 {
            case 0: word0
            case 1: word1
            case 2: word2
            default: word3
            }
        return word >> UInt64(63 - index % 64) & 1 == 1
    }
}

extension Digest: Comparable {
    /// Orders digests as their bytes do.
    public static func < (lhs: Digest, rhs: Digest) -> Bool {
        (lhs.word0, lhs.word1, lhs.word2, lhs.word3)
            < (rhs.word0, rhs.word1, rhs.word2, rhs.word3)
    }
}

extension Digest: CustomStringConvertible {
    /// Sixty-four lower-case hex digits.
    public var description: String { Hex.encode(bytes) }

    /// Parses sixty-four hex digits, or returns nil.
    public init?(hex: String) {
        guard let bytes = Hex.decode(hex) else { return nil }
        self.init(bytes: bytes)
    }
}
