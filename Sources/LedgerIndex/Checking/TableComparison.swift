import GRDB
import MarketTypes

/// Compares two indexes of the same blocks, every row of every table that blocks determine.
struct TableComparison {
    /// A table: which rows, and by which whole numbers they are in order.
    private struct Table {
        let name: String
        let sql: String
        let keys: [String]

        init(_ name: String, columns: String = "*", keys: String...) {
            self.name = name
            self.keys = keys
            sql = "SELECT \(columns) FROM \(name) ORDER BY \(keys.joined(separator: ", "))"
        }
    }

    private static let tables = [
        Table("blocks", keys: "height"), Table("events", keys: "id"),
        Table("subjects", keys: "id"), Table("mentions", keys: "subject", "event"),
        Table("transactions", keys: "id"), Table("markets", keys: "id"),
        Table("trades", keys: "id"),
        Table("candles", keys: "market", "seconds", "start"),
        // What else these have is the state's, and is compared with the state.
        Table("assets", columns: "id, name", keys: "id"),
        Table("offers", columns: "id, name", keys: "id"),
    ]

    let index: Database
    let fresh: Database

    /// Every difference; each table is read once, in order, holding two rows at a time.
    func differences() throws -> [IndexDifference] {
        try Self.tables.flatMap { try differences($0) }
    }

    private func differences(_ table: Table) throws -> [IndexDifference] {
        var found: [IndexDifference] = []
        let left = try Row.fetchCursor(index, sql: table.sql)
        let right = try Row.fetchCursor(fresh, sql: table.sql)
        var (one, other) = (try left.next(), try right.next())
        while one != nil || other != nil {
            let order = Self.order(one, other, table.keys)
            if order == 0, one != other {
                found.append(difference(table, expected: other, found: one))
            } else if order < 0 {
                found.append(difference(table, expected: nil, found: one))
            } else if order > 0 {
                found.append(difference(table, expected: other, found: nil))
            }
            if order <= 0 { one = try left.next() }
            if order >= 0 { other = try right.next() }
        }
        return found
    }

    /// Which row comes first: below 0 the left one, above 0 the right one; a missing row is last.
    private static func order(_ left: Row?, _ right: Row?, _ keys: [String]) -> Int {
        guard let left else { return 1 }
        guard let right else { return -1 }
        for key in keys {
            let (one, other): (Int64, Int64) = (left[key], right[key])
            if one != other { return one < other ? -1 : 1 }
        }
        return 0
    }

    private func difference(_ table: Table, expected: Row?, found: Row?) -> IndexDifference {
        let row = expected ?? found
        let key = table.keys.map { "\(row?[$0] as Int64? ?? 0)" }.joined(separator: "/")
        return IndexDifference(
            "\(table.name) \(key)",
            expected: expected?.plain,
            found: found?.plain
        )
    }
}
