import CanonicalCoding
public import MarketTypes

/// The Merkle tree of RFC 6962 over byte strings of any length, as `crypto/merkle` of CometBFT.
///
/// Where the leaves are digests, ``MerkleTree`` gives the same root.
public enum ByteMerkle {
    /// The root over `leaves`.
    public static func root(of leaves: [[UInt8]]) -> Digest {
        var peaks: [(size: Int, hash: Digest)] = []
        for leaf in leaves {
            var size = 1
            var hash = leafHash(leaf)
            while let left = peaks.last, left.size == size {
                peaks.removeLast()
                hash = MerkleTree.nodeHash(left.hash, hash)
                size *= 2
            }
            peaks.append((size, hash))
        }
        guard var hash = peaks.last?.hash else { return Digest(sha256: []) }
        for peak in peaks.dropLast().reversed() { hash = MerkleTree.nodeHash(peak.hash, hash) }
        return hash
    }

    /// The hash of one leaf: of a zero byte and the leaf.
    public static func leafHash(_ leaf: [UInt8]) -> Digest {
        var hasher = SHA256Hasher()
        hasher.update(0)
        hasher.update(leaf)
        return hasher.finalize()
    }
}
