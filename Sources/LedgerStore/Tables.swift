import CLMDB

/// The tables of the store, by LMDB's numbers for them.
struct Tables: Sendable {
    /// The version of the layout of all tables, in `meta`.
    static let format: UInt32 = 2
    static let count: UInt32 = 7

    /// Path (32 bytes) → ``StateRecord``.
    ///
    /// In the tree's order, so that the leaves of a small subtree lie side by side, and a changed
    /// entry and its leaf are one record.
    let state: MDB_dbi
    /// Key → nothing: the order of the keys, for listing.
    ///
    /// Written only when entries come and go.
    let keys: MDB_dbi
    /// ``PageName`` → ``TreePage``.
    let pages: MDB_dbi
    /// Height (8 bytes, big endian) → a block.
    let blocks: MDB_dbi
    /// Height → a block's results.
    let results: MDB_dbi
    /// Digest of a transaction → height and index.
    let transactions: MDB_dbi
    /// Name → what there is only one of.
    let meta: MDB_dbi

    /// Opens all tables, creating those that are missing, and checks the format.
    init(openedIn transaction: OpaquePointer) throws(StoreError) {
        func open(_ name: String) throws(StoreError) -> MDB_dbi {
            var table = MDB_dbi()
            try check(mdb_dbi_open(transaction, name, UInt32(MDB_CREATE), &table))
            return table
        }
        meta = try open("meta")
        state = try open("state")
        keys = try open("keys")
        pages = try open("pages")
        blocks = try open("blocks")
        results = try open("results")
        transactions = try open("transactions")
        try checkFormat(StoreTransaction(pointer: transaction, tables: self))
    }

    private func checkFormat(_ transaction: StoreTransaction) throws(StoreError) {
        let key = Array("format".utf8)
        if let raw = try transaction.find(key, in: meta) {
            guard raw.count == 4 else { throw .corrupt(.head) }
            let found = UInt32(bigEndian: raw.loadUnaligned(as: UInt32.self))
            guard found == Self.format else { throw .unknownFormat(found: found) }
        } else {
            let bytes = withUnsafeBytes(of: Self.format.bigEndian) { Array($0) }
            try transaction.put(key, bytes, in: meta)
        }
    }
}
