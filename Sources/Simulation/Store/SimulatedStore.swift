import CanonicalCoding
import Consensus
import LedgerCore
import LedgerStore
import MarketTypes

/// The paths of keys in the state tree, computed once for a run: a pure function's memory.
final class StatePaths {
    private var known: [StateKey: Digest] = [:]

    func path(of key: StateKey) -> Digest {
        if let path = known[key] { return path }
        let path = StateTreeHash.path(of: key)
        known[key] = path
        return path
    }
}

/// A node's state in memory over a simulated disk.
///
/// Unchecked: everything in a run happens in one thread; only signatures are checked in others,
/// and those do not touch the store.
final class SimulatedStore: ApplicationStore, @unchecked Sendable {
    /// One version of the state.
    struct Version {
        var head: StoredHead
        var tree = SparseTree()
        var entries: [StateKey: [UInt8]] = [:]
    }

    let disk: SimulatedDisk
    let bug: PlantedBug?
    /// What the last commit changed; for the checkers.
    private(set) var lastChanges: [StateChange] = []
    private(set) var version: Version
    private let paths: StatePaths
    private var name: ChainID?
    private var resultsByHeight: [BlockHeight: [UInt8]] = [:]
    private var positions: [Digest: TransactionPosition] = [:]

    /// Opens what is on `disk`.
    ///
    /// - Throws: ``StoreError/corrupt(_:)`` if a record is spoiled or the entries do not lead to
    ///   the root that was recorded.
    init(disk: SimulatedDisk, paths: StatePaths, bug: PlantedBug?) throws {
        self.disk = disk
        self.paths = paths
        self.bug = bug
        version = Version(head: Self.emptyHead)
        do {
            var payloads = try Self.payloads(of: disk, bug)
            if bug == .recoveryForgetsEntries, payloads.count > 2 {
                let last = try StoreRecord(canonicalBytes: payloads[payloads.count - 1])
                payloads[payloads.count - 1] = last.without { _ in true }.canonicalBytes
            }
            for payload in payloads { load(try StoreRecord(canonicalBytes: payload)) }
        } catch {
            throw StoreError.corrupt(.blockRecord)
        }
        version.tree.apply(version.entries.map { leaf($0.key, $0.value) })
        guard version.tree.root == version.head.root || bug != nil else {
            throw StoreError.corrupt(.head)
        }
    }

    private static func payloads(
        of disk: SimulatedDisk,
        _ bug: PlantedBug?
    ) throws(DiskError) -> [[UInt8]] {
        do {
            return try disk.recover()
        } catch .damaged where bug == .damageUnnoticed {
            return []
        }
    }

    private static let emptyHead = StoredHead(
        height: BlockHeight(0),
        root: .zero,
        entryCount: 0,
        blockHash: .zero,
        time: Timestamp(milliseconds: 0)
    )

    private func leaf(_ key: StateKey, _ value: [UInt8]?) -> SparseTree.Change {
        let path = paths.path(of: key)
        return SparseTree.Change(
            path: path,
            leaf: value.map { StateTreeHash.leaf(path: path, value: $0) }
        )
    }

    /// Takes a record over, but for the tree.
    private func load(_ record: StoreRecord) {
        let isNext = record.head.height > version.head.height
        name = record.chain
        version.head = record.head
        for change in record.changes { version.entries[change.key] = change.value }
        guard isNext else { return }
        resultsByHeight[record.head.height] = record.results
        for (index, digest) in record.transactions.enumerated() where digest != .zero {
            positions[digest] = TransactionPosition(height: record.head.height, index: index)
        }
    }

    func value(for key: StateKey) -> [UInt8]? { version.entries[key] }
    func chain() throws -> ChainID? { name }
    func last() throws -> StoredHead { version.head }
    func block(at height: BlockHeight) throws -> [UInt8]? { nil }
    func results(at height: BlockHeight) throws -> [UInt8]? { resultsByHeight[height] }
    func position(of digest: Digest) throws -> TransactionPosition? { positions[digest] }

