public import LedgerCore
public import LedgerStore
public import MarketTypes

/// What a block leaves behind besides the state's changes.
public struct BlockRecord: Hashable, Sendable {
    /// The block's height; one above the last.
    public let height: BlockHeight
    /// The block's time.
    public let time: Timestamp
    /// The block's bytes; empty where an engine keeps the blocks.
    public let block: [UInt8]
    /// The block's hash; zero where an engine keeps the blocks.
    public let blockHash: Digest
    /// The bytes of the transactions' results.
    public let results: [UInt8]
    /// The transactions' digests by index; zero for what shall not be found.
    public let transactions: [Digest]
}

/// A block's changes with their root computed and nothing written.
public protocol StagedBlock: Sendable {
    /// The root of the state with the changes.
    var root: Digest { get }

    /// Makes the block durable: all of it on return, or nothing if this throws.
    ///
    /// - Throws: ``StoreError/staleStage`` unless the state is still the one it was staged on.
    func commit(_ record: BlockRecord) throws
}

/// One version of the state, for as long as ``ApplicationStore/withState(_:)`` runs.
public protocol CommittedStateReading: StateReading {
    /// The block after which the state is as seen here.
    var head: StoredHead { get }

    /// A proof of what stands under `key`, against the head's root.
    func proof(for key: StateKey) throws -> StateProof

    /// Lists entries whose keys start with `prefix`, after `after`, in order; at most `limit`.
    ///
    /// A list ends early once its values have ``StateListAnswer/bytesMax`` bytes, so only an
    /// empty one says that there is no more.
    func entries(
        prefix: StateKey,
        after: StateKey?,
        limit: Int
    ) throws -> [StateListAnswer.Entry]

    /// Calls `body` with every entry.
    func forEachEntry(_ body: (StateKey, [UInt8]) throws -> Void) throws
}

/// Where an application keeps state and blocks: LMDB's files, or a simulation's memory.
///
/// Reading through ``StateReading`` sees the last committed state.
public protocol ApplicationStore: StateReading, Sendable {
    /// The chain in this store, or nil if it is new.
    func chain() throws -> ChainID?

    /// Starts a chain: its name and the state before the first block.
    func initialize(chain: ChainID, changes: [StateChange], time: Timestamp) throws

    /// Where the chain ends.
    func last() throws -> StoredHead

    /// Computes what `changes` make of the last committed state, writing nothing.
    func stage(_ changes: [StateChange]) throws -> any StagedBlock

    /// The block's bytes, or nil if there is none or an engine keeps it.
    func block(at height: BlockHeight) throws -> [UInt8]?

    /// The bytes of a block's results, or nil if there is none.
    func results(at height: BlockHeight) throws -> [UInt8]?

    /// Where a transaction stands, or nil.
    func position(of digest: Digest) throws -> TransactionPosition?

    /// Runs `body` on the last committed state, which stays the same until `body` returns.
    func withState<Value>(
        _ body: (any CommittedStateReading) throws -> Value
    ) throws -> Value
}

extension LedgerStore: ApplicationStore {
    public func stage(_ changes: [StateChange]) throws -> any StagedBlock {
        StoreStage(store: self, tree: try stage(changes) as StagedTree)
    }

    public func position(of digest: Digest) throws -> TransactionPosition? {
        try transactionPosition(of: digest)
    }

    public func withState<Value>(
        _ body: (any CommittedStateReading) throws -> Value
    ) throws -> Value {
        try withSnapshot { try body($0) }
    }
}

extension StateSnapshot: CommittedStateReading {
    public func entries(
        prefix: StateKey,
        after: StateKey?,
        limit: Int
    ) throws -> [StateListAnswer.Entry] {
        var entries: [StateListAnswer.Entry] = []
        var bytes = 0
        var last = after
        // In small pages: nobody knows how large values are before they are read.
        while entries.count < limit, bytes < StateListAnswer.bytesMax {
            let wanted = min(64, limit - entries.count)
            let page = try scan(prefix: prefix, after: last, limit: wanted)
            for (key, value) in page where bytes < StateListAnswer.bytesMax {
                bytes += value.count
                entries.append(StateListAnswer.Entry(key: key, value: value))
            }
            guard page.count == wanted else { break }
            last = page.last?.key
        }
        return entries
    }
}

/// A block staged on LMDB.
private struct StoreStage: StagedBlock {
    let store: LedgerStore
    let tree: StagedTree

    var root: Digest { tree.root }

    func commit(_ record: BlockRecord) throws {
        try store.commit(
            BlockCommit(
                height: record.height,
                time: record.time,
                staged: tree,
                block: record.block,
                blockHash: record.blockHash,
                results: record.results,
                transactions: record.transactions
            )
        )
    }
}
