import CLibcrypto
import CanonicalCoding
import MarketTypes

/// A key of ECDSA over P-256 with SHA-256, known to be a point of the curve.
public struct P256Key: Hashable, Sendable {
    /// The point, compressed: the sign of y, then x.
    public let compressed: [UInt8]

    // Unchecked: made once, and only read afterwards.
    nonisolated(unsafe) private static let group = stoa_p256_group()

    /// Takes the coordinates of a point, or returns nil if it is not one of the curve's.
    public init?(x: [UInt8], y: [UInt8]) {
        guard x.count == 32, y.count == 32 else { return nil }
        self.init(encoded: [4] + x + y, compressed: [2 | y[31] & 1] + x)
    }

    /// Takes a compressed point, or returns nil if it is not one of the curve's.
    public init?(compressed: [UInt8]) {
        guard compressed.count == 33, compressed[0] == 2 || compressed[0] == 3 else { return nil }
        self.init(encoded: compressed, compressed: compressed)
    }

    private init?(encoded: [UInt8], compressed: [UInt8]) {
        guard let group = Self.group, let point = EC_POINT_new(group) else { return nil }
        defer { EC_POINT_free(point) }
        guard EC_POINT_oct2point(group, point, encoded, encoded.count, nil) == 1 else {
            ERR_clear_error()
            return nil
        }
        self.compressed = compressed
    }

    /// Whether the 64 bytes r and s are this key's signature over `message`.
    public func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        guard signature.count == 64, let group = Self.group else { return false }
        let hash = Digest(sha256: message).bytes
        return stoa_p256_verify(group, compressed, hash, signature) == 1
    }

    /// The x and y of the point, 32 bytes each.
    public var coordinates: (x: [UInt8], y: [UInt8])? {
        guard let group = Self.group, let point = EC_POINT_new(group) else { return nil }
        defer { EC_POINT_free(point) }
        var out = [UInt8](repeating: 0, count: 65)
        guard EC_POINT_oct2point(group, point, compressed, compressed.count, nil) == 1,
            EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, &out, out.count, nil)
                == out.count
        else { return nil }
        return (Array(out[1..<33]), Array(out[33...]))
    }
}
