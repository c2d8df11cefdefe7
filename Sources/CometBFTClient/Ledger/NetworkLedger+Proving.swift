import CanonicalCoding
import CometBFTTypes
import FoundationEssentials
import LedgerClient
import LedgerCore
import MarketTypes
import Synchronization

extension NetworkLedger {
    /// An account's sequence with the height whose state says so.
    func sequence(
        of account: AccountID
    ) async throws(RPCFailure) -> (sequence: UInt64, height: BlockHeight) {
        let found = try await readProven(.account(account))
        return (try Self.sequence(found.value), found.height)
    }

    static func sequence(_ value: [UInt8]?) throws(RPCFailure) -> UInt64 {
        guard let value else { return 0 }
        guard let account = try? Account(canonicalBytes: value) else {
            throw RPCFailure(.unproven, "an account does not decode")
        }
        return account.sequence
    }

    /// The submission's end if its sequence number is proven to be used; nil if it is not.
    func settleUsed(_ submission: Submission) async throws(RPCFailure) -> SubmissionEnd? {
        let proven = try await sequence(of: submission.sender)
        guard proven.sequence >= submission.sequence else { return nil }
        return try await search(submission, through: proven.height)
    }

    /// The submission's end if it is proven that no later block can hold it; nil if one can.
    func settleExpired(_ submission: Submission) async throws(RPCFailure) -> SubmissionEnd? {
        let latest = try await light.latest()
        guard latest.height > submission.validUntil else { return nil }
        let proven = try await sequence(of: submission.sender)
        guard proven.height >= submission.validUntil else { return nil }
        guard proven.sequence >= submission.sequence else {
            return .refused(.transaction(.expired))
        }
        return try await search(submission, through: proven.height)
    }

    /// Reads every block in which the sequence can have been used: a node may hide what it knows.
    private func search(
        _ submission: Submission,
        through last: BlockHeight
    ) async throws(RPCFailure) -> SubmissionEnd {
        var height = submission.from.rawValue + 1
        guard last.rawValue < height + settings.searchedBlocksMax else {
            throw RPCFailure(.unreachable, "too many blocks may hold the transaction")
        }
        while height <= last.rawValue {
            if let outcome = try await find(submission, in: BlockHeight(height)) {
                return .included(outcome)
            }
            height += 1
        }
        return .refused(.transaction(.staleSequence))
    }

    private func find(
        _ submission: Submission,
        in height: BlockHeight
    ) async throws(RPCFailure) -> TransactionOutcome? {
        try await rpc.any { (endpoint) async throws(RPCFailure) -> TransactionOutcome? in
            let transactions = try await self.transactions(in: height, from: endpoint)
            let place = Place(submission, in: transactions, of: height)
            guard !place.indices.isEmpty else { return nil }
            return try await self.outcome(of: submission, at: place, from: endpoint)
        }
    }

    /// The transactions of a block, checked against its signed header.
    func transactions(
        in height: BlockHeight,
        from endpoint: Int
    ) async throws(RPCFailure) -> [[UInt8]] {
        let header = try await light.block(at: height).header
        let answer = try await rpc.ask(.block(height), RPCDocuments.Block.self, of: endpoint)
        let transactions = (answer.block.data.txs ?? []).map { Array($0) }
        guard header.dataHash == EngineTransactions.root(of: transactions) else {
            throw RPCFailure(.unproven, "a node's block has other transactions")
        }
        return transactions
    }

    /// What became of the transaction by some node that can prove it; nil if they do not know it.
    func find(_ submission: Submission) async throws(RPCFailure) -> TransactionOutcome? {
        do throws(RPCFailure) {
            return try await rpc.any { (endpoint) async throws(RPCFailure) -> TransactionOutcome in
                try await self.find(submission, by: endpoint)
            }
        } catch {
            guard error.code == .answeredError else { throw error }
            return nil
        }
    }

    /// The same for one who goes on waiting: nil too if no node can be believed for now.
    func findIfShown(_ submission: Submission) async throws(RPCFailure) -> TransactionOutcome? {
        do throws(RPCFailure) {
            return try await find(submission)
        } catch {
            guard error.code != .conflict, error.code != .trustExpired else { throw error }
            return nil
        }
    }

