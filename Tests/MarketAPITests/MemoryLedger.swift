import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import Synchronization

/// Somebody with an account.
struct Person: Sendable {
    let key: SigningKey
    var id: AccountID { key.accountID }

    init(_ seed: UInt8) {
        guard let key = SigningKey(seed: [UInt8](repeating: seed, count: 32)) else {
            preconditionFailure("no secure memory")
        }
        self.key = key
    }

    static let alice = Person(1)
    static let bob = Person(2)
    static let carol = Person(3)
    static let all = [alice, bob, carol]
}

/// A digest of one byte, repeated.
func digest(_ byte: UInt8) -> Digest {
    let word = UInt64(byte) &* 0x0101_0101_0101_0101
    return Digest(words: (word, word, word, word))
}

/// The real rules over a dictionary: what is submitted is the next block.
final class MemoryLedger: LedgerConnection {
    private struct Entries: StateReading, Sendable {
        var values: [StateKey: [UInt8]] = [:]
        func value(for key: StateKey) -> [UInt8]? { values[key] }
    }

    private struct State {
        var entries = Entries()
        var blocks: [BlockSummary] = []
        var outcomes: [[UInt8]: TransactionOutcome] = [:]
        var listingsMax = 3
        var lists = 0
    }

    let genesis: Genesis
    private let state: Mutex<State>

    init() {
        let made = Genesis(
            name: "api-test",
            time: Timestamp(milliseconds: 1_700_000_000_000),
            sequencer: Person.alice.key.publicKey,
            parameters: .standard,
            allocations: Person.all.map {
                .init(account: $0.id, amount: Amount(obol: 1_000_000_000_000_000))
            }
        )
        guard let made else { preconditionFailure("the genesis is valid") }
        genesis = made
        var entries = Entries()
        for change in made.changes { entries.values[change.key] = change.value }
        state = Mutex(State(entries: entries))
    }

    var height: UInt64 { state.withLock { UInt64($0.blocks.count) } }

    /// Signs messages as somebody's next transaction.
    func sign(_ person: Person, _ messages: [Message]) -> [UInt8] {
        let bytes = state.withLock { $0.entries.values[.account(person.id)] }
        let account = bytes.flatMap { try? Account(canonicalBytes: $0) } ?? .unused
        let transaction = Transaction(
            chain: genesis.chain,
            sender: person.id,
            sequence: account.sequence + 1,
            fee: Amount(obol: 1_000_000),
            validUntil: BlockHeight(1 << 40),
            messages: messages
        )
        return person.key.sign(transaction).signed.canonicalBytes
    }

    /// Puts somebody's messages in a block.
    @discardableResult
    func execute(_ person: Person, _ messages: [Message]) throws -> TransactionOutcome {
        try commit(sign(person, messages))
    }

    /// Answers with an entry from now on that no transaction has made, as a node can that lies.
    func plant(_ value: [UInt8], _ key: StateKey) {
        state.withLock { $0.entries.values[key] = value }
    }

    /// How many lists were asked for.
    var lists: Int { state.withLock { $0.lists } }

    /// Answers with as many entries at once from now on.
    func list(_ entries: Int) { state.withLock { $0.listingsMax = entries } }

    private func commit(_ bytes: [UInt8]) throws(TransactionRefusal) -> TransactionOutcome {
        let checked = try CheckedTransaction(canonicalBytes: bytes, chain: genesis.chain)
        return state.withLock { state in
            if let outcome = state.outcomes[bytes] { return outcome }
            let last = state.blocks.last?.time ?? genesis.time
            let context = BlockContext(
                height: BlockHeight(UInt64(state.blocks.count) + 1),
                time: Timestamp(milliseconds: last.milliseconds + 1000)
            )
            var ledger = Ledger(chain: genesis.chain, base: state.entries)
            var own = ledger.beginBlock(.none, at: context)
            let result = ledger.apply(checked, at: context)
            own += ledger.endBlock(at: context).events
            for change in ledger.changes { state.entries.values[change.key] = change.value }
            state.blocks.append(
                BlockSummary(
                    height: context.height,
                    time: context.time,
                    transactions: 1,
                    events: result.events + own,
                    included: BlockTransaction.all(of: [bytes], results: [result])
                )
            )
            let outcome = TransactionOutcome(
                digest: checked.digest,
                height: context.height,
                result: result
            )
            state.outcomes[bytes] = outcome
            return outcome
        }
    }

    func status() async throws(LedgerClientError) -> LedgerStatus {
        let last = state.withLock { $0.blocks.last }
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
        do {
            return try commit(transaction)
        } catch {
            throw LedgerClientError(.refused, "refused", refusal: .transaction(error))
        }
    }

    func entry(_ key: StateKey, proven: Bool) async throws(LedgerClientError) -> StateEntry {
        let (value, height) = state.withLock { state in
            (state.entries.values[key], UInt64(state.blocks.count))
        }
        return StateEntry(value: value, height: BlockHeight(height), proof: nil, header: nil)
    }

    func entries(
        prefix: StateKey,
        after: StateKey?,
        limit: Int
    ) async throws(LedgerClientError) -> [StateListing] {
        let (values, listingsMax) = state.withLock { state in
            state.lists += 1
            return (state.entries.values, state.listingsMax)
        }
        let found = values.filter { entry in
            entry.key.bytes.starts(with: prefix.bytes) && after.map { entry.key > $0 } ?? true
        }
        // Pages may end early: only an empty one is the end.
        return found.sorted { $0.key < $1.key }.prefix(min(limit, listingsMax))
            .map { StateListing(key: $0.key, value: $0.value) }
    }

    func blocks(from height: BlockHeight) -> AsyncThrowingStream<BlockSummary, any Error> {
        let next = Mutex(Int(clamping: height.rawValue))
        return AsyncThrowingStream {
            let number = next.withLock { number in
                defer { number += 1 }
                return number
            }
            while !Task.isCancelled {
                let blocks = self.state.withLock { $0.blocks }
                if number <= blocks.count { return blocks[number - 1] }
                try await Task.sleep(for: .milliseconds(5))
            }
            throw CancellationError()
        }
    }
}
