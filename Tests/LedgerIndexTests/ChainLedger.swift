import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import SettlementCore
import Synchronization

/// The real rules over a dictionary, a block at a time: a ledger for an index to follow.
final class ChainLedger: LedgerConnection {
    private struct Entries: StateReading, Sendable {
        var values: [StateKey: [UInt8]] = [:]
        func value(for key: StateKey) -> [UInt8]? { values[key] }
    }

    private struct State {
        var entries = Entries()
        var blocks: [BlockSummary] = []
        var asked = 0
        var failsAfter: Int?
        /// What an answer or two are older by than the blocks, as another node's would be.
        var old: [(entries: Entries, height: UInt64)] = []
        var lags = false
        /// How many more times the ledger's standing is told a block late.
        var lateStandings = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
        var isClosed = false
    }

    let genesis: Genesis
    private let state: Mutex<State>

    init(name: String = "index-test") {
        let made = Genesis(
            name: name,
            time: Timestamp(milliseconds: 1_700_000_000_000),
            sequencer: Person.alice.key.publicKey,
            parameters: LedgerParameters(
                feeMinimum: Amount(obol: 10),
                feePerByte: .zero,
                closingDelayBlocks: 3,
                unbondingDelayBlocks: 3
            ),
            allocations: Person.all.map {
                .init(account: $0.id, amount: Amount(obol: 1_000_000_000_000))
            }
        )
        guard let made else { preconditionFailure("the genesis is valid") }
        genesis = made
        var entries = Entries()
        for change in made.changes { entries.values[change.key] = change.value }
        state = Mutex(State(entries: entries))
    }

    var height: UInt64 { state.withLock { UInt64($0.blocks.count) } }

    /// How many entries were asked for.
    var questions: Int { state.withLock { $0.asked } }

    /// After this many more entries the ledger is away, until set again.
    func failAfter(_ questions: Int?) {
        state.withLock { $0.failsAfter = questions }
    }

    /// Lets followers see no more than `height` blocks, as a ledger that was set back.
    func setBack(to height: Int) {
        state.withLock { $0.blocks = Array($0.blocks.prefix(height)) }
    }

    /// Lets some answers come from the state before the last block.
    func lag() {
        state.withLock { $0.lags = true }
    }

    /// Tells of the last block late, so many times, as a network does.
    func tellLate(_ times: Int) {
        state.withLock { $0.lateStandings = times }
    }

    /// Takes an entry out of the state behind the rules' back.
    func forget(_ key: StateKey) {
        state.withLock { $0.entries.values[key] = nil }
    }

    /// Ends what followers wait for.
    func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Executes signed transactions as the next block.
    @discardableResult
    func commit(
        _ transactions: [[UInt8]],
        seconds: UInt64 = 1,
        extraEvents: [Event] = []
    ) -> [TransactionResult] {
        let (results, waiting) = state.withLock { state in
            let last = state.blocks.last?.time ?? genesis.time
            let context = BlockContext(
                height: BlockHeight(UInt64(state.blocks.count) + 1),
                time: Timestamp(milliseconds: last.milliseconds + seconds * 1000)
            )
            var ledger = Ledger(chain: genesis.chain, base: state.entries)
            var own = ledger.beginBlock(.none, at: context)
            let results = transactions.map { bytes -> TransactionResult in
                do throws(TransactionRefusal) {
                    let checked = try CheckedTransaction(
                        canonicalBytes: bytes,
                        chain: genesis.chain
                    )
                    return ledger.apply(checked, at: context)
                } catch {
                    return TransactionResult(refusal: error)
                }
            }
            own += ledger.endBlock(at: context).events
            let old = (state.entries, context.height.rawValue - 1)
            state.old = state.lags ? [old] : []
            for change in ledger.changes { state.entries.values[change.key] = change.value }
            state.blocks.append(
                BlockSummary(
                    height: context.height,
                    time: context.time,
                    transactions: transactions.count,
                    events: results.flatMap(\.events) + own + extraEvents,
                    included: BlockTransaction.all(of: transactions, results: results)
                )
            )
            defer { state.waiting = [] }
            return (results, state.waiting)
        }
        for continuation in waiting { continuation.resume() }
        return results
    }

