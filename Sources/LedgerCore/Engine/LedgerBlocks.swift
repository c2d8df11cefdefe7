import MarketTypes

extension Ledger {
    /// Does what a block does before its first transaction: the reward, then evidence, then
    /// missed votes (STK-20), then what is due at this height.
    ///
    /// Changes nothing if there is nothing to reward, count or punish, so that the root of an idle
    /// chain stays.
    public mutating func beginBlock(
        _ report: EngineReport,
        at context: BlockContext
    ) -> [Event] {
        let rewarded = reward(report.proposer)
        let punished = report.misbehavior.flatMap { punish($0, at: context.height) }
        let jailed = countMissedVotes(report.votes, at: context.height)
        state.keepTransaction()
        let due = meetDeadlines(at: context)
        return rewarded + (punished + jailed).map { .staking($0) } + due
    }

    /// Does what a block does after its last transaction: matches orders, then makes the engine's
    /// new set (STK-24).
    public mutating func endBlock(at context: BlockContext) -> BlockEnd {
        let matched = clearOrders(at: context)
        state.keepTransaction()
        return BlockEnd(events: matched, validatorUpdates: updateValidatorSet())
    }
}
