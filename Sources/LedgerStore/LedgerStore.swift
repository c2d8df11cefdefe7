public import LedgerCore
public import MarketTypes

/// The ledger on disk: its state with a Merkle tree over it, its blocks, and where to find
/// transactions.
///
/// One block is one LMDB transaction. A commit that returned survives `kill -9` and power loss, and
/// one that did not return left nothing: LMDB never overwrites a page that the last durable state
/// uses. Readers see the last committed state; they wait for no writer and no writer for them.
///
/// ```swift
/// let staged = try store.stage(changes)          // reads only; gives staged.root
/// try store.commit(BlockCommit(height: next, staged: staged, …))
/// ```
public final class LedgerStore: Sendable {
    let environment: Environment
    private let lanes: ReaderLanes
    private let snapshots: SnapshotReaders
    /// Not of the same number as ``snapshots``: whoever asks a lot must not stop the chain.
    let staging: SnapshotReaders

    /// Opens the store in a directory, which belongs to this store until it is released.
    ///
    /// - Throws: ``StoreError/inUse`` if another process has it,
    ///   ``StoreError/unknownFormat(found:)`` if another version wrote it,
    ///   ``StoreError/invalidConfiguration(field:)``, or what the system says.
    public init(configuration: LedgerStoreConfiguration) throws(StoreError) {
        try configuration.validate()
        environment = try Environment(
            configuration,
            readersMax: ReaderLanes.count + configuration.readersMax + Self.stagingCountMax
        )
        lanes = try ReaderLanes(environment)
        snapshots = SnapshotReaders(environment, countMax: configuration.readersMax)
        staging = SnapshotReaders(environment, countMax: Self.stagingCountMax)
    }

    /// The most calls of ``stage(_:)`` at a time.
    private static let stagingCountMax = 4

    /// The chain in this store, or nil if it is new.
    ///
    /// - Throws: ``StoreError`` if the store is damaged.
    public func chain() throws(StoreError) -> ChainID? {
        try lanes.read { transaction throws(StoreError) in try transaction.chain() }
    }

    /// Where the chain ends.
    ///
    /// - Throws: ``StoreError`` if the store is damaged.
    public func last() throws(StoreError) -> StoredHead {
        try lanes.read { transaction throws(StoreError) in try transaction.head() }
    }

    /// The block at `height`, or nil if there is none or its bytes are kept elsewhere.
    ///
    /// - Throws: ``StoreError`` if the store cannot be read.
    public func block(at height: BlockHeight) throws(StoreError) -> [UInt8]? {
        try lanes.read { transaction throws(StoreError) in
            try transaction.find(height, in: transaction.tables.blocks).map(Array.init)
        }
    }

    /// The results of the block at `height`, or nil if there is none.
    ///
    /// - Throws: ``StoreError`` if the store cannot be read.
    public func results(at height: BlockHeight) throws(StoreError) -> [UInt8]? {
        try lanes.read { transaction throws(StoreError) in
            try transaction.find(height, in: transaction.tables.results).map(Array.init)
        }
    }

    /// Where the transaction with `digest` stands, or nil; the first place if there are several.
    ///
    /// - Throws: ``StoreError`` if the store is damaged.
    public func transactionPosition(
        of digest: Digest
    ) throws(StoreError) -> TransactionPosition? {
        try lanes.read { transaction throws(StoreError) in
            guard let raw = try transaction.find(digest, in: transaction.tables.transactions)
            else { return nil }
            return try TransactionPosition(raw)
        }
    }

    /// Runs `body` on the last committed state, which stays the same until `body` returns.
    ///
    /// A snapshot keeps LMDB from using again what newer blocks free, so that the file grows: hold
    /// it for milliseconds on a busy ledger, longer only for audits and exports.
    ///
    /// - Throws: ``StoreError/tooManySnapshots``, another ``StoreError`` if the store cannot be
    ///   read, or what `body` throws.
    public func withSnapshot<Value>(_ body: (StateSnapshot) throws -> Value) throws -> Value {
        let reader = try snapshots.take()
        defer { snapshots.giveBack(reader) }
        let snapshot = try StateSnapshot(reader.transaction)
        defer { snapshot.end() }
        return try body(snapshot)
    }
}

extension LedgerStore: StateReading {
    /// The value under `key` in the last committed state.
    ///
    /// A store that cannot be read, or a value that does not match its hash, ends the process:
    /// whoever reads here is executing rules, and a guess would fork this node from the others.
    public func value(for key: StateKey) -> [UInt8]? {
        do throws(StoreError) {
            return try lanes.read { transaction throws(StoreError) in
                try transaction.value(for: key)
            }
        } catch {
            stopProcess(error)
        }
    }
}

extension StoreTransaction {
    /// The value under `key`, or nil.
    func value(for key: StateKey) throws(StoreError) -> [UInt8]? {
        let path = StateTreeHash.path(of: key)
        guard let raw = try find(path, in: tables.state) else { return nil }
        return try StateRecord(raw).value(at: path)
    }
}
