import Consensus
import LedgerCore
import LedgerStore
import MarketTypes
import Synchronization

/// A store whose next commit can be made to fail, as on a full disk, and whose state can be
/// replaced by another store's, as when a snapshot was restored.
final class StoreDouble: ApplicationStore {
    private let current: Mutex<LedgerStore>
    private let failure = Failure()

    final class Failure: Sendable {
        let isDue = Mutex(false)
    }

    init(_ chain: Chain) throws {
        var configuration = LedgerStoreConfiguration(directory: chain.directory + "/double")
        configuration.mapBytesMax = 64 << 20
        current = Mutex(try LedgerStore(configuration: configuration))
    }

    private var store: LedgerStore { current.withLock { $0 } }

    func replace(with other: LedgerStore) { current.withLock { $0 = other } }

    func application(_ chain: Chain) throws -> LedgerApplication {
        try LedgerApplication(store: self, genesis: chain.genesis)
    }

    func failNext() { failure.isDue.withLock { $0 = true } }

    func stage(_ changes: [StateChange]) throws -> any StagedBlock {
        let staged: any StagedBlock = try store.stage(changes)
        return Staged(staged: staged, failure: failure)
    }

    private struct Staged: StagedBlock {
        let staged: any StagedBlock
        let failure: Failure

        var root: Digest { staged.root }

        func commit(_ record: BlockRecord) throws {
            let fails = failure.isDue.withLock { isDue in
                defer { isDue = false }
                return isDue
            }
            guard !fails else { throw StoreError.full }
            try staged.commit(record)
        }
    }

    func chain() throws -> ChainID? { try store.chain() }
    func initialize(chain: ChainID, changes: [StateChange], time: Timestamp) throws {
        try store.initialize(chain: chain, changes: changes, time: time)
    }
    func last() throws -> StoredHead { try store.last() }
    func block(at height: BlockHeight) throws -> [UInt8]? { try store.block(at: height) }
    func results(at height: BlockHeight) throws -> [UInt8]? { try store.results(at: height) }
    func position(of digest: Digest) throws -> TransactionPosition? {
        try store.position(of: digest)
    }
    func withState<Value>(
        _ body: (any CommittedStateReading) throws -> Value
    ) throws -> Value { try store.withState(body) }
    func value(for key: StateKey) -> [UInt8]? { store.value(for: key) }
}
