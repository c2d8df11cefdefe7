import MarketTypes

/// What a block does to one leaf.
struct LeafChange: Sendable {
    /// Where the leaf stands.
    let path: Digest
    /// Its hash from now on; nil removes it.
    let leaf: Digest?
    /// Its hash so far, once the tree was updated; nil if there was none.
    var leafBefore: Digest?
}

/// A page as a block leaves it; nil if it is gone.
struct PageChange: Sendable {
    let name: PageName
    let bytes: [UInt8]?
}

/// One walk through the tree that applies all changes of a block: every page they touch is read
/// once, hashed once, and kept for writing.
struct TreeUpdate: ~Copyable {
    private let reader: TreeReader
    /// The changes, in ascending order of path.
    private(set) var changes: [LeafChange]
    /// The pages that changed so far.
    private(set) var pages: [PageChange] = []

    /// Prepares to apply `changes`, in strictly ascending order of path, to what `transaction`
    /// sees.
    init(_ changes: [LeafChange], to transaction: StoreTransaction) throws(StoreError) {
        reader = try TreeReader(transaction)
        self.changes = changes
    }

    /// Applies all changes below `root`, and returns the new root.
    mutating func run(root: TreeNode) throws(StoreError) -> TreeNode {
        changes.isEmpty ? root : try update(root, .root, changes.indices)
    }

    /// Applies the changes of `range`, which is not empty, to the subtree under `name`.
    private mutating func update(
        _ node: TreeNode,
        _ name: PageName,
        _ range: Range<Int>
    ) throws(StoreError) -> TreeNode {
        guard node.count > TreePage.bucketCountMax else {
            return try updateBucket(node, name, range)
        }
        var page = try reader.page(name)
        var start = range.lowerBound
        while start < range.upperBound {
            let path = changes[start].path
            let slot = path.slot(at: name.level)
            var end = start + 1
            while end < range.upperBound, changes[end].path.slot(at: name.level) == slot {
                end += 1
            }
            let child = PageName(level: name.level + TreePage.span, path: path)
            page[slot] = try update(page[slot], child, start..<end)
            start = end
        }
        return keep(page, name)
    }

    /// Hashes `page` and keeps it, unless its leaves have become few enough to do without.
    private mutating func keep(_ page: consuming TreePage, _ name: PageName) -> TreeNode {
        page.hashAll()
        let isNeeded = page.root.count > TreePage.bucketCountMax
        pages.append(PageChange(name: name, bytes: isNeeded ? page.bytes : nil))
        return page.root
    }

    private mutating func updateBucket(
        _ node: TreeNode,
        _ name: PageName,
        _ range: Range<Int>
    ) throws(StoreError) -> TreeNode {
        let path = changes[range.lowerBound].path
        let before = try reader.leaves(node.count, bits: name.level, of: path)
        let leaves = merge(before, range)
        return build(leaves.span, name)
    }

    /// The leaves of a bucket after the changes of `range`, in order.
    private mutating func merge(_ before: [TreeLeaf], _ range: Range<Int>) -> [TreeLeaf] {
        var leaves: [TreeLeaf] = []
        leaves.reserveCapacity(before.count + range.count)
        var rest = before[...]
        for index in range {
            let path = changes[index].path
            while let first = rest.first, first.path < path {
                leaves.append(first)
                rest.removeFirst()
            }
            if let first = rest.first, first.path == path {
                changes[index].leafBefore = first.hash
                rest.removeFirst()
            }
            if let hash = changes[index].leaf { leaves.append(TreeLeaf(path: path, hash: hash)) }
        }
        leaves.append(contentsOf: rest)
        return leaves
    }

    /// Makes a subtree from its leaves, with pages where there are many.
    private mutating func build(_ leaves: Span<TreeLeaf>, _ name: PageName) -> TreeNode {
        guard leaves.count > TreePage.bucketCountMax else {
            return TreeNode(over: leaves, depth: name.level)
        }
        var page = TreePage()
        var start = 0
        while start < leaves.count {
            let path = leaves[start].path
            let slot = path.slot(at: name.level)
            var end = start + 1
            while end < leaves.count, leaves[end].path.slot(at: name.level) == slot {
                end += 1
            }
            let child = PageName(level: name.level + TreePage.span, path: path)
            page[slot] = build(leaves.extracting(start..<end), child)
            start = end
        }
        return keep(page, name)
    }
}
