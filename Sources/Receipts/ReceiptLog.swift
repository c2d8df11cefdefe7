import FoundationEssentials
import GRDB
import Glibc
public import MarketTypes
import SettlementCore
import Synchronization

/// The receipts of calls that this market paid for others, numbered for each account, in one SQLite
/// file that only its owner can read.
///
/// It follows the wallets' journals, which have all of them for good; here are the newest, so that
/// whoever was away hears what was missed. A receipt is in it once, however often it is added. A
/// change is synced before it is told.
public final class ReceiptLog: Sendable {
    /// Hears which accounts have new receipts, once these can be read.
    public typealias Listener = @Sendable (Set<AccountID>) -> Void

    private struct State {
        var listeners: [Listener] = []
        var changes: UInt64 = 0
        /// When what is too old was removed last.
        var swept = Timestamp(milliseconds: 0)
    }

    /// How much is kept.
    public let limits: ReceiptLogLimits
    let pool: DatabasePool
    private let state = Mutex(State())

    /// Opens the file at `path`, making an empty one if there is none.
    ///
    /// - Throws: ``ReceiptLogError``, or a `DatabaseError`.
    public init(path: String, limits: ReceiptLogLimits = .init()) throws {
        self.limits = limits
        // SQLite gives its other files the mode of this one.
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw ReceiptLogError.unreadable(path: path) }
        close(file)
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.maximumReaderCount = 4
        pool = try DatabasePool(path: path, configuration: configuration)
        // Whoever was told a number must not find another receipt under it after a power failure.
        // A pool sets NORMAL for its writer when it opens, so this comes after that.
        try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        try pool.write { db in
            if try !db.tableExists("format") { try Self.create(db) }
            try Self.addBuyers(db)
            let found = try Int.fetchOne(db, sql: "SELECT number FROM format") ?? 0
            guard found == 1 else { throw ReceiptLogError.otherFormat(found: found) }
        }
    }

    private static func create(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE format(number INTEGER NOT NULL);
                INSERT INTO format VALUES (1);
                CREATE TABLE accounts(account BLOB PRIMARY KEY, last INTEGER NOT NULL)
                    WITHOUT ROWID;
                CREATE TABLE receipts(
                    account BLOB NOT NULL, number INTEGER NOT NULL, digest BLOB NOT NULL,
                    seller BLOB NOT NULL, model TEXT NOT NULL, status INTEGER NOT NULL,
                    charge BLOB NOT NULL, denomination BLOB NOT NULL, finished INTEGER NOT NULL,
                    PRIMARY KEY (account, number)
                ) WITHOUT ROWID;
                CREATE UNIQUE INDEX receipts_by_digest ON receipts(account, digest);
                CREATE INDEX receipts_by_time ON receipts(finished);
                """
        )
    }

    /// Adds on whose behalf calls were bought; what is older does not say.
    ///
    /// In a table of its own: a process that does not know it yet goes on writing receipts while
    /// its successor starts, and after that if the successor fails.
    private static func addBuyers(_ db: Database) throws {
        guard try !db.tableExists("buyers") else { return }
        try db.execute(
            sql: """
                CREATE TABLE buyers(
                    account BLOB NOT NULL, number INTEGER NOT NULL, organisation BLOB NOT NULL,
                    user BLOB NOT NULL, key TEXT, PRIMARY KEY (account, number)
                ) WITHOUT ROWID;
                CREATE TRIGGER receipts_deleted AFTER DELETE ON receipts BEGIN
                    DELETE FROM buyers WHERE account = OLD.account AND number = OLD.number;
                END;
                """
        )
        // For a while they stood in the receipts' own table, which was called format 2.
        guard try db.columns(in: "receipts").contains(where: { $0.name == "organisation" }) else {
            return
        }
        try db.execute(
            sql: """
                INSERT INTO buyers SELECT account, number, organisation, user, key FROM receipts
                    WHERE organisation IS NOT NULL;
                ALTER TABLE receipts DROP COLUMN organisation;
                ALTER TABLE receipts DROP COLUMN user;
                ALTER TABLE receipts DROP COLUMN key;
                UPDATE format SET number = 1;
                """
        )
    }

    /// Calls a function after each change, for as long as this log lives.
    public func onChange(_ listener: @escaping Listener) {
        state.withLock { $0.listeners.append(listener) }
    }

    /// How often something was added since the log was opened.
    public var changeCount: UInt64 { state.withLock { $0.changes } }

    /// Adds receipts in the order in which they came, all or none; what is there or too old to be
    /// kept is left out.
    public func add(_ receipts: [MadeReceipt], at now: Timestamp) async throws {
        let oldest = now.milliseconds - min(now.milliseconds, limits.keptMilliseconds)
        let mustSweep = state.withLock { state in
            guard now.milliseconds > state.swept.milliseconds + 3_600_000 else { return false }
            state.swept = now
            return true
        }
        let changed = try await pool.write { [limits] db in
            var last: [AccountID: UInt64] = [:]
            for receipt in receipts where receipt.finished.milliseconds >= oldest {
                let account = receipt.account
                let before = try last[account] ?? db.last(of: account)
                last[account] = try before + (db.add(receipt, as: before + 1) ? 1 : 0)
            }
            var changed: Set<AccountID> = []
            for (account, number) in last where try db.raise(account, to: number) {
                changed.insert(account)
                guard number > limits.perAccountMax else { continue }
                try db.execute(
                    sql: "DELETE FROM receipts WHERE account = ? AND number <= ?",
                    arguments: [
                        account.digest.blob, Int64(clamping: number - limits.perAccountMax),
                    ]
                )
            }
            if mustSweep {
                try db.execute(
                    sql: "DELETE FROM receipts WHERE finished < ?",
                    arguments: [Int64(clamping: oldest)]
                )
            }
            return changed
        }
        guard !changed.isEmpty else { return }
        let listeners = state.withLock { state in
            state.changes += 1
            return state.listeners
        }
        for listener in listeners { listener(changed) }
    }

    /// The receipts of an account behind a number, the oldest first, at most
    /// ``ReceiptLogLimits/pageMax``, of what `view` shows.
    public func receipts(
        of account: AccountID,
        in view: PurchaseView,
        behind number: UInt64,
        limit: Int = .max
    ) async throws -> [NumberedReceipt] {
        try await pool.read { [limits] db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM receipts LEFT JOIN buyers USING (account, number)
                    WHERE account = ? AND number > ?
                    AND (organisation = ? OR organisation IS NULL AND ?) ORDER BY number LIMIT ?
                    """,
                arguments: [
                    account.digest.blob, Int64(clamping: number), Data(view.organisation),
                    view.isAlone, max(0, min(limit, limits.pageMax)),
                ]
            ).map { try NumberedReceipt($0) }
        }
    }

    /// The receipts of an account before a number, the newest first, at most
    /// ``ReceiptLogLimits/pageMax``, of what `view` shows.
    public func receipts(
        of account: AccountID,
        in view: PurchaseView,
        before number: UInt64,
        limit: Int
    ) async throws -> [NumberedReceipt] {
        try await pool.read { [limits] db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM receipts LEFT JOIN buyers USING (account, number)
                    WHERE account = ? AND number < ?
                    AND (organisation = ? OR organisation IS NULL AND ?)
                    ORDER BY number DESC LIMIT ?
                    """,
                arguments: [
                    account.digest.blob, Int64(clamping: number), Data(view.organisation),
                    view.isAlone, max(0, min(limit, limits.pageMax)),
                ]
            ).map { try NumberedReceipt($0) }
        }
    }

    /// One receipt of an account, if it is kept and `view` shows it.
    public func receipt(
        of account: AccountID,
        in view: PurchaseView,
        digest: Digest
    ) async throws -> MadeReceipt? {
        try await pool.read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT * FROM receipts LEFT JOIN buyers USING (account, number)
                    WHERE account = ? AND digest = ?
                    AND (organisation = ? OR organisation IS NULL AND ?)
                    """,
                arguments: [
                    account.digest.blob, digest.blob, Data(view.organisation), view.isAlone,
                ]
            ).map { try NumberedReceipt($0).receipt }
        }
    }

    /// The number of the last receipt that an account had; 0 if it had none.
    public func last(of account: AccountID) async throws -> UInt64 {
        try await pool.read { try $0.last(of: account) }
    }
}

