import LedgerCore
public import MarketTypes

/// Changes with all the tree's work done and nothing written: what a commit stores.
///
/// It is bound to the state it was computed on; a commit on any other refuses it.
public struct StagedTree: Sendable {
    /// The largest value of one entry in bytes.
    public static let valueBytesMax = 16 << 20

    let base: StoredHead
    let node: TreeNode
    private let entries: [StagedEntry]
    private let pages: [PageChange]

    /// The root of the state with the changes.
    public var root: Digest { node.hash }

    /// Computes what `changes` do to the state that `transaction` sees.
    init(
        _ changes: [StateChange],
        on base: StoredHead,
        in transaction: StoreTransaction
    ) throws(StoreError) {
        for case let value? in changes.map(\.value) where value.count > Self.valueBytesMax {
            throw .tooLarge(bytes: value.count, bytesMax: Self.valueBytesMax)
        }
        let sorted = Self.sorted(changes)
        var update = try TreeUpdate(
            sorted.map { path, change in
                let leaf = change.value.map { StateTreeHash.leaf(path: path, value: $0) }
                return LeafChange(path: path, leaf: leaf)
            },
            to: transaction
        )
        node = try update.run(root: base.node)
        self.base = base
        pages = update.pages
        entries = zip(update.changes, sorted).compactMap { leaf, change in
            guard leaf.leaf != leaf.leafBefore else { return nil }
            return StagedEntry(leaf: leaf, change: change.change)
        }
    }

    /// The changes in ascending order of path; of several for one key, the last.
    private static func sorted(_ changes: [StateChange]) -> [(path: Digest, change: StateChange)] {
        let placed = changes.enumerated().map { index, change in
            (path: StateTreeHash.path(of: change.key), index: index)
        }
        let ordered = placed.sorted { ($0.path, $0.index) < ($1.path, $1.index) }
        var sorted: [(path: Digest, change: StateChange)] = []
        sorted.reserveCapacity(ordered.count)
        for (path, index) in ordered {
            if sorted.last?.path == path { sorted.removeLast() }
            sorted.append((path, changes[index]))
        }
        return sorted
    }

    /// Writes the changes.
    func write(in transaction: StoreTransaction) throws(StoreError) {
        let cursor = try Cursor(transaction, transaction.tables.state)
        for entry in entries {
            if let record = entry.record {
                try cursor.put(entry.leaf.path, record)
                guard entry.leaf.leafBefore == nil else { continue }
                try transaction.put(entry.change.key.bytes, [], in: transaction.tables.keys)
            } else {
                try transaction.remove(entry.leaf.path, in: transaction.tables.state)
                try transaction.remove(entry.change.key.bytes, in: transaction.tables.keys)
            }
        }
        for page in pages {
            if let bytes = page.bytes {
                try transaction.put(page.name, bytes, in: transaction.tables.pages)
            } else {
                try transaction.remove(page.name, in: transaction.tables.pages)
            }
        }
    }
}

/// A change of an entry that is really one, and what it does to the entry's leaf.
private struct StagedEntry: Sendable {
    let leaf: LeafChange
    let change: StateChange

    /// The bytes to store; nil if the entry goes.
    var record: [UInt8]? {
        guard let hash = leaf.leaf, let value = change.value else { return nil }
        return StateRecord.bytes(leaf: hash, key: change.key, value: value)
    }
}
