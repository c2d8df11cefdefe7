import FoundationEssentials
import GRDB
import Glibc
public import MarketTypes

/// The index in one SQLite file: one writer, any number of readers, also of other processes.
///
/// A commit is not synced to the disk on its own (`synchronous=NORMAL` under a write-ahead log):
/// after a loss of power the last blocks may be missing, never half of one, and are read again.
public struct IndexDatabase: Sendable {
    /// Where the file is.
    public let path: String
    let pool: DatabasePool
    private let lock: IndexLock?
    /// Whether it was opened for writing, so that nobody else writes it meanwhile.
    var isForWriting: Bool { lock != nil }

    /// Opens the database at `path` for writing, making an empty one if there is none.
    ///
    /// - Throws: ``IndexError/busy(path:)`` if another process writes it,
    ///   ``IndexError/otherFormat(found:)``, or a `DatabaseError`.
    public init(writing path: String, chain: ChainID) throws {
        self.path = path
        lock = try IndexLock(path)
        pool = try DatabasePool(path: path, configuration: Self.configuration())
        try pool.write { db in
            if try !db.tableExists("place") {
                try IndexSchema.create(db)
                try db.execute(
                    sql: "INSERT INTO place VALUES (1, ?, ?, 0, 0, 0)",
                    arguments: [IndexSchema.format, chain.digest.blob]
                )
            }
        }
        guard try pool.read({ try IndexPlace($0) }).chain == chain else {
            throw IndexError.otherChain
        }
    }

    /// Opens the database at `path` for questions.
    ///
    /// - Throws: ``IndexError/missing(path:)``, ``IndexError/otherFormat(found:)``, or a
    ///   `DatabaseError`.
    public init(reading path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else {
            throw IndexError.missing(path: path)
        }
        self.path = path
        lock = nil
        pool = try DatabasePool(path: path, configuration: Self.configuration(readOnly: true))
        _ = try pool.read { try IndexPlace($0) }
    }

    private static func configuration(readOnly: Bool = false) -> Configuration {
        var configuration = Configuration()
        configuration.readonly = readOnly
        configuration.busyMode = .timeout(5)
        configuration.maximumReaderCount = 4
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA cache_size = -65536")
            if !readOnly { try db.execute(sql: "PRAGMA synchronous = NORMAL") }
        }
        return configuration
    }

    /// Where the index stands.
    public func place() async throws -> IndexPlace { try await pool.read { try IndexPlace($0) } }

    /// Removes the files of the database at `path`; nobody may have it open.
    ///
    /// - Throws: ``IndexError/busy(path:)`` if a process writes it.
    public static func remove(_ path: String) throws(IndexError) {
        let lock = try IndexLock(path)
        for suffix in ["", "-wal", "-shm", ".lock"] { unlink(path + suffix) }
        withExtendedLifetime(lock) {}
    }
}

/// Where an index stands.
public struct IndexPlace: Hashable, Sendable {
    /// The chain it follows.
    public let chain: ChainID
    /// The last block that was indexed; 0 before the first.
    public let height: BlockHeight
    /// That block's time.
    public let time: Timestamp
    /// The latest state that a catalogue's row was read from.
    ///
    /// While it is above ``height``, some rows of the catalogue are newer than the blocks; once it
    /// is not, the whole index is that of one height.
    public let catalogueHeight: BlockHeight

    init(_ db: Database) throws {
        guard let row = try Self.row(db) else { throw IndexError.otherFormat(found: 0) }
        let format: Int64 = row["format"]
        guard format == IndexSchema.format else { throw IndexError.otherFormat(found: format) }
        chain = ChainID(try row.digest("chain"))
        height = BlockHeight(row.number("height"))
        time = Timestamp(milliseconds: row.number("time"))
        catalogueHeight = BlockHeight(row.number("catalogue"))
    }

    /// The one row, or nil where there is no such table. Every question asks for it.
    private static func row(_ db: Database) throws -> Row? {
        do {
            return try Row.fetchOne(try db.cachedStatement(sql: "SELECT * FROM place"))
        } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
            if try db.tableExists("place") { throw error }
            return nil
        }
    }
}
