public import LedgerCore
import LedgerStore
public import MarketTypes
import Synchronization

/// The ledger as an ordering engine drives it: the shape of ABCI 2.0, one method for each call.
///
/// ```
/// check* ──▶ prepare ──▶ process ──▶ finalize ──▶ commit ──▶ check (again, what is left)*
/// ```
/// Whoever orders, one process or a network, drives exactly this. Only ``commit(block:)`` writes;
/// ``finalize(_:at:)`` can be repeated from the last committed state, as an engine does after a
/// crash. Queries read the last committed state and wait for nobody.
public final class LedgerApplication: Sendable {
    /// The chain whose transactions this accepts.
    public let chain: ChainID
    /// The document the chain started from.
    public let genesis: Genesis
    /// Where blocks and state are kept.
    public let store: any ApplicationStore
    private let checked: CheckedTransactions
    private let state: Mutex<State>

    private struct State: Sendable {
        var admission: Ledger<CommittedState>
        var finalized: FinalizedBlock?
    }

    /// Opens the application on a store; an empty store gets the genesis.
    ///
    /// - Throws: ``StoreError``, or ``ApplicationError/otherChain`` if the store holds the state of
    ///   another genesis.
    public init(store: any ApplicationStore, genesis: Genesis) throws {
        self.store = store
        self.genesis = genesis
        chain = genesis.chain
        if try store.chain() == nil {
            try store.initialize(
                chain: chain,
                changes: genesis.changes,
                time: genesis.time
            )
        }
        guard try store.chain() == chain else { throw ApplicationError.otherChain }
        checked = CheckedTransactions(countMax: 1 << 16, bytesMax: 64 << 20)
        let admission = Ledger(chain: chain, base: CommittedState(store: store))
        state = Mutex(State(admission: admission, finalized: nil))
    }

    /// The numbers of the rules.
    public var parameters: LedgerParameters { state.withLock { $0.admission.parameters } }

    /// Checks a transaction's form and signatures, once; the result is kept until it is committed.
    ///
    /// Safe to call from many threads at once: this is where the time goes.
    ///
    /// - Throws: ``TransactionRefusal`` from `malformed` to `invalidSignature`.
    public func verify(_ bytes: [UInt8]) throws(TransactionRefusal) -> CheckedTransaction {
        if let known = checked.find(bytes) { return known }
        let transaction = try CheckedTransaction(canonicalBytes: bytes, chain: chain)
        checked.keep(transaction, for: bytes)
        return transaction
    }

    /// CheckTx: decides whether a verified transaction may wait for a block, and notes its fee and
    /// sequence number so that the next of the same sender can follow.
    ///
    /// - Throws: ``TransactionRefusal`` from `wrongChain` on.
    public func check(
        _ transaction: CheckedTransaction,
        at context: BlockContext
    ) throws(TransactionRefusal) {
        try state.withLock { state throws(TransactionRefusal) in
            try state.admission.admit(transaction, at: context)
        }
    }

    /// CheckTx again, after a block: whether a transaction that waits may go on waiting.
    ///
    /// Its signatures were checked when it came; they are not checked again while this process
    /// remembers it.
    ///
    /// - Throws: ``TransactionRefusal``.
    public func recheck(
        _ bytes: [UInt8],
        at context: BlockContext
    ) throws(TransactionRefusal) {
        try check(try verify(bytes), at: context)
    }

    /// PrepareProposal: the longest run of candidates that fits the limits.
    ///
    /// A transaction that cannot execute any more is left out; one that will be refused stays in,
    /// because its sender owes the fee.
    ///
    /// - Parameter byteCount: what a transaction counts for in the limit; an engine's own encoding
    ///   adds to it.
    public func prepare(
        _ candidates: [[UInt8]],
        at context: BlockContext,
        bytesMax: Int,
        byteCount: ([UInt8]) -> Int = { $0.count }
    ) -> [[UInt8]] {
        var ledger = Ledger(chain: chain, base: CommittedState(store: store))
        var chosen: [[UInt8]] = []
        var (bytes, work) = (0, TransactionWork())
        for candidate in candidates {
            let bytesAfter = bytes + byteCount(candidate)
            guard chosen.count < Block.transactionsMax, bytesAfter <= bytesMax else { break }
            guard let transaction = try? verify(candidate) else { continue }
            let workAfter = work.adding(transaction.work)
            guard workAfter.fitsBlock else { break }
            guard (try? ledger.admit(transaction, at: context)) != nil else { continue }
            (bytes, work) = (bytesAfter, workAfter)
            chosen.append(candidate)
        }
        return chosen
    }

