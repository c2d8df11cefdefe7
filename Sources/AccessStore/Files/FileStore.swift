public import AccessCore
import FoundationEssentials
import GRDB
import Glibc
public import MarketTypes

/// The files of organisations, in one SQLite file of their own.
///
/// Content stands in rows, so a file and what is known of it come and go in one transaction, and no
/// name that somebody chose is ever a path. A commit is synced before it is answered. Whatever is
/// deleted is overwritten with zeros, and its room is given back.
public final class FileStore: Sendable {
    /// One page of a list.
    public struct Page: Sendable {
        /// The files, in the order that was asked for.
        public let files: [KeptFile]
        /// Whether more follow.
        public let hasMore: Bool
    }

    /// Which files, in which order.
    public struct Search: Sendable {
        /// The file before the first; nil begins at the start.
        public var after: String?
        /// The most files of the page.
        public var limit = 1_000
        /// Only files of this purpose.
        public var purpose: String?
        /// Whether the oldest goes first.
        public var isAscending = false

        /// All files, the newest first.
        public init() {}
    }

    /// How much may be kept.
    public let limits: FileLimits
    let pool: DatabasePool

    /// Opens the file at `path`, making an empty one that only its owner can read.
    ///
    /// - Throws: ``AccessStoreError``, or a `DatabaseError`.
    public init(path: String, limits: FileLimits = FileLimits()) throws {
        self.limits = limits
        // SQLite gives its other files the mode of this one.
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw AccessStoreError.unreadable(path: path) }
        close(file)
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.maximumReaderCount = 4
        configuration.prepareDatabase { db in
            guard !db.configuration.readonly else { return }
            try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA secure_delete = ON")
        }
        pool = try DatabasePool(path: path, configuration: configuration)
        // A pool sets NORMAL for its writer when it opens, so this comes after that.
        try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        try pool.write { db in
            try db.execute(
                sql: """
                    CREATE TABLE IF NOT EXISTS files (
                        number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
                        organisation BLOB NOT NULL, filename TEXT NOT NULL,
                        purpose TEXT NOT NULL, type TEXT NOT NULL, bytes INTEGER NOT NULL,
                        created INTEGER NOT NULL, expires INTEGER, content BLOB NOT NULL
                    ) STRICT;
                    CREATE INDEX IF NOT EXISTS files_owner ON files (organisation, number);
                    CREATE INDEX IF NOT EXISTS files_end ON files (expires)
                        WHERE expires IS NOT NULL;
                    """
            )
        }
    }

    /// Keeps a file, durably, before this returns.
    ///
    /// - Throws: ``FileRefusal``, or a `DatabaseError`.
    public func keep(
        _ draft: FileDraft,
        for organisation: OrganisationID,
        at now: Timestamp
    ) async throws -> KeptFile {
        guard draft.content.count <= limits.fileBytesMax else {
            throw FileRefusal.tooLarge(bytesMax: limits.fileBytesMax)
        }
        guard !draft.content.isEmpty,
            (1...KeptFile.nameBytesMax).contains(draft.filename.utf8.count),
            (1...KeptFile.wordBytesMax).contains(draft.purpose.utf8.count),
            (1...KeptFile.wordBytesMax).contains(draft.type.utf8.count)
        else { throw FileRefusal.unfit }
        let random = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
        let life = draft.lifeSeconds.map { $0.multipliedReportingOverflow(by: 1000) }
        let end = life.map { $0.overflow ? .max : $0.partialValue }
            .map { now.milliseconds.addingReportingOverflow($0) }
        let file = KeptFile(
            id: KeptFile.idPrefix + Hex.encode(random),
            filename: draft.filename,
            purpose: draft.purpose,
            type: draft.type,
            bytes: draft.content.count,
            createdAt: now,
            expiresAt: end.map { Timestamp(milliseconds: $0.overflow ? .max : $0.partialValue) }
        )
        let limits = limits
        let content = Data(draft.content)
        try await pool.write { db in
            try db.forgetExpired(at: now)
            try db.checkRoom(for: file, of: organisation, limits)
            try db.execute(
                sql: """
                    INSERT INTO files (id, organisation, filename, purpose, type, bytes, created,
                        expires, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    file.id, organisation.blob, file.filename, file.purpose, file.type, file.bytes,
                    now.stored, file.expiresAt?.stored, content,
                ]
            )
        }
        return file
    }

    /// The organisation's files.
    ///
    /// - Throws: ``FileRefusal/unknown`` if it has no file to begin after.
    public func list(
        _ search: Search,
        of organisation: OrganisationID,
        at now: Timestamp
    ) async throws -> Page {
        let limit = max(1, min(search.limit, limits.organisationFilesMax))
        let rows = try await pool.read { db -> [KeptFile] in
            var after: Int64?
            if let id = search.after {
                after = try Int64.fetchOne(
                    db,
                    sql: "SELECT number FROM files WHERE id = ? AND organisation = ?",
                    arguments: [id, organisation.blob]
                )
                guard after != nil else { throw FileRefusal.unknown }
            }
            let sign = search.isAscending ? ">" : "<"
            let order = search.isAscending ? "ASC" : "DESC"
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT \(Self.columns) FROM files
                    WHERE organisation = ?1 AND (expires IS NULL OR expires > ?2)
                        AND (?3 IS NULL OR number \(sign) ?3) AND (?4 IS NULL OR purpose = ?4)
                    ORDER BY number \(order) LIMIT ?5
                    """,
                arguments: [organisation.blob, now.stored, after, search.purpose, limit + 1]
            ).map { try KeptFile($0) }
        }
        return Page(files: Array(rows.prefix(limit)), hasMore: rows.count > limit)
    }

    /// One file.
    ///
    /// - Throws: ``FileRefusal/unknown``.
    public func file(
        _ id: String,
        of organisation: OrganisationID,
        at now: Timestamp
    ) async throws -> KeptFile {
        try await pool.read { db in
            try KeptFile(try db.fileRow(id, organisation, now, columns: Self.columns))
        }
    }

    /// One file with what is in it.
    ///
    /// - Throws: ``FileRefusal/unknown``.
    public func content(
        of id: String,
        of organisation: OrganisationID,
        at now: Timestamp
    ) async throws -> (file: KeptFile, content: [UInt8]) {
        try await pool.read { db in
            let columns = Self.columns + ", content"
            let row = try db.fileRow(id, organisation, now, columns: columns)
            let content: Data = row["content"]
            return (try KeptFile(row), [UInt8](content))
        }
    }

    /// Takes a file away, durably, before this returns.
    ///
    /// - Throws: ``FileRefusal/unknown``.
    public func delete(
        _ id: String,
        of organisation: OrganisationID,
        at now: Timestamp
    ) async throws {
        try await pool.write { db in
            _ = try db.fileRow(id, organisation, now, columns: "number")
            try db.execute(sql: "DELETE FROM files WHERE id = ?", arguments: [id])
            try db.giveRoomBack()
        }
    }

    private static let columns = "id, filename, purpose, type, bytes, created, expires"
}

