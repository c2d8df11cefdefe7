import GRDB
import MarketTypes

/// Answers questions from an index; every answer is of one height.
public struct IndexReader: Sendable {
    let database: IndexDatabase
    private let blocks = BlockCounter()

    /// Reads from a database, which may be written meanwhile.
    public init(_ database: IndexDatabase) {
        self.database = database
    }

    /// Where the index stands, and how much there is in it.
    public func status() async throws -> IndexStatus {
        try await read { [blocks] db, place in
            func count(_ table: String) throws -> UInt64 {
                let count = try Int64.fetchOne(db, sql: "SELECT max(rowid) FROM \(table)")
                return UInt64(clamping: count ?? 0)
            }
            func exactly(_ sql: String) throws -> UInt64 {
                UInt64(clamping: try Int64.fetchOne(db, sql: sql) ?? 0)
            }
            let counted = try blocks.count(db, at: place)
            return IndexStatus(
                place: place,
                transactions: counted.transactions,
                events: counted.events,
                subjects: try count("subjects"),
                assets: try exactly("SELECT count(*) FROM assets"),
                offers: try exactly("SELECT count(*) FROM offers"),
                trades: try exactly("SELECT sum(trades) FROM markets")
            )
        }
    }

    /// Runs a question in one snapshot.
    func read<Value: Sendable>(
        _ question: @Sendable (Database, IndexPlace) throws -> Value
    ) async throws -> Value {
        try await withoutActuallyEscaping(question) { question in
            try await database.pool.read { db in try question(db, try IndexPlace(db)) }
        }
    }
}

/// Where an index stands, and how much there is in it.
public struct IndexStatus: Hashable, Sendable {
    /// Where it stands.
    public let place: IndexPlace
    /// How many transactions there are.
    public let transactions: UInt64
    /// How many events there are.
    public let events: UInt64
    /// How many things have a history.
    public let subjects: UInt64
    /// How many assets were published.
    public let assets: UInt64
    /// How many offers were published.
    public let offers: UInt64
    /// How many trades were made.
    public let trades: UInt64
}
