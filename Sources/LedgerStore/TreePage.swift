import LedgerCore
import MarketTypes

/// The root of one subtree, and how many leaves it has.
struct TreeNode: Hashable, Sendable {
    static let empty = TreeNode(hash: StateTreeHash.empty, count: 0)

    let hash: Digest
    let count: UInt32

    init(hash: Digest, count: UInt32) {
        self.hash = hash
        self.count = count
    }

    /// The node above two: a lone leaf rises, so that no trace remains of what was beside it.
    init(_ left: TreeNode, _ right: TreeNode) {
        switch (left.count, right.count) {
        case (0, 0...1): self = right
        case (1, 0): self = left
        default:
            hash = StateTreeHash.inner(left.hash, right.hash)
            count = left.count + right.count
        }
    }
}

/// One leaf of the tree.
struct TreeLeaf: Hashable, Sendable {
    let path: Digest
    let hash: Digest
}

extension TreeNode {
    /// The node over `leaves`, which are in order and agree in the first `depth` bits.
    init(over leaves: Span<TreeLeaf>, depth: Int) {
        switch leaves.count {
        case 0: self = .empty
        case 1: self.init(hash: leaves[0].hash, count: 1)
        default:
            let split = leaves.firstIndex(withBitAt: depth)
            self.init(
                TreeNode(over: leaves.extracting(..<split), depth: depth + 1),
                TreeNode(over: leaves.extracting(split...), depth: depth + 1)
            )
        }
    }
}

extension Span<TreeLeaf> {
    /// Where the leaves begin whose bit at `depth` is set, given that they are in order and agree
    /// in the bits before.
    func firstIndex(withBitAt depth: Int) -> Int {
        var index = 0
        while index < count, !self[index].path.bit(depth) { index += 1 }
        return index
    }
}

/// Where a page of the tree stands.
struct PageName: Hashable, Sendable, StoredKey {
    static let root = PageName(level: 0, path: .zero)

    /// How many bits lead to it: a multiple of ``TreePage/span``.
    let level: Int
    /// Those bits, and zeros.
    let prefix: Digest

    /// Names the page at `level` on the way to `path`.
    init(level: Int, path: Digest) {
        self.level = level
        prefix = path.prefix(bits: level)
    }

    /// The level in one byte, and as many bytes of the prefix as it fills: pages of one level lie
    /// together, in the order of their paths.
    func withStoredBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        withUnsafeTemporaryAllocation(byteCount: 1 + Digest.byteCount, alignment: 1) { key in
            key[0] = UInt8(truncatingIfNeeded: level)
            prefix.withStoredBytes { key[1...].copyBytes(from: $0) }
            return body(UnsafeRawBufferPointer(rebasing: key[..<(1 + (level + 7) / 8)]))
        }
    }
}

/// A piece of the tree, ``span`` levels high, whose subtree has more than ``bucketCountMax``
/// leaves.
///
/// Below a slot with fewer there is no page: its leaves are read from the state, where they lie
/// side by side, and hashed again. That is cheaper than to store, read and write more nodes.
struct TreePage: Sendable {
    /// How many levels one page spans.
    static let span = 4
    static let slotCount = 1 << span
    /// The most leaves of a subtree without a page.
    static let bucketCountMax = 32
    private static let slotBytes = Digest.byteCount + 4
    static let byteCount = slotCount * slotBytes

    /// The nodes as a heap: 1 is the page's root, those from ``slotCount`` on are its slots.
    private(set) var nodes = [TreeNode](repeating: .empty, count: 2 * slotCount)

    /// Creates a page without leaves.
    init() {}

    /// Reads a page's slots; the nodes above are not computed yet.
    init(_ raw: UnsafeRawBufferPointer) throws(StoreError) {
        guard raw.count == Self.byteCount else { throw .corrupt(.treePage) }
        for index in 0..<Self.slotCount {
            let offset = index * Self.slotBytes
            let count = raw.loadUnaligned(
                fromByteOffset: offset + Digest.byteCount,
                as: UInt32.self
            )
            nodes[Self.slotCount + index] = TreeNode(
                hash: Digest(raw, at: offset),
                count: UInt32(bigEndian: count)
            )
        }
    }

    /// The subtree ``span`` levels below the page's root, by the bits that lead to it.
    subscript(index: Int) -> TreeNode {
        get { nodes[Self.slotCount + index] }
        set { nodes[Self.slotCount + index] = newValue }
    }

    /// The page's root, as last computed.
    var root: TreeNode { nodes[1] }

    /// Computes the nodes above the slots.
    mutating func hashAll() {
        for index in (1..<Self.slotCount).reversed() {
            nodes[index] = TreeNode(nodes[2 * index], nodes[2 * index + 1])
        }
    }

    /// The bytes to store.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        for node in nodes[Self.slotCount...] {
            node.hash.append(to: &bytes)
            withUnsafeBytes(of: node.count.bigEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }
}

extension Digest {
    /// Which slot of a page at `level` leads towards this path.
    func slot(at level: Int) -> Int {
        var index = 0
        for depth in level..<level + TreePage.span { index = index << 1 | (bit(depth) ? 1 : 0) }
        return index
    }
}
