import CanonicalCoding
import Dispatch
public import Identity
import LedgerCore
import LedgerStore
public import Logging
public import MarketTypes
public import ServiceLifecycle
import Synchronization

/// Orders transactions in one process: blocks on demand, durable before anyone is answered.
///
/// While one block is written, the next one's transactions gather, so the cost of a sync is
/// shared by all that wait. An idle market writes nothing; only while a deadline is pending do
/// empty blocks follow each other, one per tick, because deadlines are counted in blocks. For the
/// same reason a busy market has no more than some blocks a second then (``BlockPace``).
public final class Sequencer: Service, Sendable {
    /// What a sequencer may be told.
    public struct Configuration: Sendable {
        /// What may wait for a block.
        public var mempool = MempoolLimits()
        /// The most transactions in one block.
        public var blockTransactionsMax = 8192
        /// How often a block is made while only a deadline is pending.
        public var tick: Duration = .seconds(1)
        /// How many blocks may follow each other at once while a deadline is pending.
        public var blocksBurst: UInt64 = 256
        /// The time for each further one; never more than ``tick``.
        public var blockInterval: Duration = .milliseconds(250)
        /// The most callers that may wait for blocks to come.
        public var followersMax = 1024

        /// Creates the standard configuration.
        public init() {}

        var blockIntervalMilliseconds: UInt64 {
            let (seconds, attoseconds) = min(blockInterval, tick).components
            return UInt64(clamping: seconds) * 1000
                + UInt64(clamping: attoseconds) / 1_000_000_000_000_000
        }
    }

    /// The ledger that is driven.
    public let application: LedgerApplication
    private let key: SigningKey
    private let configuration: Configuration
    private let now: @Sendable () -> Timestamp
    private let logger: Logger
    var followersMax: Int { configuration.followersMax }
    private let disk = DispatchQueue(label: "stoa.sequencer")
    private let wake: AsyncStream<Void>
    private let wakeUp: AsyncStream<Void>.Continuation
    let state: Mutex<State>

    struct State: Sendable {
        var mempool: Mempool
        var waiting: [Digest: [CheckedContinuation<CommittedTransaction, any Error>]] = [:]
        var followers: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var nextFollower: UInt64 = 0
        var last: LastBlock
        var deadline: BlockHeight
        var pace: BlockPace
        var isStopped = false
    }

    struct LastBlock: Sendable {
        var height: BlockHeight
        var time: Timestamp
        var digest: Digest
    }

    /// Creates a sequencer that goes on where the application's store ends.
    ///
    /// - Throws: ``SequencerError/wrongKey`` if `key` is not the one that genesis names, or what
    ///   reading the store throws.
    public init(
        application: LedgerApplication,
        key: SigningKey,
        configuration: Configuration,
        logger: Logger,
        now: @escaping @Sendable () -> Timestamp
    ) throws {
        guard key.publicKey == application.genesis.sequencer else { throw SequencerError.wrongKey }
        self.application = application
        self.key = key
        self.configuration = configuration
        self.logger = logger
        self.now = now
        (wake, wakeUp) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        let deadline = application.deadline
        state = Mutex(
            State(
                mempool: Mempool(limits: configuration.mempool),
                last: try application.lastBlock(),
                deadline: deadline,
                pace: BlockPace(
                    burst: configuration.blocksBurst,
                    intervalMilliseconds: configuration.blockIntervalMilliseconds
                )
            )
        )
    }

    /// Submits a signed transaction and returns once it is durably in a block.
    ///
    /// The same bytes again give the same answer, whether they wait or are in a block already.
    ///
    /// - Throws: ``TransactionRefusal`` if it cannot enter a block, or ``SequencerError``.
    public func submit(_ bytes: [UInt8]) async throws -> CommittedTransaction {
        let transaction = try application.verify(bytes)
        if let done = try application.committed(transaction.digest) { return done }
        do {
            return try await enqueue(bytes, transaction)
        } catch TransactionRefusal.staleSequence {
            // It may have been committed between the look-up and the check.
            if let done = try application.committed(transaction.digest) { return done }
            throw TransactionRefusal.staleSequence
        }
    }

