public import Consensus
import Identity
public import LedgerClient
public import LedgerCore
import LedgerStore
public import MarketTypes

/// A ledger in this process: the same interface that ``RemoteLedger`` offers across a network.
public struct EmbeddedLedger: LedgerConnection {
    /// The sequencer that orders this ledger.
    public let sequencer: Sequencer
    private var application: LedgerApplication { sequencer.application }

    /// Wraps a running sequencer.
    public init(sequencer: Sequencer) {
        self.sequencer = sequencer
    }

    public func status() async throws(LedgerClientError) -> LedgerStatus {
        do {
            let last = try application.store.last()
            return LedgerStatus(
                chain: application.chain,
                name: application.genesis.name,
                height: last.height,
                time: last.time,
                stateRoot: last.root,
                parameters: application.parameters
            )
        } catch {
            throw unreadable(error)
        }
    }

    public func submit(
        _ transaction: [UInt8]
    ) async throws(LedgerClientError) -> TransactionOutcome {
        do {
            let done = try await sequencer.submit(transaction)
            return TransactionOutcome(
                digest: done.digest,
                height: done.height,
                result: done.result
            )
        } catch let refusal as TransactionRefusal {
            throw LedgerClientError(
                .refused,
                "the transaction cannot enter a block: \(refusal)",
                refusal: .transaction(refusal)
            )
        } catch SequencerError.overloaded {
            throw LedgerClientError(.overloaded, "the node has too many transactions waiting")
        } catch SequencerError.stopped {
            throw LedgerClientError(.unreachable, "the node is stopping")
        } catch {
            throw unreadable(error)
        }
    }

    public func entry(
        _ key: StateKey,
        proven: Bool
    ) async throws(LedgerClientError) -> StateEntry {
        do {
            let answer = try application.query(key, proven: proven)
            return StateEntry(
                value: answer.value,
                height: answer.height,
                proof: answer.proof,
                header: answer.header
            )
        } catch {
            throw unreadable(error)
        }
    }

    public func entries(
        prefix: StateKey,
        after: StateKey?,
        limit: Int
    ) async throws(LedgerClientError) -> [StateListing] {
        do {
            return try application.store.withState { state in
                try state.entries(prefix: prefix, after: after, limit: limit)
                    .map { StateListing(key: $0.key, value: $0.value) }
            }
        } catch {
            throw unreadable(error)
        }
    }

    public func blocks(
        from height: BlockHeight
    ) -> AsyncThrowingStream<BlockSummary, any Error> {
        let cursor = BlockCursor(sequencer: sequencer, next: height)
        return AsyncThrowingStream { try await cursor.next() }
    }

    private func unreadable(_ error: any Error) -> LedgerClientError {
        LedgerClientError(.unreachable, "the ledger's store cannot be read: \(error)")
    }
}

/// One follower's place in the chain.
private actor BlockCursor {
    private let sequencer: Sequencer
    private var before: BlockHeight

    init(sequencer: Sequencer, next: BlockHeight) {
        self.sequencer = sequencer
        before = BlockHeight(next.rawValue == 0 ? 0 : next.rawValue - 1)
    }

    func next() async throws -> BlockSummary? {
        let block = try await sequencer.block(after: before)
        before = block.block.header.document.height
        return BlockSummary(block)
    }
}

extension BlockSummary {
    /// What followers learn of a committed block.
    init(_ committed: CommittedBlock) {
        let header = committed.block.header.document
        self.init(
            height: header.height,
            time: header.time,
            transactions: committed.block.transactions.count,
            events: committed.results.flatMap(\.events) + committed.events,
            included: BlockTransaction.all(
                of: committed.block.transactions,
                results: committed.results
            )
        )
    }
}
