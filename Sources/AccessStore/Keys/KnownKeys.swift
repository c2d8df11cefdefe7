import AccessCore
import GRDB
import MarketTypes
import Synchronization

/// What was written when a key was made, and never changes.
struct KnownKey: Sendable {
    /// The key; where it stands is read anew for each request.
    let key: APIKey
    /// What its secret's digest is.
    let digest: Digest
    /// What its signed requests are checked with.
    let requestKey: [UInt8]
}

/// Keys that were asked for, so that each request reads only what may have changed: whether its key
/// is there and where it stands, and what its maker may do. A key's limits never change, and if its
/// row goes and another comes with its name, the secret's digest tells them apart.
final class KnownKeys: Sendable {
    /// The most that are remembered.
    static let countMax = 10_000

    private let keys = Mutex<[APIKeyID: KnownKey]>([:])

    /// A key that was added.
    subscript(id: APIKeyID) -> KnownKey? { keys.withLock { $0[id] } }

    /// Remembers a key; when there are too many, those before it are asked for again.
    func add(_ known: KnownKey) {
        keys.withLock { keys in
            if keys.count >= Self.countMax { keys.removeAll() }
            keys[known.key.id] = known
        }
    }
}

/// Where a key stands now.
struct KeyStanding {
    let key: APIKey
    /// When it was used last, as far as that is written.
    let used: Int64
    /// What its maker is in its organisation; nil if no member any more.
    let place: (role: Role, tier: Tier, account: AccountID?)?
}

extension Database {
    /// Where a key stands, by one statement; nil if there is no such key.
    func standing(of known: KnownKey) throws -> KeyStanding? {
        let rows = try Row.fetchCursor(
            try cachedStatement(
                sql: """
                    SELECT state, successor, ends, used, role, tier, account FROM keys
                    LEFT JOIN members
                        ON members.organisation = keys.organisation AND members.user = keys.user
                    LEFT JOIN organisations ON organisations.id = members.organisation
                    WHERE keys.id = ? AND keys.digest = ?
                    """
            ),
            arguments: [known.key.id.text, known.digest.blob]
        )
        // Its row is the statement's own, which the cursor's end would take away.
        return try withExtendedLifetime(rows) {
            try rows.next().map { try KeyStanding($0, of: known) }
        }
    }
}

extension KeyStanding {
    fileprivate init(_ row: Row, of known: KnownKey) throws {
        let role: Int? = row[4]
        let place = try role.map { role in
            guard let role = Role(rawValue: UInt8(clamping: role)), let tier: Int = row[5],
                let tier = Tier(rawValue: UInt8(clamping: tier))
            else { throw AccessStoreError.damaged(column: "role") }
            return (role, tier, try row.digestIfPresent("account").map { AccountID($0) })
        }
        self.init(key: try known.key.standing(row), used: row[3], place: place)
    }
}
