import FoundationEssentials
import GRDB
import LedgerCore
import MarketTypes

/// Writes trades, and adds them to the candles of their market.
struct TradeWriter {
    let db: Database

    /// One candle's place.
    private struct Span: Hashable {
        let market: Int64
        let seconds: UInt64
        let start: UInt64
    }

    func write(_ blocks: [BlockRows]) throws {
        var numbers: [Market: Int64] = [:]
        var counts: [Int64: Int64] = [:]
        var candles: [Span: Candle] = [:]
        for block in blocks {
            for row in block.trades {
                let trade = row.trade
                // A trade of nothing has no price, and is an event like others.
                guard let price = trade.price else { continue }
                let number = try number(of: trade.market, &numbers)
                try insert(row, price, number)
                counts[number, default: 0] += 1
                for seconds in Candle.spans {
                    let start = Candle.start(of: block.time, seconds: seconds)
                    let span = Span(market: number, seconds: seconds, start: start)
                    try add(trade, price, to: span, of: &candles)
                }
            }
        }
        for (span, candle) in candles { try write(candle, span) }
        let count = try db.cachedStatement(
            sql: "UPDATE markets SET trades = trades + ? WHERE id = ?"
        )
        for (market, trades) in counts { try count.execute(arguments: [trades, market]) }
    }

    private func number(of market: Market, _ known: inout [Market: Int64]) throws -> Int64 {
        if let number = known[market] { return number }
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO markets(name, base, quote, trades) VALUES (?, ?, ?, 0)
                ON CONFLICT(name) DO UPDATE SET trades = trades RETURNING id
                """
        )
        let number = try Int64.fetchOne(
            statement,
            arguments: [market.id.blob, market.base.digest.blob, market.quote.digest.blob]
        )
        guard let number else { throw DatabaseError(message: "a market was not written") }
        known[market] = number
        return number
    }

    private func insert(_ row: BlockRows.TradeRow, _ price: Amount, _ market: Int64) throws {
        let trade = row.trade
        try db.cachedStatement(sql: "INSERT INTO trades VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .execute(
                arguments: [
                    row.id, market, trade.venue, trade.place.blob, trade.base.blob,
                    trade.quote.blob, price.blob, trade.taker.digest.blob, trade.side,
                ]
            )
    }

    private func add(
        _ trade: MarketTrade,
        _ price: Amount,
        to span: Span,
        of candles: inout [Span: Candle]
    ) throws {
        if candles[span] == nil { candles[span] = try stored(span) }
        if candles[span] == nil {
            candles[span] = Candle(start: span.start, trade, price: price)
        } else {
            candles[span]?.add(trade, price: price)
        }
    }

    private func stored(_ span: Span) throws -> Candle? {
        let statement = try db.cachedStatement(
            sql: "SELECT * FROM candles WHERE market = ? AND seconds = ? AND start = ?"
        )
        let row = try Row.fetchOne(
            statement,
            arguments: [span.market, span.seconds.stored, span.start.stored]
        )
        return try row.map { try Candle($0) }
    }

    private func write(_ candle: Candle, _ span: Span) throws {
        try db.cachedStatement(
            sql: "INSERT OR REPLACE INTO candles VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        ).execute(
            arguments: [
                span.market, span.seconds.stored, span.start.stored, candle.open.blob,
                candle.high.blob, candle.low.blob, candle.close.blob, candle.base.blob,
                candle.quote.blob, candle.trades.stored,
            ]
        )
    }
}

extension Candle {
    init(_ row: Row) throws {
        self.init(
            start: row.number("start"),
            open: try row.amount("open"),
            high: try row.amount("high"),
            low: try row.amount("low"),
            close: try row.amount("close"),
            base: try row.amount("base"),
            quote: try row.amount("quote"),
            trades: row.number("trades")
        )
    }
}
