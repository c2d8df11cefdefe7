import CanonicalCoding
public import MarketTypes

/// The hashes of the state tree (docs/spec/state-tree.md).
///
/// A leaf and an inner node start with different bytes, so neither can be taken for the other; a
/// leaf commits to its path, so it cannot be moved.
public enum StateTreeHash {
    /// The number of levels below the root; a path has one bit for each (STT-1).
    public static let levels = 256

    /// The hash of a subtree without leaves (STT-2).
    public static let empty = Digest.zero

    /// Where the entry under `key` stands: its bits, most significant first, lead down (STT-1).
    public static func path(of key: StateKey) -> Digest {
        Digest(.stateKey, key.bytes)
    }

    /// The hash of a subtree that holds exactly one leaf, at whatever level (STT-3).
    public static func leaf(path: Digest, value: [UInt8]) -> Digest {
        leaf(path: path, valueHash: Digest(sha256: value))
    }

    /// The hash of a leaf whose value has the SHA-256 `valueHash` (STT-3).
    public static func leaf(path: Digest, valueHash: Digest) -> Digest {
        hash(0, path, valueHash)
    }

    /// The hash of a subtree that holds two leaves or more (STT-4).
    public static func inner(_ left: Digest, _ right: Digest) -> Digest {
        hash(1, left, right)
    }

    /// SHA-256 of 65 bytes in one go: a block of transactions hashes tens of thousands of nodes.
    private static func hash(_ tag: UInt64, _ first: Digest, _ second: Digest) -> Digest {
        let (first, second) = (first.words, second.words)
        let words = (
            tag.bigEndian,
            first.0.bigEndian, first.1.bigEndian, first.2.bigEndian, first.3.bigEndian,
            second.0.bigEndian, second.1.bigEndian, second.2.bigEndian, second.3.bigEndian
        )
        var hasher = SHA256Hasher()
        withUnsafeBytes(of: words) { hasher.update(UnsafeRawBufferPointer(rebasing: $0[7...])) }
        return hasher.finalize()
    }
}