    /// Where a transaction stands: whoever makes a block may put it in more than once.
    private struct Place {
        let height: BlockHeight
        let indices: [Int]
        let count: Int

        init(height: BlockHeight, index: Int, count: Int) {
            self.height = height
            self.count = count
            indices = [index]
        }

        init(_ submission: Submission, in transactions: [[UInt8]], of height: BlockHeight) {
            self.height = height
            count = transactions.count
            indices = transactions.indices.filter { transactions[$0] == submission.bytes }
        }
    }

    private func find(
        _ submission: Submission,
        by endpoint: Int
    ) async throws(RPCFailure) -> TransactionOutcome {
        let claim: RPCDocuments.Included
        do throws(RPCFailure) {
            let question = RPCQuestion.transaction(submission.hash)
            claim = try await rpc.ask(question, RPCDocuments.Included.self, of: endpoint)
        } catch {
            guard error.message.contains("indexing is disabled") else { throw error }
            return try await findUnindexed(submission, by: endpoint)
        }
        let path = claim.proof.proof
        let aunts = (path.aunts ?? []).compactMap { Digest(bytes: $0) }
        guard let height = UInt64(exactly: claim.height.value), height > 0,
            let index = Int(exactly: path.index.value), let count = Int(exactly: path.total.value),
            index >= 0, count > index, aunts.count == path.aunts?.count ?? 0
        else { throw RPCFailure(.unproven, "a node's place of a transaction is none") }
        let place = Place(height: BlockHeight(height), index: index, count: count)
        let header = try await light.block(at: place.height).header
        guard Array(claim.tx) == submission.bytes, let root = header.dataHash,
            EngineTransactions.isIncluded(
                submission.hash,
                at: UInt64(index),
                of: UInt64(count),
                path: aunts,
                root: root
            )
        else { throw RPCFailure(.unproven, "a node's proof of inclusion does not hold") }
        return try await executed(submission, at: place, from: endpoint)
    }

    /// The same by a node that keeps no index: our own application knows the height.
    private func findUnindexed(
        _ submission: Submission,
        by endpoint: Int
    ) async throws(RPCFailure) -> TransactionOutcome {
        let question = RPCQuestion.query("/transaction", submission.digest.bytes, proven: false)
        let answer = try await rpc.ask(question, RPCDocuments.Query.self, of: endpoint).response
        var decoder = CanonicalDecoder(Array(answer.value ?? Data()))
        guard answer.code == 0, let height = try? decoder.decodeUInt64(), height > 0 else {
            throw RPCFailure(.answeredError, "the transaction is not found")
        }
        let transactions = try await transactions(in: BlockHeight(height), from: endpoint)
        let place = Place(submission, in: transactions, of: BlockHeight(height))
        guard !place.indices.isEmpty else {
            throw RPCFailure(.unproven, "a transaction is not in the block that was named")
        }
        return try await executed(submission, at: place, from: endpoint)
    }

    private func executed(
        _ submission: Submission,
        at place: Place,
        from endpoint: Int
    ) async throws(RPCFailure) -> TransactionOutcome {
        guard let outcome = try await outcome(of: submission, at: place, from: endpoint) else {
            throw RPCFailure(.answeredError, "the transaction was not executed there")
        }
        return outcome
    }

    /// What became of the transaction in a block; nil if its sequence was used before.
    ///
    /// Then it was executed earlier, perhaps by itself, and this place says nothing of it.
    private func outcome(
        of submission: Submission,
        at place: Place,
        from endpoint: Int
    ) async throws(RPCFailure) -> TransactionOutcome? {
        let next = BlockHeight(place.height.rawValue + 1)
        let header = try await awaitBlock(at: next, secondsMax: settings.proofSecondsMax).header
        let answer = try await rpc.ask(
            .results(place.height),
            RPCDocuments.Results.self,
            of: endpoint
        )
        let contents = try BlockContents(answer, at: place.height)
        try contents.check(against: header)
        guard contents.results.count == place.count else {
            throw RPCFailure(.unproven, "a block has not one result for each transaction")
        }
        state.withLock { $0.floor = max($0.floor, place.height) }
        for index in place.indices {
            let result = try contents.result(index)
            guard result.refusal != .transaction(.staleSequence) else { continue }
            return TransactionOutcome(
                digest: submission.digest,
                height: place.height,
                result: result
            )
        }
        return nil
    }
}
