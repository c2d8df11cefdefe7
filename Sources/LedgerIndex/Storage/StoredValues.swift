import FoundationEssentials
import GRDB
import MarketTypes

/// How values stand in columns: names and amounts as big-endian blobs, whose order is theirs.
extension Digest {
    var blob: Data { Data(bytes) }

    init?(blob: Data) { self.init(bytes: blob) }
}

extension Amount {
    /// Sixteen bytes, big endian: SQLite's own integers end at 2^63.
    var blob: Data { withUnsafeBytes(of: obol.bigEndian) { Data($0) } }

    init?(blob: Data) {
        guard blob.count == 16 else { return nil }
        self.init(obol: blob.reduce(0) { $0 << 8 | UInt128($1) })
    }

    /// The sum, or the most there can be.
    func addingSaturating(_ other: Amount) -> Amount {
        let (sum, overflow) = obol.addingReportingOverflow(other.obol)
        return Amount(obol: overflow ? .max : sum)
    }
}

extension Denomination {
    /// The unit's name; zero for the native one.
    var digest: Digest {
        switch self {
        case .native: .zero
        case .issued(let unit): unit
        }
    }

    init(digest: Digest) { self = digest == .zero ? .native : .issued(digest) }

    /// The unit for programs: its name, or `native`.
    var text: String {
        switch self {
        case .native: "native"
        case .issued(let unit): "\(unit)"
        }
    }
}

/// A number of 64 bits as SQLite keeps it; what exceeds 2^63 comes back as it was.
extension UInt64 {
    var stored: Int64 { Int64(bitPattern: self) }
}

extension Row {
    func digest(_ column: String) throws -> Digest {
        guard let digest = Digest(blob: self[column]) else { throw damaged(column) }
        return digest
    }

    func digestIfPresent(_ column: String) throws -> Digest? {
        let blob: Data? = self[column]
        guard let blob else { return nil }
        guard let digest = Digest(blob: blob) else { throw damaged(column) }
        return digest
    }

    func amount(_ column: String) throws -> Amount {
        guard let amount = Amount(blob: self[column]) else { throw damaged(column) }
        return amount
    }

    func number(_ column: String) -> UInt64 { UInt64(bitPattern: self[column]) }

    private func damaged(_ column: String) -> DatabaseError {
        DatabaseError(resultCode: .SQLITE_CORRUPT, message: "column \(column) is damaged")
    }
}

extension DatabaseValue {
    /// The value for people: blobs in hex.
    var plain: String {
        switch storage {
        case .null: "null"
        case .int64(let number): "\(number)"
        case .double(let number): "\(number)"
        case .string(let text): text
        case .blob(let bytes): Hex.encode(bytes)
        }
    }
}

extension Row {
    /// The row for people, column by column.
    var plain: String { map { "\($0) \($1.plain)" }.joined(separator: ", ") }
}
