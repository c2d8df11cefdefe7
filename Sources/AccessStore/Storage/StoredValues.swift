import AccessCore
import FoundationEssentials
import GRDB
import MarketTypes

/// How values stand in columns: names and amounts as big-endian blobs, moments as milliseconds.
extension Amount {
    var blob: Data { withUnsafeBytes(of: obol.bigEndian) { Data($0) } }

    init?(blob: Data) {
        guard blob.count == 16 else { return nil }
        self.init(obol: blob.reduce(0) { $0 << 8 | UInt128($1) })
    }
}

extension Digest {
    var blob: Data { Data(bytes) }
}

extension Denomination {
    /// The unit's name; zero for the native one.
    var blob: Data {
        switch self {
        case .native: Digest.zero.blob
        case .issued(let unit): unit.blob
        }
    }

    init(digest: Digest) { self = digest == .zero ? .native : .issued(digest) }
}

extension UserID {
    var blob: Data { Data(bytes) }
}

extension OrganisationID {
    var blob: Data { Data(bytes) }
}

extension Timestamp {
    var stored: Int64 { Int64(clamping: milliseconds) }
}

/// Statements that every request needs are read once for each connection: to compile one takes
/// longer than to run it.
extension Database {
    func row(_ sql: String, arguments: StatementArguments) throws -> Row? {
        try Row.fetchOne(try cachedStatement(sql: sql), arguments: arguments)
    }

    func rows(_ sql: String, arguments: StatementArguments) throws -> [Row] {
        try Row.fetchAll(try cachedStatement(sql: sql), arguments: arguments)
    }

    func number(_ sql: String, arguments: StatementArguments = []) throws -> Int? {
        try Int.fetchOne(try cachedStatement(sql: sql), arguments: arguments)
    }

    func flag(_ sql: String, arguments: StatementArguments) throws -> Bool? {
        try Bool.fetchOne(try cachedStatement(sql: sql), arguments: arguments)
    }

    func change(_ sql: String, arguments: StatementArguments) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }
}

extension Row {
    func bytes(_ column: String) -> [UInt8] { Array(self[column] as Data) }

    func digest(_ column: String) throws -> Digest {
        guard let digest = Digest(bytes: bytes(column)) else {
            throw AccessStoreError.damaged(column: column)
        }
        return digest
    }

    func digestIfPresent(_ column: String) throws -> Digest? {
        let blob: Data? = self[column]
        guard blob != nil else { return nil }
        return try digest(column)
    }

    func amount(_ column: String) throws -> Amount {
        guard let amount = Amount(blob: self[column]) else {
            throw AccessStoreError.damaged(column: column)
        }
        return amount
    }

    func denomination(_ column: String) throws -> Denomination {
        Denomination(digest: try digest(column))
    }

    func time(_ column: String) -> Timestamp {
        let stored: Int64 = self[column]
        return Timestamp(milliseconds: UInt64(Swift.max(0, stored)))
    }

    func user(_ column: String) throws -> UserID {
        guard let user = UserID(bytes: bytes(column)) else {
            throw AccessStoreError.damaged(column: column)
        }
        return user
    }

    func organisation(_ column: String) throws -> OrganisationID {
        guard let organisation = OrganisationID(bytes: bytes(column)) else {
            throw AccessStoreError.damaged(column: column)
        }
        return organisation
    }

    func role(_ column: String) throws -> Role {
        guard let role = Role(rawValue: self[column]) else {
            throw AccessStoreError.damaged(column: column)
        }
        return role
    }

    func scopes(_ column: String) throws -> ScopeSet {
        guard let scopes = ScopeSet(text: self[column]) else {
            throw AccessStoreError.damaged(column: column)
        }
        return scopes
    }

    func key(_ column: String) throws -> APIKeyID {
        guard let key = APIKeyID(text: self[column]) else {
            throw AccessStoreError.damaged(column: column)
        }
        return key
    }
}
