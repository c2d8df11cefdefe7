import MarketTypes

/// The pages and leaves of the tree as one transaction sees them.
struct TreeReader: ~Copyable {
    private let transaction: StoreTransaction
    private let cursor: Cursor

    init(_ transaction: StoreTransaction) throws(StoreError) {
        self.transaction = transaction
        cursor = try Cursor(transaction, transaction.tables.state)
    }

    /// The page `name`, which must exist.
    func page(_ name: PageName) throws(StoreError) -> TreePage {
        guard let raw = try transaction.find(name, in: transaction.tables.pages) else {
            throw .corrupt(.treePage)
        }
        return try TreePage(raw)
    }

    /// The `count` leaves whose paths start with the first `bits` bits of `prefix`, in order.
    func leaves(_ count: UInt32, bits: Int, of prefix: Digest) throws(StoreError) -> [TreeLeaf] {
        guard count > 0 else { return [] }
        var leaves: [TreeLeaf] = []
        leaves.reserveCapacity(Int(count) + 4)
        let first = prefix.prefix(bits: bits)
        var entry = try cursor.seek(first)
        while let found = entry {
            guard found.key.count == Digest.byteCount else { throw .corrupt(.stateRecord) }
            leaves.append(
                TreeLeaf(
                    path: Digest(found.key, at: 0),
                    hash: try StateRecord(found.value).leaf
                )
            )
            guard leaves.count < count else { break }
            entry = try cursor.next()
        }
        // They are in order, so that if the last one belongs here then so do all.
        guard leaves.count == count, leaves[leaves.count - 1].path.prefix(bits: bits) == first
        else { throw .corrupt(.treePage) }
        return leaves
    }
}
