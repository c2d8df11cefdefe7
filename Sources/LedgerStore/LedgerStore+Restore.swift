import CLMDB
import CanonicalCoding
import LedgerCore
public import MarketTypes

extension LedgerStore {
    /// Replaces a chain that has not begun by the state of another node.
    ///
    /// Nothing of it is visible until all chunks have led to the root of `head`: the work is one
    /// LMDB transaction, of which a crash leaves nothing.
    ///
    /// - Parameters:
    ///   - chain: the chain that the state belongs to.
    ///   - head: the block after which the state was taken.
    ///   - nextChunk: gives the chunks of ``StateSnapshot/exportSnapshot(chunkBytesMax:_:)`` in
    ///     order, and then nil.
    /// - Throws: ``StoreError/alreadyInitialized`` if there is another chain here or it has begun,
    ///   ``StoreError/importRefused(_:)`` if the chunks are not that state, or another
    ///   ``StoreError`` if it cannot be written.
    public func restore(
        chain: ChainID,
        head: StoredHead,
        nextChunk: () throws(StoreError) -> [UInt8]?
    ) throws(StoreError) {
        try environment.write { transaction throws(StoreError) in
            if let known = try transaction.chain() {
                guard known == chain, try transaction.head().height == BlockHeight(0) else {
                    throw .alreadyInitialized
                }
                try transaction.clear()
            }
            try Self.fill(transaction, chain: chain, head: head) { () throws(StoreError) in
                guard let bytes = try nextChunk() else { return nil }
                do {
                    return try SnapshotChunk(canonicalBytes: bytes).entries.canonicalBytes
                } catch {
                    throw .importRefused(.malformedChunk)
                }
            }
        }
    }
}

extension StoreTransaction {
    /// Empties every table but the one that names the format.
    fileprivate func clear() throws(StoreError) {
        let all = [
            tables.state, tables.keys, tables.pages, tables.blocks, tables.results,
            tables.transactions,
        ]
        for table in all { try check(mdb_drop(pointer, table, 0)) }
        try removeChain()
    }
}