    /// Signs messages with the sender's next sequence number but `skipped`.
    func sign(_ person: Person, _ messages: [Message], ahead: UInt64 = 0) -> [UInt8] {
        let sequence = account(person).sequence + 1 + ahead
        let transaction = Transaction(
            chain: genesis.chain,
            sender: person.id,
            sequence: sequence,
            fee: Amount(obol: 10),
            validUntil: BlockHeight(.max),
            messages: messages
        )
        return person.key.sign(transaction).signed.canonicalBytes
    }

    func account(_ person: Person) -> Account {
        let bytes = state.withLock { $0.entries.values[.account(person.id)] }
        return bytes.flatMap { try? Account(canonicalBytes: $0) } ?? .unused
    }

    func block(_ height: UInt64) -> BlockSummary? {
        state.withLock { state in
            guard height >= 1, height <= UInt64(state.blocks.count) else { return nil }
            return state.blocks[Int(height) - 1]
        }
    }

    // MARK: LedgerConnection

    func status() async throws(LedgerClientError) -> LedgerStatus {
        let last = state.withLock { state in
            guard state.lateStandings > 0 else { return state.blocks.last }
            state.lateStandings -= 1
            return state.blocks.dropLast().last
        }
        return LedgerStatus(
            chain: genesis.chain,
            name: genesis.name,
            height: last?.height ?? BlockHeight(0),
            time: last?.time ?? genesis.time,
            stateRoot: .zero,
            parameters: genesis.parameters
        )
    }

    func submit(_ transaction: [UInt8]) async throws(LedgerClientError) -> TransactionOutcome {
        throw LedgerClientError(.badRequest, "blocks are made by hand here")
    }

    func entry(_ key: StateKey, proven: Bool) async throws(LedgerClientError) -> StateEntry {
        let (value, height, isAway) = state.withLock { state in
            state.asked += 1
            if state.failsAfter == nil, state.asked % 3 == 0, let old = state.old.popLast() {
                return (old.entries.values[key], old.height, false)
            }
            if let left = state.failsAfter { state.failsAfter = left - 1 }
            return (
                state.entries.values[key], UInt64(state.blocks.count), (state.failsAfter ?? 0) < 0
            )
        }
        guard !isAway else { throw LedgerClientError(.unreachable, "away") }
        return StateEntry(value: value, height: BlockHeight(height), proof: nil, header: nil)
    }

    func entries(
        prefix: StateKey,
        after: StateKey?,
        limit: Int
    ) async throws(LedgerClientError) -> [StateListing] {
        let values = state.withLock { $0.entries.values }
        let found = values.filter { entry in
            entry.key.bytes.starts(with: prefix.bytes) && after.map { entry.key > $0 } ?? true
        }
        // Pages may end early: only an empty one is the end.
        return found.sorted { $0.key < $1.key }.prefix(min(limit, 50))
            .map { StateListing(key: $0.key, value: $0.value) }
    }

    func blocks(from height: BlockHeight) -> AsyncThrowingStream<BlockSummary, any Error> {
        let next = Mutex(height.rawValue)
        return AsyncThrowingStream {
            let number = next.withLock { number in
                defer { number += 1 }
                return number
            }
            while !Task.isCancelled {
                if let block = self.block(number) { return block }
                await self.waitForBlock(number)
                if self.state.withLock({ $0.isClosed }), self.block(number) == nil { return nil }
            }
            throw CancellationError()
        }
    }

    private func waitForBlock(_ number: UInt64) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    guard state.blocks.count < number, !state.isClosed, !Task.isCancelled else {
                        return false
                    }
                    state.waiting.append(continuation)
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            let waiting = state.withLock { state in
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in waiting { continuation.resume() }
        }
    }
}