    /// ProcessProposal: whether a proposed block is within the limits and holds only transactions
    /// of this chain whose signatures verify.
    public func process(_ transactions: [[UInt8]], bytesMax: Int) -> Bool {
        guard transactions.count <= Block.transactionsMax,
            transactions.reduce(0, { $0 + $1.count }) <= bytesMax
        else { return false }
        // Counted before any is checked: a proposer must not choose how much work it makes.
        var work = TransactionWork()
        for transaction in transactions {
            guard let more = Transaction.work(ofSigned: transaction) else { return false }
            work = work.adding(more)
            guard work.fitsBlock else { return false }
        }
        return verifyAll(transactions).allSatisfy { transaction in
            if case .success = transaction { true } else { false }
        }
    }

    /// FinalizeBlock: executes a block on top of the last committed state, writing nothing.
    ///
    /// - Parameter report: what the ordering engine says about the block; ``EngineReport/none``
    ///   where one process orders.
    public func finalize(
        _ transactions: [[UInt8]],
        at context: BlockContext,
        report: EngineReport = .none
    ) throws -> FinalizedBlock {
        let verified = verifyAll(transactions)
        var ledger = Ledger(chain: chain, base: CommittedState(store: store))
        let begun = ledger.beginBlock(report, at: context)
        var digests: [Digest] = []
        var results: [TransactionResult] = []
        for transaction in verified {
            switch transaction {
            case .success(let transaction):
                digests.append(transaction.digest)
                results.append(ledger.apply(transaction, at: context))
            case .failure(let refusal):
                digests.append(.zero)
                results.append(TransactionResult(refusal: refusal))
            }
        }
        let end = ledger.endBlock(at: context)
        let block = FinalizedBlock(
            context: context,
            transactions: transactions,
            digests: digests,
            results: results,
            events: begun + end.events,
            validatorUpdates: end.validatorUpdates,
            staged: try store.stage(ledger.changes)
        )
        state.withLock { $0.finalized = block }
        return block
    }

    /// Commit: makes the finalized block durable, all of it or nothing.
    ///
    /// The caller then calls ``restartAdmission()`` and checks again what still waits.
    ///
    /// - Parameter block: the block's bytes and digest, where this store keeps the blocks too.
    /// - Throws: ``StoreError``; the caller must stop, because the block is lost to this process.
    public func commit(block: (bytes: [UInt8], digest: Digest)?) throws {
        guard let finalized = state.withLock({ $0.finalized }) else {
            throw ApplicationError.nothingFinalized
        }
        try finalized.staged.commit(finalized.record(block: block))
        checked.forget(finalized.transactions)
        state.withLock { $0.finalized = nil }
    }

    /// Forgets the fees and sequence numbers noted by ``check(_:at:)`` since the last commit.
    public func restartAdmission() {
        let admission = Ledger(chain: chain, base: CommittedState(store: store))
        state.withLock { $0.admission = admission }
    }

    /// Checks the form and signatures of many transactions, on all cores.
    package func verifyAll(
        _ transactions: [[UInt8]]
    ) -> [Result<CheckedTransaction, TransactionRefusal>] {
        // Most were checked when they came: only the others are worth other threads.
        let known = transactions.map { checked.find($0) }
        let fresh = zip(transactions, known).filter { $1 == nil }.map(\.0)
        var verified = concurrentMap(fresh) { bytes -> Result<_, TransactionRefusal> in
            do throws(TransactionRefusal) {
                return .success(try self.verify(bytes))
            } catch {
                return .failure(error)
            }
        }[...]
        return known.map { known in
            if let known { return .success(known) }
            return verified.popFirst() ?? .failure(.malformed)
        }
    }
}

/// Why an application could not open or commit.
public enum ApplicationError: Error, Hashable, Sendable {
    /// The store belongs to a chain with another genesis.
    case otherChain
    /// Commit was called without a finalized block.
    case nothingFinalized
}

/// The last committed state, read afresh each time.
public struct CommittedState: StateReading, Sendable {
    private let store: any ApplicationStore

    /// Reads from `store`.
    public init(store: any ApplicationStore) {
        self.store = store
    }

    public func value(for key: StateKey) -> [UInt8]? { store.value(for: key) }
}
