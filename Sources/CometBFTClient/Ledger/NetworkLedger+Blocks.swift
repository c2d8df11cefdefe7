import CometBFTTypes
public import LedgerClient
public import MarketTypes

extension NetworkLedger {
    /// Follows the blocks from `height` on.
    ///
    /// Heights and times are signed, results are checked once the next header is there; events
    /// are a node's word.
    public func blocks(
        from height: BlockHeight
    ) -> AsyncThrowingStream<BlockSummary, any Error> {
        let follower = NetworkFollower(ledger: self, next: max(height, BlockHeight(1)))
        return AsyncThrowingStream { try await follower.next() }
    }

    fileprivate func summary(
        of height: BlockHeight
    ) async throws(RPCFailure) -> BlockSummary {
        let header = try await awaitBlock(at: height, secondsMax: settings.followSecondsMax).header
        let (contents, included) = try await rpc.any {
            (endpoint) async throws(RPCFailure) -> (BlockContents, [BlockTransaction]) in
            let question = RPCQuestion.results(height)
            let answer = try await self.rpc.ask(question, RPCDocuments.Results.self, of: endpoint)
            let contents = try BlockContents(answer, at: height)
            let isEmpty = header.dataHash == EngineTransactions.root(of: [])
            guard contents.results.isEmpty == isEmpty else {
                throw RPCFailure(.unproven, "a node's block has other results")
            }
            // An empty block has nothing to check, and its next one may be long in coming.
            guard !isEmpty, let next = height.advanced(byBlocks: 1) else {
                return (contents, [])
            }
            let seconds = self.settings.followSecondsMax
            let after = try await self.awaitBlock(at: next, secondsMax: seconds)
            try contents.check(against: after.header)
            let transactions = try await self.transactions(in: height, from: endpoint)
            return (contents, try contents.transactions(transactions))
        }
        guard let time = header.time.timestamp else {
            throw RPCFailure(.unproven, "a block is older than time")
        }
        return BlockSummary(
            height: height,
            time: time,
            transactions: contents.results.count,
            events: contents.events,
            included: included
        )
    }
}

/// Gives one block after the other.
private actor NetworkFollower {
    private let ledger: NetworkLedger
    private var height: BlockHeight

    init(ledger: NetworkLedger, next: BlockHeight) {
        self.ledger = ledger
        height = next
    }

    func next() async throws -> BlockSummary? {
        try Task.checkCancellation()
        do throws(RPCFailure) {
            let summary = try await ledger.summary(of: height)
            height = height.advanced(byBlocks: 1) ?? height
            return summary
        } catch {
            throw error.asLedgerError
        }
    }
}