    func initialize(chain: ChainID, changes: [StateChange], time: Timestamp) throws {
        guard name == nil else { throw StoreError.alreadyInitialized }
        name = chain
        let stage = makeStage(changes)
        let head = StoredHead(
            height: BlockHeight(0),
            root: stage.root,
            entryCount: UInt32(stage.after.entries.count),
            blockHash: .zero,
            time: time
        )
        try write(stage, head, results: [], transactions: [])
    }

    func stage(_ changes: [StateChange]) throws -> any StagedBlock {
        makeStage(bug.map { spoil(changes, with: $0) } ?? changes)
    }

    private func makeStage(_ changes: [StateChange]) -> SimulatedStage {
        var after = version
        after.tree.apply(changes.map { leaf($0.key, $0.value) })
        for change in changes { after.entries[change.key] = change.value }
        return SimulatedStage(store: self, base: version.head, changes: changes, after: after)
    }

    fileprivate func commit(_ stage: SimulatedStage, _ record: BlockRecord) throws {
        let next = version.head.height.rawValue + 1
        guard record.height.rawValue == next else {
            throw StoreError.wrongHeight(expected: BlockHeight(next), given: record.height)
        }
        guard stage.base == version.head else { throw StoreError.staleStage }
        let head = StoredHead(
            height: record.height,
            root: stage.root,
            entryCount: UInt32(stage.after.entries.count),
            blockHash: record.blockHash,
            time: record.time
        )
        try write(stage, head, results: record.results, transactions: record.transactions)
    }

    private func write(
        _ stage: SimulatedStage,
        _ head: StoredHead,
        results: [UInt8],
        transactions: [Digest]
    ) throws {
        guard let name else { throw StoreError.notInitialized }
        let record = StoreRecord(
            chain: name,
            head: head,
            changes: stage.changes,
            results: results,
            transactions: transactions
        )
        if bug == .blockInTwoRecords, head.height > BlockHeight(0) {
            try append(record.underHead(version.head))
        }
        try append(record)
        load(record)
        version.tree = stage.after.tree
        lastChanges = stage.changes
    }

    private func append(_ record: StoreRecord) throws {
        do {
            try disk.append(record.canonicalBytes)
            if bug == .commitBeforeDurable, record.head.height > BlockHeight(0) { return }
            try disk.sync()
        } catch DiskError.full {
            throw StoreError.full
        }
    }

    func withState<Value>(
        _ body: (any CommittedStateReading) throws -> Value
    ) throws -> Value {
        try body(SimulatedState(version: version, paths: paths))
    }
}

/// A block's changes on a simulated store.
///
/// Unchecked like its store.
private struct SimulatedStage: StagedBlock, @unchecked Sendable {
    let store: SimulatedStore
    let base: StoredHead
    let changes: [StateChange]
    let after: SimulatedStore.Version

    var root: Digest { after.tree.root }

    func commit(_ record: BlockRecord) throws { try store.commit(self, record) }
}

/// One version of a simulated store's state.
private struct SimulatedState: CommittedStateReading {
    let version: SimulatedStore.Version
    let paths: StatePaths

    var head: StoredHead { version.head }

    private var sorted: [(key: StateKey, value: [UInt8])] {
        version.entries.map { ($0.key, $0.value) }.sorted { $0.key < $1.key }
    }

    func value(for key: StateKey) -> [UInt8]? { version.entries[key] }

    func proof(for key: StateKey) throws -> StateProof {
        version.tree.proof(for: paths.path(of: key)) { other in
            let found = sorted.first { paths.path(of: $0.key) == other }
            return Digest(sha256: found?.value ?? [])
        }
    }

    func entries(
        prefix: StateKey,
        after: StateKey?,
        limit: Int
    ) throws -> [StateListAnswer.Entry] {
        sorted.lazy.filter { key, _ in
            key.bytes.starts(with: prefix.bytes) && after.map { key > $0 } ?? true
        }
        .prefix(limit).map { StateListAnswer.Entry(key: $0.key, value: $0.value) }
    }

    func forEachEntry(_ body: (StateKey, [UInt8]) throws -> Void) throws {
        for (key, value) in sorted { try body(key, value) }
    }
}
