import Consensus
import LedgerCore
import LedgerStore
import Logging
import ServiceLifecycle

/// What a network's node is made of, besides its engine.
struct NetworkParts {
    let application: LedgerApplication
    /// What gives and takes snapshots; nil where none are kept.
    let archive: (any StateSyncing)?
    let services: [any Service]

    init(
        application: LedgerApplication,
        store: LedgerStore,
        directory: String,
        intervalBlocks: UInt64,
        logger: Logger
    ) throws {
        self.application = application
        archive = nil
        services = []
    }
}
