import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import Synchronization

/// The real rules on a dictionary: one transaction makes one block.
final class MemoryLedger: LedgerConnection {
    /// What goes wrong with the next submission.
    enum Fault: Hashable, Sendable {
        /// The transaction takes effect, but the answer gets lost until told otherwise.
        case answersLost
        /// Nothing arrives.
        case unreachable
    }

    private struct Entries: StateReading, Sendable {
        var values: [StateKey: [UInt8]] = [:]
        func value(for key: StateKey) -> [UInt8]? { values[key] }

        mutating func apply(_ changes: [StateChange]) {
            for change in changes { values[change.key] = change.value }
        }
    }

    private struct State {
        var entries = Entries()
        var outcomes: [Digest: TransactionOutcome] = [:]
        var blocks: [BlockSummary] = []
        var followers: [AsyncThrowingStream<BlockSummary, any Error>.Continuation] = []
        var fault: Fault?
        var submissions: [Transaction] = []
        var channelQuestions = 0
    }

    let genesis: Genesis
    private let state: Mutex<State>

    init(_ genesis: Genesis) {
        self.genesis = genesis
        var entries = Entries()
        entries.apply(genesis.changes)
        state = Mutex(State(entries: entries))
    }

    var fault: Fault? {
        get { state.withLock { $0.fault } }
        set { state.withLock { $0.fault = newValue } }
    }

    /// The transactions that arrived, in order.
    var submissions: [Transaction] { state.withLock { $0.submissions } }

    /// How often somebody asked for a channel.
    var channelQuestions: Int { state.withLock { $0.channelQuestions } }

    /// How many follow the blocks.
    var followerCount: Int { state.withLock { $0.followers.count } }

    /// Ends every follower's stream, as a node that restarts does.
    func dropFollowers() {
        let followers = state.withLock { state in
            defer { state.followers = [] }
            return state.followers
        }
        for follower in followers { follower.finish() }
    }

    func status() async throws(LedgerClientError) -> LedgerStatus {
        let height = state.withLock { UInt64($0.blocks.count) }
        return LedgerStatus(
            chain: genesis.chain,
            name: genesis.name,
            height: BlockHeight(height),
            time: genesis.time,
            stateRoot: .zero,
            parameters: genesis.parameters
        )
    }

    func submit(_ bytes: [UInt8]) async throws(LedgerClientError) -> TransactionOutcome {
        let checked: CheckedTransaction
        do {
            checked = try CheckedTransaction(canonicalBytes: bytes, chain: genesis.chain)
        } catch {
            throw LedgerClientError(.refused, "\(error)", refusal: .transaction(error))
        }
        let (outcome, fault, block, followers) = state.withLock { state in
            let fault = state.fault
            if fault == .unreachable {
                return (TransactionOutcome?.none, fault, BlockSummary?.none, state.followers)
            }
            if let known = state.outcomes[checked.digest] {
                return (known, fault, nil, state.followers)
            }
            let (outcome, block) = Self.execute(checked, genesis, &state)
            return (outcome, fault, block, state.followers)
        }
        if let block { for follower in followers { follower.yield(block) } }
        guard let outcome, fault == nil else {
            throw LedgerClientError(.unreachable, "no answer")
        }
        if case .transaction? = outcome.result.refusal {
            throw LedgerClientError(.refused, "refused", refusal: outcome.result.refusal)
        }
        return outcome
    }

    private static func execute(
        _ checked: CheckedTransaction,
        _ genesis: Genesis,
        _ state: inout State
    ) -> (TransactionOutcome, BlockSummary) {
        let height = BlockHeight(UInt64(state.blocks.count) + 1)
        var ledger = Ledger(chain: genesis.chain, base: state.entries)
        let result = ledger.apply(checked, at: BlockContext(height: height, time: genesis.time))
        state.entries.apply(ledger.changes)
        let outcome = TransactionOutcome(
            digest: checked.digest,
            height: height,
            result: result
        )
        let block = BlockSummary(
            height: height,
            time: genesis.time,
            transactions: 1,
            events: result.events
        )
        state.outcomes[checked.digest] = outcome
        state.blocks.append(block)
        state.submissions.append(checked.transaction)
        return (outcome, block)
    }

    func entry(
        _ key: StateKey,
        proven: Bool
    ) async throws(LedgerClientError) -> StateEntry {
        let (value, height, isGone) = state.withLock { state in
            if key.bytes.first == StateKey.channel(ChannelID(.zero)).bytes.first {
                state.channelQuestions += 1
            }
            return (
                state.entries.value(for: key), UInt64(state.blocks.count),
                state.fault == .unreachable
            )
        }
        guard !isGone else { throw LedgerClientError(.unreachable, "no answer") }
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
        return found.sorted { $0.key < $1.key }.prefix(limit)
            .map { StateListing(key: $0.key, value: $0.value) }
    }

    func blocks(from height: BlockHeight) -> AsyncThrowingStream<BlockSummary, any Error> {
        AsyncThrowingStream { continuation in
            let missed = state.withLock { state in
                state.followers.append(continuation)
                return state.blocks.filter { $0.height >= height }
            }
            for block in missed { continuation.yield(block) }
        }
    }
}
