import CanonicalCoding
import LedgerCore
public import MarketTypes

/// Checks a snapshot chunk by chunk against a state root that is trusted.
///
/// With each chunk come the hashes beside the way to its last entry. Those on the right are of
/// entries still to come; those on the left must be what the entries received so far hash to. So
/// a chunk in which an entry is changed, hidden or made up is refused when it comes, and what was
/// taken needs no second look. The work for a chunk does not grow with what came before.
public struct SnapshotVerifier: Sendable {
    /// The way to the last entry that was taken: the nodes on its left, by depth.
    private struct Edge {
        let path: Digest
        let leaf: TreeNode
        let left: [TreeNode]
    }

    private let root: Digest
    private var edge: Edge?
    /// The entries taken so far.
    public private(set) var entryCount: UInt32 = 0
    /// Whether nothing is to come any more.
    public private(set) var isComplete = false

    /// Checks against `root`.
    public init(root: Digest) {
        self.root = root
    }

    /// Takes the next chunk.
    ///
    /// - Throws: ``SnapshotRefusal``; nothing was taken then.
    public mutating func take(_ bytes: [UInt8]) throws(SnapshotRefusal) {
        let chunk: SnapshotChunk
        do { chunk = try SnapshotChunk(canonicalBytes: bytes) } catch { throw .malformed }
        guard let last = chunk.entries.entries.last else { throw .malformed }
        guard !isComplete else { throw .surplus }
        let leaves = try leaves(of: chunk)
        guard chunk.edge.terminal == .own,
            (try? chunk.edge.verify(key: last.key, value: last.value, root: root)) != nil,
            let path = leaves.last?.path, let leaf = leaves.last
        else { throw .wrongEdge }
        let siblings = chunk.edge.siblings
        var left = [TreeNode](repeating: .empty, count: siblings.count)
        for depth in siblings.indices where path.bit(depth) {
            left[depth] = try leftNode(at: depth, of: path, leaves)
            guard left[depth].hash == siblings[depth] else { throw .wrongEntries }
        }
        let (count, overflow) = entryCount.addingReportingOverflow(UInt32(leaves.count))
        guard !overflow else { throw .wrongEntries }
        entryCount = count
        edge = Edge(path: path, leaf: TreeNode(hash: leaf.hash, count: 1), left: left)
        isComplete = siblings.indices.allSatisfy {
            path.bit($0) || siblings[$0] == StateTreeHash.empty
        }
    }

    private func leaves(of chunk: SnapshotChunk) throws(SnapshotRefusal) -> [TreeLeaf] {
        var leaves: [TreeLeaf] = []
        leaves.reserveCapacity(chunk.entries.entries.count)
        var last = edge?.path
        for entry in chunk.entries.entries {
            let path = StateTreeHash.path(of: entry.key)
            if let last, path <= last { throw .outOfOrder }
            last = path
            leaves.append(
                TreeLeaf(path: path, hash: StateTreeHash.leaf(path: path, value: entry.value))
            )
        }
        return leaves
    }

    /// The node on the left of the way to `path`, at a depth where the way goes right.
    private func leftNode(
        at depth: Int,
        of path: Digest,
        _ leaves: [TreeLeaf]
    ) throws(SnapshotRefusal) -> TreeNode {
        let fresh = range(of: leaves, agreeing: path, bits: depth, then: false)
        guard let edge else { return node(over: leaves, fresh, depth: depth + 1) }
        let shared = sharedBits(edge.path, path)
        if depth < shared {
            // Both go right here: what is on the left was complete before this chunk.
            guard fresh.isEmpty, depth < edge.left.count else { throw .wrongEntries }
            return edge.left[depth]
        }
        guard depth == shared else { return node(over: leaves, fresh, depth: depth + 1) }
        return try fold(edge, at: depth + 1, leaves)
    }

    /// The node that holds the last entry taken before, with what this chunk adds to it.
    private func fold(
        _ edge: Edge,
        at depth: Int,
        _ leaves: [TreeLeaf]
    ) throws(SnapshotRefusal) -> TreeNode {
        guard depth < edge.left.count else {
            // The proof before said that the entry is alone here.
            guard range(of: leaves, agreeing: edge.path, bits: depth).isEmpty else {
                throw .wrongEntries
            }
            return edge.leaf
        }
        let inner = try fold(edge, at: depth + 1, leaves)
        if edge.path.bit(depth) { return TreeNode(edge.left[depth], inner) }
        let fresh = range(of: leaves, agreeing: edge.path, bits: depth, then: true)
        return TreeNode(inner, node(over: leaves, fresh, depth: depth + 1))
    }

    private func node(over leaves: [TreeLeaf], _ part: Range<Int>, depth: Int) -> TreeNode {
        TreeNode(over: leaves.span.extracting(part), depth: depth)
    }

    /// The leaves whose path begins with the first `bits` of `path`, and then with one more bit.
    private func range(
        of leaves: [TreeLeaf],
        agreeing path: Digest,
        bits: Int,
        then next: Bool? = nil
    ) -> Range<Int> {
        func compare(_ leaf: TreeLeaf) -> Int {
            let shared = sharedBits(leaf.path, path)
            if shared < bits { return leaf.path < path ? -1 : 1 }
            guard let next, bits < StateTreeHash.levels else { return 0 }
            let bit = leaf.path.bit(bits)
            return bit == next ? 0 : (bit ? 1 : -1)
        }
        func firstIndex(where isPast: (Int) -> Bool) -> Int {
            var low = 0
            var high = leaves.count
            while low < high {
                let middle = (low + high) / 2
                if isPast(compare(leaves[middle])) { high = middle } else { low = middle + 1 }
            }
            return low
        }
        return firstIndex { $0 >= 0 }..<firstIndex { $0 > 0 }
    }

    private func sharedBits(_ first: Digest, _ second: Digest) -> Int {
        let (left, right) = (first.words, second.words)
        let differences = [
            left.0 ^ right.0, left.1 ^ right.1, left.2 ^ right.2, left.3 ^ right.3,
        ]
        for (index, difference) in differences.enumerated() where difference != 0 {
            return index * 64 + difference.leadingZeroBitCount
        }
        return StateTreeHash.levels
    }
}