    private func enqueue(
        _ bytes: [UInt8],
        _ transaction: CheckedTransaction
    ) async throws -> CommittedTransaction {
        try await withCheckedThrowingContinuation { continuation in
            let refusal = state.withLock { state -> (any Error)? in
                admit(bytes, transaction, continuation, &state)
            }
            if let refusal { continuation.resume(throwing: refusal) } else { wakeUp.yield() }
        }
    }

    private func admit(
        _ bytes: [UInt8],
        _ transaction: CheckedTransaction,
        _ continuation: CheckedContinuation<CommittedTransaction, any Error>,
        _ state: inout State
    ) -> (any Error)? {
        guard !state.isStopped else { return SequencerError.stopped }
        // Somebody waits for it while it waits, and while its block is written.
        if state.waiting[transaction.digest] == nil {
            do {
                let sender = transaction.transaction.sender
                try state.mempool.checkRoom(bytes.count, sender: sender)
                try application.check(transaction, at: nextContext(state))
            } catch is Mempool.Full {
                return SequencerError.overloaded
            } catch {
                return error
            }
            state.mempool.append(Mempool.Entry(bytes: bytes, transaction: transaction))
        }
        guard state.waiting[transaction.digest, default: []].count < 16 else {
            return SequencerError.overloaded
        }
        state.waiting[transaction.digest, default: []].append(continuation)
        return nil
    }

    private func nextContext(_ state: State) -> BlockContext {
        BlockContext(
            height: BlockHeight(state.last.height.rawValue + 1),
            time: max(now(), state.last.time)
        )
    }

