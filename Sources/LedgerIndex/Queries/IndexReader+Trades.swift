import GRDB
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
    public let trade: Trade
}

/// A market, or a pair over all markets, and how many trades it had.
public struct MarketEntry: Hashable, Sendable {
    /// The market.
    public let market: Market
    /// How many trades there were.
    public let trades: UInt64
    let number: Int64
}

extension IndexReader {
    /// Everything that was ever traded, pairs too, the first traded first.
    ///
    /// - Throws: ``IndexError/badQuestion(_:)``, or a `DatabaseError`.
    public func markets(_ page: PageRequest) async throws -> Page<MarketEntry> {
        let key = try PageCursor.key(page, of: "markets", bytes: 8)
        let after = key.map { Int64(keyBytes: $0) } ?? 0
        return try await read { db, place in
            let rows = try Row.fetchAll(
                db,
                sql: "SELECT * FROM series WHERE id > ? ORDER BY id LIMIT ?",
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

    /// The market with this name, or nil if nothing was traded there; of several with one name the
    /// first traded.
    public func market(named name: Digest) async throws -> Market? {
        try await read { db, _ in
            let row = try Row.fetchOne(
                db,
                sql: "SELECT * FROM series WHERE market = ? AND kind <> '' ORDER BY id",
                arguments: [name.blob]
            )
            return try row.map { try Market($0) }
        }
    }

    /// The trades of a market or pair, the latest first.
    ///
    /// - Throws: ``IndexError/badQuestion(_:)``, or a `DatabaseError`.
    public func trades(of market: Market, _ page: PageRequest) async throws -> Page<TradeEntry> {
        let question = "trades \(market)"
        let key = try PageCursor.key(page, of: question, bytes: 8)
        let before = key.map { Int64(keyBytes: $0) } ?? .max
        return try await read { db, place in
            let number = try Self.number(of: market, db)
            let column = market.isPair ? "pair" : "market"
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT t.*, b.time, s.kind AS marketKind, s.market AS marketName,
                        s.base AS baseUnit, s.quote AS quoteUnit
                    FROM trades AS t JOIN series AS s ON s.id = t.market
                    JOIN blocks AS b ON b.height = t.id >> \(Ordinal.bits)
                    WHERE t.\(column) = ? AND t.id < ? ORDER BY t.id DESC LIMIT ?
                    """,
                arguments: [number, before, page.limit + 1]
            )
            let found = try rows.map { try TradeEntry($0) }
            return Page(found, page, question, place.height) { entry in
                Int64(entry.height.rawValue << Ordinal.bits | entry.index).keyBytes
            }
        }
    }

    /// The candles of a market or pair whose spans begin in `range`, in seconds since 1970, the
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
        let question = "candles \(market) \(seconds) \(range)"
        let key = try PageCursor.key(page, of: question, bytes: 8)
        let after = key.map { Int64(keyBytes: $0) } ?? -1
        return try await read { db, place in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM candles WHERE series = ? AND seconds = ?
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
            sql: "SELECT id FROM series WHERE market = ? AND base = ? AND quote = ? AND kind = ?",
            arguments: [
                market.name.blob, market.base.digest.blob, market.quote.digest.blob, market.kind,
            ]
        )
    }
}

extension Market {
    /// Whether this is a pair over all markets.
    public var isPair: Bool { kind.isEmpty }

    fileprivate init(_ row: Row) throws {
        self.init(
            kind: row["kind"],
            name: try row.digest("market"),
            base: Denomination(digest: try row.digest("base")),
            quote: Denomination(digest: try row.digest("quote"))
        )
    }
}

extension TradeEntry {
    init(_ row: Row) throws {
        let ordinal = Ordinal(rawValue: row["id"])
        self.init(
            height: ordinal.height,
            index: ordinal.index,
            time: Timestamp(milliseconds: row.number("time")),
            trade: Trade(
                market: Market(
                    kind: row["marketKind"],
                    name: try row.digest("marketName"),
                    base: Denomination(digest: try row.digest("baseUnit")),
                    quote: Denomination(digest: try row.digest("quoteUnit"))
                ),
                venue: row["venue"],
                base: try row.amount("base"),
                quote: try row.amount("quote"),
                taker: try row.digestIfPresent("taker").map { AccountID($0) },
                side: row["side"]
            )
        )
    }
}
