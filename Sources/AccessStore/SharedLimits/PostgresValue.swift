import AccessCore
import MarketTypes

/// A parameter of a statement, as PostgreSQL's binary format writes it.
enum PostgresValue {
    case bytes([UInt8])
    case text(String)
    case integer(Int64)
    case byteArray([[UInt8]])
    case textArray([String])

    static func amount(_ amount: Amount) -> PostgresValue { .bytes(Array(amount.blob)) }
    static func digest(_ digest: Digest) -> PostgresValue { .bytes(Array(digest.bytes)) }
    static func time(_ time: Timestamp) -> PostgresValue { .integer(time.stored) }
    static func day(_ day: UInt32) -> PostgresValue { .integer(Int64(day)) }

    /// Types' numbers in the catalogue of every PostgreSQL.
    private static let (byteaType, textType): (UInt32, UInt32) = (17, 25)

    var encoded: [UInt8] {
        switch self {
        case .bytes(let bytes): bytes
        case .text(let text): Array(text.utf8)
        case .integer(let number): Self.bigEndian(number)
        case .byteArray(let parts): Self.array(parts, of: Self.byteaType)
        case .textArray(let parts): Self.array(parts.map { Array($0.utf8) }, of: Self.textType)
        }
    }

    private static func bigEndian(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    private static func array(_ parts: [[UInt8]], of type: UInt32) -> [UInt8] {
        // Dimensions, whether there are nulls, the type; then of the one dimension count and start.
        var bytes = bigEndian(Int32(parts.isEmpty ? 0 : 1)) + bigEndian(Int32(0)) + bigEndian(type)
        guard !parts.isEmpty else { return bytes }
        bytes += bigEndian(Int32(clamping: parts.count)) + bigEndian(Int32(1))
        for part in parts { bytes += bigEndian(Int32(clamping: part.count)) + part }
        return bytes
    }
}

/// A row that came back; whatever is not in the form that was written is damage.
struct PostgresRow {
    let values: [[UInt8]?]

    func bytes(_ column: Int) throws -> [UInt8] {
        guard values.indices.contains(column), let bytes = values[column] else {
            throw damage(column)
        }
        return bytes
    }

    func integer(_ column: Int) throws -> Int64 {
        let bytes = try bytes(column)
        guard bytes.count == 8 else { throw damage(column) }
        return Int64(bitPattern: bytes.reduce(0) { $0 << 8 | UInt64($1) })
    }

    /// A number that is never below zero.
    func count(_ column: Int) throws -> UInt64 {
        guard let count = UInt64(exactly: try integer(column)) else { throw damage(column) }
        return count
    }

    func time(_ column: Int) throws -> Timestamp { Timestamp(milliseconds: try count(column)) }

    func text(_ column: Int) throws -> String {
        guard let text = String(validating: try bytes(column), as: UTF8.self) else {
            throw damage(column)
        }
        return text
    }

    func amount(_ column: Int) throws -> Amount {
        let bytes = try bytes(column)
        guard bytes.count == 16 else { throw damage(column) }
        return Amount(obol: bytes.reduce(0) { $0 << 8 | UInt128($1) })
    }

    func digest(_ column: Int) throws -> Digest {
        guard let digest = Digest(bytes: try bytes(column)) else { throw damage(column) }
        return digest
    }

    func digestIfPresent(_ column: Int) throws -> Digest? {
        guard values.indices.contains(column), values[column] == nil else {
            return try digest(column)
        }
        return nil
    }

    func key(_ column: Int) throws -> APIKeyID {
        guard let key = APIKeyID(text: try text(column)) else { throw damage(column) }
        return key
    }

    func denomination(_ column: Int) throws -> Denomination {
        Denomination(digest: try digest(column))
    }

    func slot(model: Int, day: Int) throws -> CounterSlot {
        let (name, number) = (try text(model), try integer(day))
        guard number == -1 || UInt32(exactly: number) != nil else { throw damage(day) }
        return CounterSlot(model: name.isEmpty ? nil : name, day: UInt32(exactly: number))
    }

    private func damage(_ column: Int) -> AccessStoreError {
        .damaged(column: "\(column) of the shared limits")
    }
}
