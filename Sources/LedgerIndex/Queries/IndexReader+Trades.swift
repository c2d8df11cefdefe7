import GRDB
public import LedgerCore
public import MarketTypes

/// A trade in its place.
public struct TradeEntry: Hashable, Sendable {
    /// The block.
    public let height: BlockHeight
    /// The place of the trade's event among the block's, from 0.
    public let index: UInt64
    /// The block's time.
    public let time: Timestamp
    /// The trade.
    public let trade: MarketTrade
}

/// A market, and how many trades it had.
public struct MarketEntry: Hashable, Sendable {
    /// The market.
    public let market: Market
    /// How many trades there were.
    public let trades: UInt64
    let number: Int64
}

extension IndexReader {
    /// Everything that was ever traded, the first traded first.
    ///
    /// - Throws: ``IndexError/badQuestion(_:)``, or a `DatabaseError`.
    public func markets(_ page: PageRequest) async throws -> Page<MarketEntry> {
        let key = try PageCursor.key(page, of: "markets", bytes: 8)
        let after = key.map { Int64(keyBytes: $0) } ?? 0
        return try await read { db, place in
            let rows = try Row.fetchAll(
                db,
                sql: "SELECT * FROM markets WHERE id > ? ORDER BY id LIMIT ?",
                arguments: [after, page.limit + 1]
            )
            let found = try rows.map { row in
                MarketEntry(
                    market: try Market(row),
                    trades: row.number("trades"),
                    number: row["id"]
                )
            }
            return Page(found, page, "markets", place.height) { $0.number.keyBytes }
        }
    }

    /// The market with this name, or nil if nothing was traded there.
    public func market(named name: Digest) async throws -> Market? {
        try await read { db, _ in
            let row = try Row.fetchOne(
                db,
                sql: "SELECT * FROM markets WHERE name = ?",
                arguments: [name.blob]
            )
            return try row.map { try Market($0) }
        }
    }

    /// The trades of a market, the latest first.
    ///
    /// - Throws: ``IndexError/badQuestion(_:)``, or a `DatabaseError`.
    public func trades(of market: Market, _ page: PageRequest) async throws -> Page<TradeEntry> {
        let question = "trades \(market.id)"
        let key = try PageCursor.key(page, of: question, bytes: 8)
        let before = key.map { Int64(keyBytes: $0) } ?? .max
        return try await read { db, place in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    \(TradeEntry.sql) WHERE t.market = ? AND t.id < ? ORDER BY t.id DESC LIMIT ?
                    """,
                arguments: [try Self.number(of: market, db), before, page.limit + 1]
            )
            let found = try rows.map { try TradeEntry($0) }
            return Page(found, page, question, place.height) { entry in
                Int64(entry.height.rawValue << Ordinal.bits | entry.index).keyBytes
            }
        }
    }

    /// The candles of a market whose spans begin in `range`, in seconds since 1970, the
    /// first first; spans without a trade have none.
    ///
    /// - Parameter seconds: one of ``Candle/spans``.
    /// - Throws: ``IndexError/badQuestion(_:)``, or a `DatabaseError`.
    public func candles(
        of market: Market,
        seconds: UInt64,
        in range: ClosedRange<UInt64>,
        _ page: PageRequest
    ) async throws -> Page<Candle> {
        guard Candle.spans.contains(seconds) else {
            throw IndexError.badQuestion("candles are of 60, 3600 or 86400 seconds")
        }
        let question = "candles \(market.id) \(seconds) \(range)"
        let key = try PageCursor.key(page, of: question, bytes: 8)
        let after = key.map { Int64(keyBytes: $0) } ?? -1
        return try await read { db, place in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM candles WHERE market = ? AND seconds = ?
                    AND start > ? AND start >= ? AND start <= ? ORDER BY start LIMIT ?
                    """,
                arguments: [
                    try Self.number(of: market, db), seconds.stored, after,
                    Int64(clamping: range.lowerBound), Int64(clamping: range.upperBound),
                    page.limit + 1,
                ]
            )
            let found = try rows.map { try Candle($0) }
            return Page(found, page, question, place.height) { $0.start.stored.keyBytes }
        }
    }

    private static func number(of market: Market, _ db: Database) throws -> Int64? {
        try Int64.fetchOne(
            db,
            sql: "SELECT id FROM markets WHERE name = ?",
            arguments: [market.id.blob]
        )
    }
}

extension Market {
    fileprivate init(_ row: Row, base: String = "base", quote: String = "quote") throws {
        let one = Denomination(digest: try row.digest(base))
        let other = Denomination(digest: try row.digest(quote))
        guard let market = Market(one, other) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a market of one unit")
        }
        self = market
    }
}

extension TradeEntry {
    /// Trades with what their market and block have.
    static let sql = """
        SELECT t.*, b.time, m.base AS baseUnit, m.quote AS quoteUnit FROM trades AS t
        JOIN markets AS m ON m.id = t.market JOIN blocks AS b ON b.height = t.id >> \(Ordinal.bits)
        """

    init(_ row: Row) throws {
        let ordinal = Ordinal(rawValue: row["id"])
        self.init(
            height: ordinal.height,
            index: ordinal.index,
            time: Timestamp(milliseconds: row.number("time")),
            trade: MarketTrade(
                market: try Market(row, base: "baseUnit", quote: "quoteUnit"),
                venue: row["venue"],
                place: try row.digest("place"),
                base: try row.amount("base"),
                quote: try row.amount("quote"),
                taker: AccountID(try row.digest("taker")),
                side: row["side"]
            )
        )
    }
}
