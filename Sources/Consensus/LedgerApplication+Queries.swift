public import Identity
public import LedgerCore
import LedgerStore
public import MarketTypes

/// An entry of the last committed state, and what proves it.
public struct QueryAnswer: Sendable {
    /// The entry's canonical bytes; nil if there is none.
    public let value: [UInt8]?
    /// The block whose state was read.
    public let height: BlockHeight
    /// Presence or absence against the header's state root; nil unless asked for.
    public let proof: StateProof?
    /// The sealed header of that block; nil unless asked for, or where blocks are kept elsewhere.
    public let header: Signed<BlockHeader>?
}

extension LedgerApplication {
    /// Query: one entry of the last committed state; waits for nobody.
    ///
    /// Entry, proof and header are of one block, whatever is committed meanwhile.
    ///
    /// - Throws: ``StoreError`` or ``CanonicalError`` if the store is damaged.
    public func query(_ key: StateKey, proven: Bool) throws -> QueryAnswer {
        try store.withState { snapshot in
            let header = proven ? try block(at: snapshot.head.height)?.block.header : nil
            return QueryAnswer(
                value: snapshot.value(for: key),
                height: snapshot.head.height,
                proof: proven ? try snapshot.proof(for: key) : nil,
                header: header
            )
        }
    }
}
