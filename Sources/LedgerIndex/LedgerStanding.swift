import LedgerClient
import MarketTypes

extension LedgerConnection {
    /// Where the ledger stands, asked again for a while as long as that is lower than `height`.
    ///
    /// A network tells of a state one block after it, and another of its nodes may lag: who follows
    /// its blocks can be ahead of that, and it was not set back (IDX-3).
    func status(reaching height: BlockHeight) async throws -> LedgerStatus {
        let deadline = ContinuousClock.now + .seconds(statusLagSecondsMax)
        while true {
            let status = try await self.status()
            if status.height >= height || ContinuousClock.now >= deadline { return status }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// How far behind its own blocks a ledger's standing may be, in seconds.
    private var statusLagSecondsMax: Int64 { 5 }
}
