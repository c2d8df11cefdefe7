import LedgerCore
import LedgerIndex
import MarketTypes

/// The list of markets.
struct ExchangePage: Sendable {
    static let marketsMax = 20
    /// How many of the last days the small drawing shows.
    static let sparkSpans = 24

    struct Row: Sendable {
        let names: MarketNames
        let trades: UInt64
        let last: TradeEntry?
        let candles: [Candle]
    }

    let rows: [Row]
    let next: String?

    static func load(_ page: PageRequest, _ source: PageSource) async throws -> ExchangePage {
        let markets = try await source.index.markets(page)
        let units = try await source.units(
            markets.items.flatMap { [$0.market.base, $0.market.quote] }
        )
        var rows: [Row] = []
        for entry in markets.items {
            let names = MarketNames(
                market: entry.market,
                base: units[entry.market.base] ?? .native,
                quote: units[entry.market.quote] ?? .native
            )
            let trades = try await source.index.trades(of: entry.market, PageRequest(limit: 1))
            let last = trades.items.first
            let end = (last?.time.milliseconds ?? 0) / 1000
            let reach = UInt64(sparkSpans) * 3600
            let candles = try await source.index.candles(
                of: entry.market,
                seconds: 3600,
                in: (end > reach ? end - reach : 0)...end,
                PageRequest(limit: sparkSpans + 2)
            )
            rows.append(
                Row(names: names, trades: entry.trades, last: last, candles: candles.items)
            )
        }
        return ExchangePage(rows: rows, next: markets.next)
    }

    func fill(_ source: PageSource) -> Fill {
        var fill = Fill()
        fill.put(
            "markets",
            rows.map { row in
                var fill = Fill()
                fill.put("marketHref", PortalPaths.market(row.names.market.id))
                fill.put("baseName", row.names.base.name)
                fill.put("quoteName", row.names.quote.name)
                fill.put("tradeCount", row.trades)
                fill.put("price", row.last?.trade.price.map { row.names.price($0.obol) })
                fill.put("change", Self.change(row.candles))
                fill.put("fell", Self.fell(row.candles))
                fill.put("lastTrade", row.last.map { source.time($0.time) })
                return fill
            }
        )
        return fill
    }

    static func fell(_ candles: [Candle]) -> Bool {
        guard let first = candles.first, let last = candles.last else { return false }
        return last.close < first.open
    }

    /// How the price moved over the candles, such as `+12.5%`; nil without one.
    static func change(_ candles: [Candle]) -> String? {
        guard let first = candles.first?.open.obol, let last = candles.last?.close.obol, first > 0
        else { return nil }
        let difference = last > first ? last - first : first - last
        let product = difference.multipliedFullWidth(by: 1000)
        guard product.high < first else { return nil }
        let permille = first.dividingFullWidth(product).quotient
        let (whole, tenth) = permille.quotientAndRemainder(dividingBy: 10)
        let sign = difference == 0 ? "" : last > first ? "+" : "−"
        return "\(sign)\(NumberText.grouped(whole)).\(tenth)%"
    }
}