/// Each call's receipt comes here, so statements are compiled once for each connection.
extension Database {
    /// The number of the last receipt that an account had; 0 if it had none.
    fileprivate func last(of account: AccountID) throws -> UInt64 {
        let last = try Int64.fetchOne(
            try cachedStatement(sql: "SELECT last FROM accounts WHERE account = ?"),
            arguments: [account.digest.blob]
        )
        return UInt64(max(0, last ?? 0))
    }

    /// Adds a receipt with a number, unless it is there.
    ///
    /// - Returns: whether it was added.
    fileprivate func add(_ receipt: MadeReceipt, as number: UInt64) throws -> Bool {
        try cachedStatement(
            sql: """
                INSERT INTO receipts(account, number, digest, seller, model, status, charge,
                    denomination, finished) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (account, digest) DO NOTHING
                """
        ).execute(
            arguments: [
                receipt.account.digest.blob, Int64(clamping: number), receipt.digest.blob,
                receipt.seller.digest.blob, receipt.model, Int64(receipt.status.rawValue),
                receipt.charge.blob, receipt.denomination.blob,
                Int64(clamping: receipt.finished.milliseconds),
            ]
        )
        guard changesCount == 1 else { return false }
        guard let buyer = receipt.buyer else { return true }
        try cachedStatement(
            sql: """
                INSERT OR REPLACE INTO buyers(account, number, organisation, user, key)
                VALUES (?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
                receipt.account.digest.blob, Int64(clamping: number), Data(buyer.organisation),
                Data(buyer.user), buyer.key,
            ]
        )
        return true
    }

    /// Notes the number of an account's last receipt.
    ///
    /// - Returns: whether that is new.
    fileprivate func raise(_ account: AccountID, to number: UInt64) throws -> Bool {
        guard number > 0 else { return false }
        try cachedStatement(
            sql: """
                INSERT INTO accounts VALUES (?, ?) ON CONFLICT (account) DO UPDATE
                SET last = excluded.last WHERE last < excluded.last
                """
        ).execute(arguments: [account.digest.blob, Int64(clamping: number)])
        return changesCount == 1
    }
}

extension NumberedReceipt {
    fileprivate init(_ row: Row) throws {
        func digest(_ column: String) throws -> Digest {
            guard let digest = Digest(bytes: Array(row[column] as Data)) else {
                throw ReceiptLogError.damaged(column: column)
            }
            return digest
        }
        guard let status = CallStatus(rawValue: UInt8(clamping: row["status"] as Int64)) else {
            throw ReceiptLogError.damaged(column: "status")
        }
        guard let charge = Amount(blob: row["charge"]) else {
            throw ReceiptLogError.damaged(column: "charge")
        }
        let unit = try digest("denomination")
        var buyer: CallBuyer?
        if let organisation = row["organisation"] as Data? {
            buyer = CallBuyer(
                organisation: Array(organisation),
                user: Array(row["user"] as Data? ?? Data()),
                key: row["key"]
            )
            guard buyer != nil else { throw ReceiptLogError.damaged(column: "organisation") }
        }
        self.init(
            number: UInt64(max(0, row["number"] as Int64)),
            receipt: MadeReceipt(
                digest: try digest("digest"),
                account: AccountID(try digest("account")),
                seller: AccountID(try digest("seller")),
                model: row["model"],
                status: status,
                charge: charge,
                denomination: unit == .zero ? .native : .issued(unit),
                finished: Timestamp(milliseconds: UInt64(max(0, row["finished"] as Int64))),
                buyer: buyer
            )
        )
    }
}

extension Digest {
    fileprivate var blob: Data { Data(bytes) }
}

extension Amount {
    fileprivate var blob: Data { withUnsafeBytes(of: obol.bigEndian) { Data($0) } }

    fileprivate init?(blob: Data) {
        guard blob.count == 16 else { return nil }
        self.init(obol: blob.reduce(0) { $0 << 8 | UInt128($1) })
    }
}

extension Denomination {
    /// The unit's name; zero for the native one.
    fileprivate var blob: Data {
        switch self {
        case .native: Digest.zero.blob
        case .issued(let unit): unit.blob
        }
    }
}
