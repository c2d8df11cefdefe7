import GRDB
public import LedgerClient
import LedgerCore
public import Logging
public import MarketTypes

/// Follows a ledger into a database, from wherever the database stands.
public struct Indexer: Sendable {
    /// The database that is written.
    public let database: IndexDatabase
    private let ledger: any LedgerConnection
    private let logger: Logger
    private let source: CatalogueSource

    /// Creates an indexer; nothing happens before it is told to follow.
    public init(database: IndexDatabase, ledger: any LedgerConnection, logger: Logger) {
        self.database = database
        self.ledger = ledger
        self.logger = logger
        source = CatalogueSource(ledger)
    }

    /// Checks that the ledger goes on where the database stands.
    ///
    /// - Returns: how high the ledger is.
    /// - Throws: ``IndexError/otherChain``, ``IndexError/ledgerSetBack(ledger:index:)``,
    ///   ``IndexError/otherHistory(height:)``, or ``LedgerClientError``.
    @discardableResult
    public func checkPlace() async throws -> BlockHeight {
        let place = try await database.place()
        let status = try await ledger.status(reaching: place.height)
        guard status.chain == place.chain else { throw IndexError.otherChain }
        guard status.height >= place.height else {
            throw IndexError.ledgerSetBack(
                ledger: status.height.rawValue,
                index: place.height.rawValue
            )
        }
        guard place.height.rawValue > 0 else { return status.height }
        let stored = try await database.pool.read { db in
            try Row.fetchOne(
                db,
                sql: "SELECT digest FROM blocks WHERE height = ?",
                arguments: [place.height.rawValue.stored]
            )?.digest("digest")
        }
        for try await block in ledger.blocks(from: place.height) {
            guard try BlockRows(block).digest == stored else {
                throw IndexError.otherHistory(height: place.height.rawValue)
            }
            return status.height
        }
        throw LedgerClientError(.unreachable, "the ledger gave no block")
    }

    /// Indexes blocks until `last`, or without end.
    ///
    /// - Throws: what ``checkPlace()`` throws, ``LedgerClientError`` or a `DatabaseError`; what was
    ///   indexed stays, and following again goes on from there.
    public func follow(to last: BlockHeight? = nil) async throws {
        try await checkPlace()
        let place = try await database.place()
        if let last, place.height >= last { return }
        guard let next = place.height.advanced(byBlocks: 1) else { return }
        let buffer = BlockBuffer()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { buffer.end() }
                for try await block in ledger.blocks(from: next) {
                    await buffer.put(try BlockRows(block))
                    if block.height == last { return }
                }
            }
            group.addTask {
                defer { buffer.end() }
                while case let blocks = await buffer.take(), !blocks.isEmpty {
                    try Task.checkCancellation()
                    try await write(blocks)
                }
            }
            do {
                while try await group.next() != nil {}
            } catch {
                group.cancelAll()
                throw error
            }
        }
    }

    /// Writes blocks that follow the last one: all of them, or after a failure none.
    func write(_ blocks: [BlockRows]) async throws {
        let catalogue = try await source.changes(blocks)
        try await database.pool.write { db in try BlockWriter(db: db).write(blocks, catalogue) }
        if let last = blocks.last {
            logger.debug(
                "indexed",
                metadata: ["height": "\(last.height.rawValue)", "blocks": "\(blocks.count)"]
            )
        }
    }
}
