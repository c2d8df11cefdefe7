import CanonicalCoding
import CometBFTTypes
import FoundationEssentials
import Identity
public import LedgerClient
import LedgerCore
import MarketTypes
import Synchronization

/// A transaction on its way, with what decides its end.
struct Submission: Sendable {
    let bytes: [UInt8]
    let hash: Digest
    let digest: Digest
    let sender: AccountID
    let sequence: UInt64
    let validUntil: BlockHeight
    /// A height whose state is known not to have used the sequence yet.
    let from: BlockHeight

    init(_ signed: Signed<Transaction>, bytes: [UInt8], from: BlockHeight) {
        self.bytes = bytes
        self.from = from
        hash = EngineTransactions.hash(of: bytes)
        digest = signed.document.signingDigest
        sender = signed.document.sender
        sequence = signed.document.sequence
        validUntil = signed.document.validUntil
    }
}

/// How a submission ends.
enum SubmissionEnd: Sendable {
    case included(TransactionOutcome)
    case refused(Refusal)
    case overloaded
}

extension NetworkLedger {
    /// Submits a transaction and returns once a signed block holds it and its result is agreed on.
    ///
    /// A node's "accepted" means nothing: it may drop the transaction. Its refusal is believed
    /// only if no other node accepts; "used" and "expired" only with a proof of the account and,
    /// if need be, after reading the blocks in question.
    public func submit(
        _ transaction: [UInt8]
    ) async throws(LedgerClientError) -> TransactionOutcome {
        guard transaction.count <= Transaction.bytesMax else {
            throw Self.refused(.transaction(.tooLarge))
        }
        guard let signed = try? Signed<Transaction>(canonicalBytes: transaction) else {
            throw Self.refused(.transaction(.malformed))
        }
        guard signed.document.chain == genesis.chain else {
            throw Self.refused(.transaction(.wrongChain))
        }
        let end: SubmissionEnd
        do throws(RPCFailure) {
            end = try await settle(signed, bytes: transaction)
        } catch {
            throw error.asLedgerError
        }
        switch end {
        case .included(let outcome): return outcome
        case .refused(let refusal): throw Self.refused(refusal)
        case .overloaded:
            throw LedgerClientError(.overloaded, "the network has too much to do")
        }
    }

    private static func refused(_ refusal: Refusal) -> LedgerClientError {
        LedgerClientError(.refused, "the ledger refused: \(refusal.name)", refusal: refusal)
    }

    private func settle(
        _ signed: Signed<Transaction>,
        bytes: [UInt8]
    ) async throws(RPCFailure) -> SubmissionEnd {
        let sender = signed.document.sender
        let hash = EngineTransactions.hash(of: bytes)
        let (ended, begun, known) = state.withLock { state in
            (
                state.outcomes.last { $0.hash == hash }, state.pending[hash]?.from,
                state.sequences[StateKey.account(sender)]
            )
        }
        if let ended { return .included(ended.outcome) }
        if let begun {
            // Offered before and left without an end: it may be in any block since then.
            return try await confirm(Submission(signed, bytes: bytes, from: begun))
        }
        // A proof from long ago would leave too many blocks to search.
        let latest = light.latestTrusted?.height.rawValue ?? 0
        if let known, known.sequence < signed.document.sequence,
            latest < known.height.rawValue + settings.searchedBlocksMax / 2
        {
            return try await confirm(Submission(signed, bytes: bytes, from: known.height))
        }
        let proven = try await sequence(of: sender)
        let submission = Submission(signed, bytes: bytes, from: proven.height)
        guard proven.sequence >= submission.sequence else { return try await confirm(submission) }
        // Used before we began: by these very bytes, if some node can show it.
        guard let outcome = try await find(submission) else {
            return .refused(.transaction(.staleSequence))
        }
        return .included(outcome)
    }

