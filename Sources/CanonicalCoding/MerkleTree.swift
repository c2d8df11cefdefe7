public import MarketTypes

/// Merkle trees over lists, as RFC 6962 section 2.1 defines them.
///
/// Leaf hashes are `SHA-256(0x00 ‖ leaf)`, inner hashes `SHA-256(0x01 ‖ left ‖ right)`, the empty
/// list hashes to `SHA-256("")`; a list of n > 1 splits at the largest power of two below n.
public enum MerkleTree {
    /// The hash of one leaf.
    public static func leafHash(_ leaf: Digest) -> Digest {
        var hasher = SHA256Hasher()
        hasher.update(0)
        hasher.update(leaf)
        return hasher.finalize()
    }

    /// The hash of an inner node.
    public static func nodeHash(_ left: Digest, _ right: Digest) -> Digest {
        var hasher = SHA256Hasher()
        hasher.update(1)
        hasher.update(left)
        hasher.update(right)
        return hasher.finalize()
    }

    /// The root over `leaves`.
    public static func root(of leaves: [Digest]) -> Digest {
        var frontier = MerkleFrontier()
        for leaf in leaves { frontier.append(leaf) }
        return frontier.root
    }

    /// The audit path of leaf `index`, from the leaf's sibling up; nil if there is no such leaf.
    public static func path(to index: Int, in leaves: [Digest]) -> [Digest]? {
        guard leaves.indices.contains(index) else { return nil }
        return path(to: index, in: leaves[...])
    }

    private static func path(to index: Int, in leaves: ArraySlice<Digest>) -> [Digest] {
        guard leaves.count > 1 else { return [] }
        let split = leaves.startIndex + largestPowerOfTwo(below: leaves.count)
        if index < split {
            return path(to: index, in: leaves[..<split]) + [root(of: Array(leaves[split...]))]
        }
        return path(to: index, in: leaves[split...]) + [root(of: Array(leaves[..<split]))]
    }

    /// Recomputes the root from a leaf and its path (RFC 9162, section 2.1.3.2).
    ///
    /// - Returns: the root, or nil if the path has the wrong length for `index` and `count`.
    public static func root(
        leaf: Digest,
        at index: UInt64,
        of count: UInt64,
        path: [Digest]
    ) -> Digest? {
        guard index < count else { return nil }
        var position = index
        var last = count - 1
        var hash = leafHash(leaf)
        for sibling in path {
            guard last > 0 else { return nil }
            if position & 1 == 1 || position == last {
                hash = nodeHash(sibling, hash)
                while position & 1 == 0 && position > 0 {
                    position >>= 1
                    last >>= 1
                }
            } else {
                hash = nodeHash(hash, sibling)
            }
            position >>= 1
            last >>= 1
        }
        return last == 0 ? hash : nil
    }

    private static func largestPowerOfTwo(below count: Int) -> Int {
        1 << (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount)
    }
}

/// The right edge of a growing Merkle tree: appends and roots in logarithmic space.
///
/// Holds one hash for each complete subtree, largest first: 64 hashes suffice for any list.
public struct MerkleFrontier: Hashable, Sendable {
    /// The number of leaves appended so far.
    public private(set) var count: UInt64 = 0
    /// The roots of the complete subtrees, one for each bit set in `count`, largest first.
    public private(set) var peaks: [Digest] = []

    /// Creates the frontier of an empty list.
    public init() {}

    /// Appends one leaf.
    public mutating func append(_ leaf: Digest) {
        append(leafHash: MerkleTree.leafHash(leaf))
    }

    mutating func append(leafHash: Digest) {
        var hash = leafHash
        var carry = count
        while carry & 1 == 1, let left = peaks.popLast() {
            hash = MerkleTree.nodeHash(left, hash)
            carry >>= 1
        }
        peaks.append(hash)
        count += 1
    }

    /// The root over all leaves so far.
    public var root: Digest {
        guard var hash = peaks.last else { return Digest(sha256: []) }
        for peak in peaks.dropLast().reversed() { hash = MerkleTree.nodeHash(peak, hash) }
        return hash
    }
}