    /// Makes blocks until the service is told to stop; what still waits then gets its block.
    ///
    /// - Throws: ``StoreError`` if a block cannot be written: the process must end, because what
    ///   is in memory is ahead of what is durable.
    public func run() async throws {
        defer { stop() }
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.produce() }
                group.addTask { try await self.tick() }
                try await group.next()
                group.cancelAll()
            }
        } onGracefulShutdown: {
            self.wakeUp.finish()
        }
    }

    private func produce() async throws {
        for await _ in wake {
            await keepPace()
            while try await produceOne() { await keepPace() }
        }
        while try await produceOne() {}
    }

    /// Waits, so that a deadline that is counted in blocks takes some time as well.
    private func keepPace() async {
        let wait = state.withLock { state in
            state.deadline > state.last.height ? state.pace.wait(at: Self.uptimeMilliseconds) : 0
        }
        if wait > 0 { try? await Task.sleep(for: .milliseconds(wait)) }
    }

    private static var uptimeMilliseconds: UInt64 {
        DispatchTime.now().uptimeNanoseconds / 1_000_000
    }

    private func tick() async throws {
        while !Task.isCancelled {
            try? await Task.sleep(for: configuration.tick)
            let isDue = state.withLock { $0.deadline > $0.last.height }
            if isDue { wakeUp.yield() }
        }
    }

    /// Makes one block if there is reason to; whether more transactions wait.
    private func produceOne() async throws -> Bool {
        let (batch, context, parent) = state.withLock { state in
            let batch = state.mempool.takeBlock(
                transactionsMax: configuration.blockTransactionsMax,
                bytesMax: Block.bytesMax
            )
            let isDue = !batch.isEmpty || state.deadline > state.last.height
            if isDue { state.pace.made(at: Self.uptimeMilliseconds) }
            return (batch, isDue ? nextContext(state) : nil, state.last.digest)
        }
        guard let context else { return false }
        do {
            let block = try await onDisk { try self.write(batch, context, parent) }
            return answer(block, batch)
        } catch {
            logger.critical(
                "the block cannot be written; stopping",
                metadata: ["error": "\(error)"]
            )
            throw error
        }
    }

    private func write(
        _ batch: [Mempool.Entry],
        _ context: BlockContext,
        _ parent: Digest
    ) throws -> (last: LastBlock, finalized: FinalizedBlock) {
        let candidates = batch.map(\.bytes)
        let transactions = application.prepare(candidates, at: context, bytesMax: Block.bytesMax)
        let finalized = try application.finalize(transactions, at: context)
        let header = key.sign(
            BlockHeader(
                chain: application.chain,
                height: context.height,
                time: context.time,
                parent: parent,
                transactionsRoot: finalized.transactionsRoot,
                resultsRoot: finalized.resultsRoot,
                stateRoot: finalized.stateRoot
            )
        )
        let block = Block(header: header.signed, transactions: transactions)
        try application.commit(block: (block.canonicalBytes, header.digest))
        let last = LastBlock(height: context.height, time: context.time, digest: header.digest)
        return (last, finalized)
    }

    /// Answers whoever waits for the block, and checks again what waits for the next.
    private func answer(
        _ block: (last: LastBlock, finalized: FinalizedBlock),
        _ batch: [Mempool.Entry]
    ) -> Bool {
        let deadline = application.deadline
        let answers = state.withLock { state -> [() -> Void] in
            state.last = block.last
            state.deadline = deadline
            var answers: [() -> Void] = []
            for (digest, result) in zip(block.finalized.digests, block.finalized.results) {
                let done = CommittedTransaction(
                    digest: digest,
                    height: block.last.height,
                    result: result
                )
                for waiter in state.waiting.removeValue(forKey: digest) ?? [] {
                    answers.append { waiter.resume(returning: done) }
                }
            }
            answers += fail(batch.map(\.transaction), &state)
            application.restartAdmission()
            let context = nextContext(state)
            let gone = state.mempool.removeAll { entry in
                (try? application.check(entry.transaction, at: context)) == nil
            }
            answers += fail(gone.map(\.transaction), &state)
            answers += state.followers.map { follower in { follower.value.resume() } }
            state.followers.removeAll()
            return answers
        }
        for answer in answers { answer() }
        return state.withLock { !$0.mempool.isEmpty }
    }

    /// What tells the waiters of transactions that never made it into a block.
    private func fail(_ transactions: [CheckedTransaction], _ state: inout State) -> [() -> Void] {
        transactions.flatMap { transaction in
            (state.waiting.removeValue(forKey: transaction.digest) ?? []).map { waiter in
                { waiter.resume(throwing: TransactionRefusal.expired) }
            }
        }
    }

    private func stop() {
        wakeUp.finish()
        let (waiting, followers) = state.withLock { state in
            state.isStopped = true
            defer {
                state.waiting.removeAll()
                state.followers.removeAll()
            }
            return (state.waiting.values.flatMap(\.self), Array(state.followers.values))
        }
        for waiter in waiting { waiter.resume(throwing: SequencerError.stopped) }
        for follower in followers { follower.resume() }
    }

    /// Runs blocking work on a thread of its own: a sync takes milliseconds, and the cooperative
    /// pool has only as many threads as there are cores.
    private func onDisk<Output: Sendable>(
        _ work: @escaping @Sendable () throws -> Output
    ) async throws -> Output {
        try await withCheckedThrowingContinuation { continuation in
            disk.async { continuation.resume(with: Result { try work() }) }
        }
    }
}

/// Why the sequencer did not take a transaction.
public enum SequencerError: Error, Hashable, Sendable {
    /// The key does not belong to the chain's sequencer.
    case wrongKey
    /// Too much waits already; nothing was charged.
    case overloaded
    /// The sequencer is stopping; ask again when it runs, with the same bytes.
    case stopped
    /// Too many callers follow the blocks.
    case tooManyFollowers
}
