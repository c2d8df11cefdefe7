import GRDB
import MarketTypes

@testable import LedgerIndex

extension IndexDatabase {
    /// Every row of every table as text, in the order of its key; `read` left out, because when a
    /// row was read is no part of what it says.
    func dump() async throws -> [String: [String]] {
        try await pool.read { db in
            var tables: [String: [String]] = [:]
            for table in IndexSchema.blockTables + IndexSchema.catalogueTables {
                let rows = try Row.fetchAll(db, sql: "SELECT * FROM \(table)")
                tables[table] = rows.map { row in
                    row.filter { $0.0 != "read" }.map { "\($0.0)=\($0.1.plain)" }
                        .joined(separator: " ")
                }.sorted()
            }
            let place = try IndexPlace(db)
            tables["place"] = ["\(place.chain.digest) \(place.height.rawValue) \(place.time)"]
            return tables
        }
    }

    /// Changes rows behind the index's back.
    func plant(_ sql: String) async throws {
        try await pool.write { db in try db.execute(sql: sql) }
    }

    func count(_ sql: String) async throws -> Int {
        try await pool.read { try Int.fetchOne($0, sql: sql) ?? 0 }
    }
}
