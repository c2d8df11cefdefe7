import GRDB
import Glibc
public import LedgerClient
public import Logging
import MarketTypes

/// Makes an index anew from the ledger's first block, beside the old one, which stays until the
/// new one is complete.
public struct IndexRebuild: Sendable {
    private let path: String
    private let ledger: any LedgerConnection
    private let logger: Logger

    /// Prepares to rebuild the database at `path`.
    public init(path: String, ledger: any LedgerConnection, logger: Logger) {
        self.path = path
        self.ledger = ledger
        self.logger = logger
    }

    /// Rebuilds up to where the ledger stands, and returns that place.
    ///
    /// Whatever ends it, there is the old database, the new one, or for a moment none; never a
    /// part of either.
    ///
    /// - Throws: ``IndexError/busy(path:)`` if a process writes the old one; what
    ///   ``Indexer/follow(to:)`` throws.
    public func run() async throws -> IndexPlace {
        let lock = try IndexLock(path)
        let fresh = path + ".new"
        try IndexDatabase.remove(fresh)
        let status = try await ledger.status()
        let place = try await build(fresh, to: status)
        // The old log goes before the new file comes: it would be taken for the new file's.
        for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
        guard rename(fresh, path) == 0 else { throw IndexError.missing(path: path) }
        unlink(fresh + ".lock")
        withExtendedLifetime(lock) {}
        return place
    }

    private func build(_ fresh: String, to status: LedgerStatus) async throws -> IndexPlace {
        let database = try IndexDatabase(writing: fresh, chain: status.chain)
        let indexer = Indexer(database: database, ledger: ledger, logger: logger)
        if status.height.rawValue > 0 { try await indexer.follow(to: status.height) }
        let place = try await database.place()
        // Whatever lies in the log would be lost with the old file's.
        _ = try await database.pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        try database.pool.close()
        return place
    }
}
