import CanonicalCoding
public import LedgerCore
import MarketTypes

extension StateSnapshot {
    /// A proof of what stands under `key`, against ``root``.
    ///
    /// It is checked before it is returned, so a damaged tree is found here and not by a client.
    ///
    /// - Throws: ``StoreError/corrupt(_:)`` if the tree does not match the state.
    public func proof(for key: StateKey) throws(StoreError) -> StateProof {
        let path = StateTreeHash.path(of: key)
        let value = try transaction.value(for: key)
        var walk = try ProofWalk(to: path, in: transaction)
        let proof = StateProof(
            terminal: try walk.run(root: head.node),
            siblings: walk.siblings
        )
        do throws(StateProofError) {
            try proof.verify(key: key, value: value, root: root)
        } catch {
            throw .corrupt(.treePage)
        }
        return proof
    }
}

/// One walk from the root towards a path, which gathers what stands beside the way.
private struct ProofWalk: ~Copyable {
    private let path: Digest
    private let transaction: StoreTransaction
    private let reader: TreeReader
    private(set) var siblings: [Digest] = []

    init(to path: Digest, in transaction: StoreTransaction) throws(StoreError) {
        self.path = path
        self.transaction = transaction
        reader = try TreeReader(transaction)
    }

    mutating func run(root: TreeNode) throws(StoreError) -> StateProof.Terminal {
        var node = root
        while node.count > TreePage.bucketCountMax {
            var page = try reader.page(PageName(level: siblings.count, path: path))
            page.hashAll()
            node = descend(page)
        }
        let leaves = try reader.leaves(node.count, bits: siblings.count, of: path)
        guard let leaf = descend(leaves.span) else { return .empty }
        return leaf.path == path ? .own : try other(leaf)
    }

    /// Goes down a page to the slot on the way, or to the subtree where at most one leaf is left.
    private mutating func descend(_ page: TreePage) -> TreeNode {
        var index = 1
        while index < TreePage.slotCount, page.nodes[index].count > 1 {
            index = 2 * index + (path.bit(siblings.count) ? 1 : 0)
            siblings.append(page.nodes[index ^ 1].hash)
        }
        return page.nodes[index]
    }

    /// Goes down a bucket to the leaf that remains on the way, if there is one.
    private mutating func descend(_ leaves: Span<TreeLeaf>) -> TreeLeaf? {
        var rest = 0..<leaves.count
        while rest.count > 1 {
            let depth = siblings.count
            let split = rest.lowerBound + leaves.extracting(rest).firstIndex(withBitAt: depth)
            let (left, right) = (rest.lowerBound..<split, split..<rest.upperBound)
            let beside = leaves.extracting(path.bit(depth) ? left : right)
            siblings.append(TreeNode(over: beside, depth: depth + 1).hash)
            rest = path.bit(depth) ? right : left
        }
        return rest.isEmpty ? nil : leaves[rest.lowerBound]
    }

    private func other(_ leaf: TreeLeaf) throws(StoreError) -> StateProof.Terminal {
        guard let raw = try transaction.find(leaf.path, in: transaction.tables.state) else {
            throw .corrupt(.stateRecord)
        }
        let value = try StateRecord(raw).value(at: leaf.path)
        return .other(path: leaf.path, valueHash: Digest(sha256: value))
    }
}
