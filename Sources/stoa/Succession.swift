import Gateway
import LedgerClient
import LedgerIndex
import Logging
import MarketTypes
import ServiceLifecycle

/// Follows the ledger into the index, and runs what else only one process may do at a time: at
/// once, or after the process before this one has let go of the index.
struct IndexSuccession: Service {
    let path: String
    let chain: ChainID
    let ledger: any LedgerConnection
    let logger: Logger
    /// The index, if this process may write it already.
    var database: IndexDatabase?
    private var services: [any Service] = []

    init(path: String, chain: ChainID, ledger: any LedgerConnection, _ logger: Logger) {
        self.path = path
        self.chain = chain
        self.ledger = ledger
        self.logger = logger
    }

    /// The same, with services that run beside the follower.
    func running(_ services: [any Service]) -> IndexSuccession {
        var copy = self
        copy.services = services
        return copy
    }

    func run() async throws {
        var mine = database
        if mine == nil { mine = try await onceFree() }
        guard let database = mine else { return }
        let indexer = Indexer(database: database, ledger: ledger, logger: logger)
        let follower = IndexFollower(indexer: indexer, logger: logger)
        let group = ServiceGroup(services: [follower] + services, logger: logger)
        try await group.run()
    }

    /// The index, once it can be had; nil after a shutdown.
    private func onceFree() async throws -> IndexDatabase? {
        try await cancelWhenGracefulShutdown {
            var warnAt = ContinuousClock.now + .seconds(30)
            while !Task.isCancelled {
                do {
                    return try IndexDatabase(writing: path, chain: chain)
                } catch IndexError.busy {
                    if warnAt < .now {
                        logger.warning(
                            "another process writes the index; webhooks and probes wait for it",
                            metadata: ["path": "\(path)"]
                        )
                        warnAt = .now + .seconds(300)
                    }
                    try? await Task.sleep(for: .milliseconds(100))
                }
            }
            return nil
        }
    }
}

/// Tells the wallets of a process that ends to go as soon as each can, while the server, which is
/// stopped after this, finishes its requests.
struct WalletsLeaving: Service {
    let wallets: HostedWallets

    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(3_600)) }
        }
        wallets.leave()
    }
}
