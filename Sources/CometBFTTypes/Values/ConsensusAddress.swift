import CanonicalCoding
public import Identity
import MarketTypes

/// How CometBFT names a validator: the first 20 bytes of the SHA-256 of its Ed25519 key.
///
/// Follows `crypto/ed25519` and `crypto/tmhash` of CometBFT 0.38.
public struct ConsensusAddress: Hashable, Comparable, Sendable {
    /// The bytes of an address.
    public static let byteCount = 20

    /// The address.
    public let bytes: [UInt8]

    /// Takes an address as it is; nil unless it has ``byteCount`` bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = Array(bytes)
    }

    /// The address of a consensus key.
    public init(key: PublicKey) {
        bytes = Array(Digest(sha256: key.bytes).bytes.prefix(Self.byteCount))
    }

    public static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.bytes.lexicographicallyPrecedes(rhs.bytes)
    }
}

extension ConsensusAddress: CustomStringConvertible {
    /// Forty lower-case hex digits.
    public var description: String { Hex.encode(bytes) }
}