extension KeptFile {
    fileprivate init(_ row: Row) throws {
        let created: Int64 = row["created"]
        let expires: Int64? = row["expires"]
        id = row["id"]
        filename = row["filename"]
        purpose = row["purpose"]
        type = row["type"]
        bytes = row["bytes"]
        createdAt = Timestamp(milliseconds: UInt64(clamping: created))
        expiresAt = expires.map { Timestamp(milliseconds: UInt64(clamping: $0)) }
    }
}

extension Database {
    fileprivate func fileRow(
        _ id: String,
        _ organisation: OrganisationID,
        _ now: Timestamp,
        columns: String
    ) throws -> Row {
        let row = try Row.fetchOne(
            self,
            sql: """
                SELECT \(columns) FROM files WHERE id = ? AND organisation = ?
                    AND (expires IS NULL OR expires > ?)
                """,
            arguments: [id, organisation.blob, now.stored]
        )
        guard let row else { throw FileRefusal.unknown }
        return row
    }

    fileprivate func forgetExpired(at now: Timestamp) throws {
        try execute(sql: "DELETE FROM files WHERE expires <= ?", arguments: [now.stored])
        if changesCount > 0 { try giveRoomBack() }
    }

    fileprivate func giveRoomBack() throws {
        // A statement of its own for each page that is given back.
        _ = try Row.fetchAll(self, sql: "PRAGMA incremental_vacuum")
    }

    fileprivate func checkRoom(
        for file: KeptFile,
        of organisation: OrganisationID,
        _ limits: FileLimits
    ) throws {
        let own = try Row.fetchOne(
            self,
            sql: "SELECT count(*), coalesce(sum(bytes), 0) FROM files WHERE organisation = ?",
            arguments: [organisation.blob]
        )
        let count: Int = own?[0] ?? 0
        let bytes: Int = own?[1] ?? 0
        guard count < limits.organisationFilesMax else {
            throw FileRefusal.tooMany(filesMax: limits.organisationFilesMax)
        }
        guard bytes <= limits.organisationBytesMax - file.bytes else {
            throw FileRefusal.organisationFull(bytesMax: limits.organisationBytesMax)
        }
        let total = try Int.fetchOne(self, sql: "SELECT coalesce(sum(bytes), 0) FROM files") ?? 0
        guard total <= limits.totalBytesMax - file.bytes else { throw FileRefusal.marketFull }
    }
}
