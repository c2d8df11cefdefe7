import FoundationEssentials
import GRDB
import Glibc

/// Users, organisations, keys, limits and the audit log in one SQLite file.
///
/// Any number of processes may have it open. Its log is written ahead, and a commit is not synced
/// on its own (`synchronous=NORMAL`): a killed process loses nothing that was committed, because
/// the system has the pages; a loss of power may take the last commits, never a part of one. What
/// that could cost is a session, or a reservation whose voucher the gateway's journal has.
public struct AccessDatabase: Sendable {
    /// Where the file is.
    public let path: String
    /// The most users.
    public let usersMax: Int
    let pool: DatabasePool
    private let batches: BatchedWrites
    /// Answers what every request asks, on the thread that asks.
    private let quick: DatabaseQueue
    /// What never changes of keys that were asked for.
    let knownKeys = KnownKeys()

    /// Opens the database at `path`, making an empty one that only its owner can read.
    ///
    /// - Throws: ``AccessStoreError``, or a `DatabaseError`.
    public init(path: String, usersMax: Int = 100_000) throws {
        self.path = path
        self.usersMax = usersMax
        // SQLite gives its other files the mode of this one.
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw AccessStoreError.unreadable(path: path) }
        close(file)
        pool = try DatabasePool(path: path, configuration: Self.configuration())
        try pool.write { db in
            if try !db.tableExists("place") { try AccessSchema.create(db) }
            let old = try Int.fetchOne(db, sql: "SELECT format FROM place") ?? 0
            try AccessSchema.migrate(db, from: old)
            let found = try Int.fetchOne(db, sql: "SELECT format FROM place") ?? 0
            guard found == AccessStoreFormat.number else {
                throw AccessStoreError.otherFormat(found: found)
            }
            // Younger than the format, and no part of what is stored.
            try db.execute(sql: AccessSchema.laterIndexes)
        }
        batches = BatchedWrites(pool)
        quick = try DatabaseQueue(path: path, configuration: Self.configuration(readOnly: true))
    }

    private static func configuration(readOnly: Bool = false) -> Configuration {
        var configuration = Configuration()
        configuration.readonly = readOnly
        configuration.busyMode = .timeout(10)
        configuration.maximumReaderCount = 4
        configuration.prepareDatabase { db in
            guard !readOnly else { return }
            try db.execute(sql: "PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON")
        }
        return configuration
    }

    /// Changes the database in one transaction; whatever `body` throws undoes all of it.
    func write<Output: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Output
    ) async throws -> Output {
        try await pool.write(body)
    }

    /// Changes the database, perhaps in one transaction with others' changes; whatever `body`
    /// throws undoes all that it did. For what every call changes.
    func writeTogether<Output: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Output
    ) async throws -> Output {
        try await batches.write(body)
    }

    /// Counts in one transaction with others; `body` throws before it changes anything.
    func countTogether<Output: Sendable>(
        _ body: @escaping @Sendable (CounterSheet) throws -> Output
    ) async throws -> Output {
        try await batches.count(body)
    }

    /// Reads by one statement, without a change of thread: that would cost more than it does. Under
    /// a write-ahead log nobody who writes is waited for.
    func readQuickly<Output>(_ body: (Database) throws -> Output) throws -> Output {
        try quick.unsafeRead(body)
    }

    /// Reads one state of the database.
    func read<Output: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Output
    ) async throws -> Output {
        try await pool.read(body)
    }
}

/// Why a database cannot be used.
public enum AccessStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file can neither be opened nor made.
    case unreadable(path: String)
    /// The file was written by a version whose tables are others.
    case otherFormat(found: Int)
    /// A row is not what was written.
    case damaged(column: String)
    /// The key file can be read by others, or is none.
    case unsafeKeyFile(path: String)
    /// What was sealed does not open with the key file.
    case wrongKeyFile
    /// There are as many users as there may be.
    case tooManyUsers
    /// The database of shared limits does not answer.
    case limitsUnreachable(String)

    /// One sentence for people.
    public var description: String {
        switch self {
        case .unreadable(let path): "\(path) can neither be opened nor made"
        case .otherFormat(let found):
            "the database has format \(found), this program has \(AccessStoreFormat.number)"
        case .damaged(let column): "column \(column) is damaged"
        case .unsafeKeyFile(let path): "\(path) is no key file that only its owner can read"
        case .wrongKeyFile: "what was sealed does not open with this key file"
        case .tooManyUsers: "there are as many users as there may be"
        case .limitsUnreachable(let why): "the database of shared limits does not answer: \(why)"
        }
    }
}

/// Random bytes from the system, eight with each question to it.
func randomBytes(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count {
        let word = generator.next()
        for shift in stride(from: 0, to: min(64, (count - bytes.count) * 8), by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
        }
    }
    return bytes
}