    /// Keeps in mind that the transaction is on its way, until its end is known.
    private func confirm(_ submission: Submission) async throws(RPCFailure) -> SubmissionEnd {
        if !begin(submission, after: BlockHeight(0)) {
            // Nothing else asks where the network stands while every submission is refused.
            let latest = try await light.latest()
            guard begin(submission, after: latest.height) else { return .overloaded }
        }
        let end = try await awaitEnd(submission)
        state.withLock { state in
            state.pending.removeValue(forKey: submission.hash)
            guard case .included(let outcome) = end else { return }
            if state.outcomes.count >= settings.outcomesMax { state.outcomes.removeFirst() }
            state.outcomes.append((submission.hash, outcome))
        }
        return end
    }

    /// Notes a transaction that is on its way; says no if too many are.
    ///
    /// What was left without an end goes only when there is no room, because as long as it is
    /// known it is never called stale on a node's word.
    private func begin(_ submission: Submission, after latest: BlockHeight) -> Bool {
        let searched = submission.from.advanced(byBlocks: settings.searchedBlocksMax)
        let pending = Pending(
            from: submission.from,
            until: min(submission.validUntil, searched ?? submission.validUntil)
        )
        return state.withLock { state in
            if state.pending[submission.hash] == nil, state.pending.count >= settings.pendingMax {
                state.pending = state.pending.filter { $0.value.until > latest }
                guard state.pending.count < settings.pendingMax else { return false }
            }
            state.pending[submission.hash] = pending
            return true
        }
    }

    /// Offers the transaction and waits until its end is proven.
    private func awaitEnd(_ submission: Submission) async throws(RPCFailure) -> SubmissionEnd {
        let deadline = ContinuousClock.now + .seconds(settings.confirmSecondsMax)
        var offered = try await offer(submission)
        var offersAgain = ContinuousClock.now + .milliseconds(settings.offerMilliseconds)
        while true {
            if let outcome = try await findIfShown(submission) { return .included(outcome) }
            switch offered {
            case .accepted: break
            case .overloaded: return .overloaded
            case .refused(.transaction(.staleSequence)):
                if let end = try await settleUsed(submission) { return end }
            case .refused(let refusal): return .refused(refusal)
            }
            // From now on the transaction may be on its way, whatever a node says of it.
            offered = .accepted
            if let end = try await settleExpired(submission) { return end }
            guard ContinuousClock.now < deadline else {
                throw RPCFailure(.unreachable, "the transaction is in no block yet")
            }
            try await pause()
            guard ContinuousClock.now >= offersAgain else { continue }
            // A full mempool may have dropped it after it was accepted, and another transaction
            // may have used its number.
            if let end = try await settleUsed(submission) { return end }
            _ = try? await offer(submission)
            offersAgain = ContinuousClock.now + .milliseconds(settings.offerMilliseconds)
        }
    }

    private enum Offer {
        case accepted
        case refused(Refusal)
        case overloaded
    }

    /// Offers the transaction to one node after the other until one accepts.
    private func offer(_ submission: Submission) async throws(RPCFailure) -> Offer {
        var refusal: Refusal?
        var isFull = false
        var failure: RPCFailure?
        for endpoint in rpc.order {
            do throws(RPCFailure) {
                let question = RPCQuestion.broadcast(submission.bytes)
                let answer = try await rpc.ask(question, RPCDocuments.Broadcast.self, of: endpoint)
                if answer.code == 0 { return .accepted }
                refusal = refusal ?? Refusal(code: answer.code)
                failure = failure ?? RPCFailure(.malformedAnswer, "a refusal without a reason")
            } catch {
                if error.message.contains("already exists in cache") { return .accepted }
                if error.message.contains("mempool is full") { isFull = true }
                failure = failure ?? error
            }
        }
        if let refusal { return .refused(refusal) }
        if isFull { return .overloaded }
        throw failure ?? RPCFailure(.unreachable, "there is no node to ask")
    }
}
