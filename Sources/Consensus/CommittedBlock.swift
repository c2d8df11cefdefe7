import CanonicalCoding
import Identity
public import LedgerCore
import LedgerStore
public import MarketTypes
import Synchronization

/// A transaction that is durably in a block.
public struct CommittedTransaction: Hashable, Sendable {
    /// The transaction's signing digest.
    public let digest: Digest
    /// The block it is in.
    public let height: BlockHeight
    /// Accepted or refused, with events.
    public let result: TransactionResult
}

/// A block with what became of its transactions.
public struct CommittedBlock: Hashable, Sendable {
    /// The sealed header and the transactions.
    public let block: Block
    /// One result for each transaction.
    public let results: [TransactionResult]
    /// What happened before the first and after the last transaction.
    public let events: [Event]
}

extension LedgerApplication {
    /// The height up to which something waits for blocks to pass; 0 if nothing ever did.
    public var deadline: BlockHeight {
        guard let bytes = store.value(for: .lastDeadline),
            let stored = try? StoredHeight(canonicalBytes: bytes)
        else { return BlockHeight(0) }
        return stored.height
    }

    /// A transaction's outcome if it is in a block, or nil.
    ///
    /// - Throws: ``StoreError`` or ``CanonicalError`` if the store is damaged.
    public func committed(_ digest: Digest) throws -> CommittedTransaction? {
        guard let position = try store.position(of: digest),
            let bytes = try store.results(at: position.height)
        else { return nil }
        let results = try BlockResults(canonicalBytes: bytes).results
        guard results.indices.contains(position.index) else { return nil }
        return CommittedTransaction(
            digest: digest,
            height: position.height,
            result: results[position.index]
        )
    }

    /// The block at `height` with its results, or nil if there is none.
    ///
    /// - Throws: ``StoreError`` or ``CanonicalError`` if the store is damaged.
    public func block(at height: BlockHeight) throws -> CommittedBlock? {
        guard let block = try store.block(at: height), let results = try store.results(at: height)
        else { return nil }
        let kept = try BlockResults(canonicalBytes: results)
        return CommittedBlock(
            block: try Block(canonicalBytes: block),
            results: kept.results,
            events: kept.events
        )
    }

    /// Where the chain ends.
    func lastBlock() throws -> Sequencer.LastBlock {
        let last = try store.last()
        return Sequencer.LastBlock(
            height: last.height,
            time: last.time,
            digest: last.blockHash
        )
    }
}

extension Sequencer {
    /// Waits until there is a block above `height`, and returns the one right after it.
    ///
    /// A follower keeps only its place in the chain: the blocks themselves come from the store,
    /// so a slow one costs no memory.
    ///
    /// - Throws: ``SequencerError/stopped``, ``SequencerError/tooManyFollowers``,
    ///   `CancellationError`, or what reading the store throws.
    public func block(after height: BlockHeight) async throws -> CommittedBlock {
        guard let next = height.advanced(byBlocks: 1) else { throw SequencerError.stopped }
        while true {
            try Task.checkCancellation()
            if let block = try application.block(at: next) { return block }
            try await waitForBlock(above: height)
        }
    }

    private func waitForBlock(above height: BlockHeight) async throws {
        let ticket = try state.withLock { state throws(SequencerError) in
            guard !state.isStopped else { throw .stopped }
            guard state.followers.count < followersMax else { throw .tooManyFollowers }
            state.nextFollower += 1
            return state.nextFollower
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isThere = state.withLock { state in
                    if state.last.height > height || state.isStopped || Task.isCancelled {
                        return true
                    }
                    state.followers[ticket] = continuation
                    return false
                }
                if isThere { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.followers.removeValue(forKey: ticket) }?.resume()
        }
    }
}
