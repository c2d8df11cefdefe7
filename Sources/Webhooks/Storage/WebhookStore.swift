import AccessCore
public import AccessStore
import FoundationEssentials
import GRDB
import Glibc
import MarketTypes

/// Webhooks and their deliveries, in one SQLite file that only its owner can read.
///
/// A message is queued in the transaction that moves its webhook's place on, and taken off once
/// its receiver has it: whatever ends the process, each event is sent at least once, under one
/// name.
/// Secrets are sealed with the key beside the access database.
public final class WebhookStore: Sendable {
    /// What may grow, and how patient the market is.
    public let limits: WebhookLimits
    let sealing: SealingKey
    let pool: DatabasePool

    /// Opens the file at `path`, making an empty one if there is none.
    ///
    /// - Throws: ``WebhookStoreError``, or a `DatabaseError`.
    public init(path: String, sealing: SealingKey, limits: WebhookLimits = .init()) throws {
        self.limits = limits
        self.sealing = sealing
        // SQLite gives its other files the mode of this one.
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw WebhookStoreError.unreadable(path: path) }
        close(file)
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.maximumReaderCount = 2
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON")
        }
        pool = try DatabasePool(path: path, configuration: configuration)
        try pool.write { db in
            if try !db.tableExists("format") { try WebhookSchema.create(db) }
            var found = try Int.fetchOne(db, sql: "SELECT number FROM format") ?? 0
            if found == 1 {
                try WebhookSchema.update(db)
                found = WebhookSchema.number
            }
            guard found == WebhookSchema.number else {
                throw WebhookStoreError.otherFormat(found: found)
            }
        }
    }

    static func random() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<WebhookSecret.bytesCount).map { _ in
            UInt8.random(in: .min ... .max, using: &generator)
        }
    }
}

/// Why a file of webhooks cannot be used.
public enum WebhookStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file can neither be opened nor made.
    case unreadable(path: String)
    /// The file was written by a version whose tables are others.
    case otherFormat(found: Int)
    /// A row is not what was written.
    case damaged(column: String)

    /// One sentence for people.
    public var description: String {
        switch self {
        case .unreadable(let path): "\(path) can neither be opened nor made"
        case .otherFormat(let found):
            "the webhooks have format \(found), this program has \(WebhookSchema.number)"
        case .damaged(let column): "column \(column) of the webhooks is damaged"
        }
    }
}

extension Timestamp {
    var stored: Int64 { Int64(clamping: milliseconds) }

    init(stored: Int64) { self.init(milliseconds: UInt64(max(0, stored))) }
}

extension Webhook {
    /// The columns that make one, with the count of what waits.
    static let columns = """
        *, (SELECT count(*) FROM deliveries WHERE webhook = webhooks.id AND state = 'pending')
        AS pending
        """

    init(_ row: Row) throws {
        guard let id = WebhookID(text: row["id"]),
            let organisation = OrganisationID(bytes: Array(row["organisation"] as Data))
        else { throw WebhookStoreError.damaged(column: "id") }
        guard let signing = WebhookSecret.Kind(rawValue: row["signing"]),
            let state = State(rawValue: row["state"])
        else { throw WebhookStoreError.damaged(column: "state") }
        let topics: String = row["topics"]
        self.init(
            id: id,
            organisation: organisation,
            url: row["url"],
            topics: topics.split(separator: " ").map(String.init),
            note: row["note"],
            signing: signing,
            publicKey: row["public"],
            state: state,
            created: Timestamp(stored: row["created"]),
            place: WebhookPlace(stored: row["place"]),
            receiptsPlace: (row["receipts"] as Int64?).map { UInt64(max(0, $0)) },
            receiptsAccount: (row["receipts_account"] as Data?)
                .flatMap { Digest(bytes: Array($0)) }.map { AccountID($0) },
            failingSince: (row["failing"] as Int64?).map { Timestamp(stored: $0) },
            overlapUntil: (row["overlap"] as Int64?).map { Timestamp(stored: $0) },
            pendingCount: row["pending"]
        )
    }
}

extension WebhookDelivery {
    init(_ row: Row) throws {
        guard let state = State(rawValue: row["state"]) else {
            throw WebhookStoreError.damaged(column: "state")
        }
        self.init(
            number: row["number"],
            message: row["message"],
            type: row["type"],
            place: WebhookPlace(stored: row["place"]),
            receipt: (row["receipt"] as Int64?).map { UInt64(max(0, $0)) },
            state: state,
            attempts: row["attempts"],
            created: Timestamp(stored: row["created"]),
            due: state == .pending
                ? (row["due"] as Int64?).map { Timestamp(stored: $0) } : nil,
            sent: (row["sent"] as Int64?).map { Timestamp(stored: $0) },
            status: row["status"],
            fault: row["fault"],
            milliseconds: row["took"]
        )
    }
}
