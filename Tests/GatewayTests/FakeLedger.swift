import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import SettlementCore
import Synchronization
import Testing

/// The real rules over a dictionary: one block for each transaction, nothing durable.
final class FakeLedger: LedgerConnection {
    private struct Base: StateReading {
        var entries: [StateKey: [UInt8]] = [:]
        func value(for key: StateKey) -> [UInt8]? { entries[key] }
    }

    private struct State {
        var base = Base()
        var height: UInt64 = 0
        var blocks: [BlockSummary] = []
        var outcomes: [Digest: TransactionOutcome] = [:]
        var followers: [Int: AsyncThrowingStream<BlockSummary, any Error>.Continuation] = [:]
        var nextFollower = 0
        var submissions = 0
        var isReachable = true
        /// How many reads are answered before one gets lost; nil if none does.
        var readsUntilLost: Int?
    }

    let genesis: Genesis
    private let state = Mutex(State())

    init(owners: [(AccountID, UInt64)]) throws {
        let sequencer = try #require(SigningKey(seed: [UInt8](repeating: 9, count: 32)))
        let parameters = LedgerParameters(
            feeMinimum: Amount(obol: 10),
            feePerByte: .zero,
            closingDelayBlocks: 10,
            unbondingDelayBlocks: 10
        )
        genesis = try #require(
            Genesis(
                name: "gateway-test",
                time: Timestamp(milliseconds: 1000),
                sequencer: sequencer.publicKey,
                parameters: parameters,
                allocations: owners.map {
                    Genesis.Allocation(account: $0.0, amount: Amount(obol: UInt128($0.1)))
                }
            )
        )
        let changes = genesis.changes
        state.withLock { state in
            for change in changes { state.base.entries[change.key] = change.value }
        }
    }

    /// How many transactions were submitted.
    var submissions: Int { state.withLock { $0.submissions } }

    func setReachable(_ isReachable: Bool) {
        state.withLock { $0.isReachable = isReachable }
    }

    /// Loses one read: the one after so many that are answered.
    func loseRead(after count: Int) {
        state.withLock { $0.readsUntilLost = count }
    }

    private func reach() throws(LedgerClientError) {
        let isLost = state.withLock { state in
            guard let left = state.readsUntilLost else { return false }
            state.readsUntilLost = left > 0 ? left - 1 : nil
            return left == 0
        }
        if isLost { throw LedgerClientError(.unreachable, "the answer was lost") }
        guard state.withLock({ $0.isReachable }) else {
            throw LedgerClientError(.badRequest, "the ledger is away")
        }
    }

    func status() async throws(LedgerClientError) -> LedgerStatus {
        try reach()
        let height = state.withLock { $0.height }
        return LedgerStatus(
            chain: genesis.chain,
            name: genesis.name,
            height: BlockHeight(height),
            time: time(height),
            stateRoot: .zero,
            parameters: genesis.parameters
        )
    }

    private func time(_ height: UInt64) -> Timestamp {
        Timestamp(milliseconds: genesis.time.milliseconds + height)
    }

    func submit(_ transaction: [UInt8]) async throws(LedgerClientError) -> TransactionOutcome {
        try reach()
        let checked: CheckedTransaction
        do {
            checked = try CheckedTransaction(canonicalBytes: transaction, chain: genesis.chain)
        } catch {
            throw LedgerClientError(.refused, "\(error)", refusal: .transaction(error))
        }
        return state.withLock { state in
            state.submissions += 1
            if let before = state.outcomes[checked.digest] { return before }
            state.height += 1
            let context = BlockContext(
                height: BlockHeight(state.height),
                time: time(state.height)
            )
            var ledger = Ledger(chain: genesis.chain, base: state.base)
            let result = ledger.apply(checked, at: context)
            for change in ledger.changes { state.base.entries[change.key] = change.value }
            let summary = BlockSummary(
                height: context.height,
                time: context.time,
                transactions: 1,
                events: result.events
            )
            state.blocks.append(summary)
            for follower in state.followers.values { follower.yield(summary) }
            let outcome = TransactionOutcome(
                digest: checked.digest,
                height: context.height,
                result: result
            )
            state.outcomes[checked.digest] = outcome
            return outcome
        }
    }

    func entry(_ key: StateKey, proven: Bool) async throws(LedgerClientError) -> StateEntry {
        try reach()
        return state.withLock { state in
            StateEntry(
                value: state.base.entries[key],
                height: BlockHeight(state.height),
                proof: nil,
                header: nil
            )
        }
    }

    func entries(
        prefix: StateKey,
        after: StateKey?,
        limit: Int
    ) async throws(LedgerClientError) -> [StateListing] {
        try reach()
        return state.withLock { state in
            state.base.entries.filter { key, _ in
                key.bytes.starts(with: prefix.bytes) && (after.map { key > $0 } ?? true)
            }
            .sorted { $0.key < $1.key }.prefix(limit)
            .map { StateListing(key: $0.key, value: $0.value) }
        }
    }

    func blocks(from height: BlockHeight) -> AsyncThrowingStream<BlockSummary, any Error> {
        AsyncThrowingStream { continuation in
            let number = state.withLock { state in
                for block in state.blocks where block.height >= height {
                    continuation.yield(block)
                }
                state.nextFollower += 1
                state.followers[state.nextFollower] = continuation
                return state.nextFollower
            }
            continuation.onTermination = { _ in
                _ = self.state.withLock { $0.followers.removeValue(forKey: number) }
            }
        }
    }
}
