import Consensus
import LedgerCore
import LedgerStore
import Logging

/// What a network's node is made of, besides its engine.
struct NetworkParts {
    let application: LedgerApplication
    /// What gives and takes snapshots.
    let archive: SnapshotArchive

    init(
        application: LedgerApplication,
        store: LedgerStore,
        directory: String,
        intervalBlocks: UInt64,
        logger: Logger
    ) throws {
        self.application = application
        var configuration = SnapshotArchive.Configuration(directory: directory)
        configuration.intervalBlocks = intervalBlocks
        archive = try SnapshotArchive(
            store: store,
            application: application,
            configuration: configuration,
            logger: logger
        )
    }
}
