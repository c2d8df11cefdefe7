import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import WebServing

/// A market with what its two denominations are called.
struct MarketNames: Sendable {
    let market: Market
    let base: UnitName
    let quote: UnitName

    /// How many digits of a price stand behind the point: prices are for 10^18 smallest parts.
    var pricePlaces: Int { 18 + quote.decimals - base.decimals }

    /// A price of one whole unit of the base, as ``OrderPrice`` counts, in the quote's.
    func price(_ price: UInt128) -> String { MoneyText.price(price, by: pricePlaces) }

    /// A price as a number to draw.
    func drawn(_ price: UInt128) -> Double {
        var value = Double(price)
        for _ in 0..<max(0, pricePlaces) { value /= 10 }
        return value
    }

    var title: String { "\(base.name) / \(quote.name)" }
}

/// Everything that a market's page shows.
struct MarketPage: Sendable {
    static let bookLevels = 10
    static let tradesMax = 20
    static let salesMax = 200
    /// How many spans a chart that can be moved has.
    static let liveCandlesMax = 200

    struct Order: Sendable {
        let price: UInt128
        let open: UInt128
    }

    struct PoolStanding: Sendable {
        let feeBasisPoints: UInt16
        let base: Amount
        let quote: Amount
    }

    let names: MarketNames
    let lastPrice: UInt128?
    let candles: [Candle]
    let span: UInt64
    let trades: Page<TradeEntry>
    let pools: [PoolStanding]
    let buys: [Order]
    let sells: [Order]
    let sales: (items: [(id: SaleID, sale: Sale)], isCut: Bool)

    static func load(
        _ id: Digest,
        span wanted: UInt64?,
        _ page: PageRequest,
        _ source: PageSource
    ) async throws -> MarketPage {
        let record = try await source.ledger.read(MarketRecord.self, .market(id))
        guard let market = try await source.index.market(named: id) ?? record?.market else {
            throw Problem.missing(
                "There is no market of this name.",
                hint: "A market is there once somebody made a pool or placed an order in it."
            )
        }
        let units = try await source.units([market.base, market.quote])
        let names = MarketNames(
            market: market,
            base: units[market.base] ?? .native,
            quote: units[market.quote] ?? .native
        )
        let trades = try await source.index.trades(of: market, page)
        let last = try await source.index.trades(of: market, PageRequest(limit: 1)).items.first
        var span = wanted ?? 3600
        var candles = try await candles(market, until: last?.time, span, source)
        // A young market says more in minutes.
        if wanted == nil, candles.count < 12 {
            span = 60
            candles = try await self.candles(market, until: last?.time, span, source)
        }
        return MarketPage(
            names: names,
            lastPrice: last?.trade.price?.obol,
            candles: candles,
            span: span,
            trades: trades,
            pools: try await pools(market, source),
            buys: try await orders(id, .buy, source),
            sells: try await orders(id, .sell, source),
            sales: try await sales(market, source)
        )
    }

    /// The last spans before the last trade.
    private static func candles(
        _ market: Market,
        until last: Timestamp?,
        _ span: UInt64,
        _ source: PageSource
    ) async throws -> [Candle] {
        guard let last else { return [] }
        let end = last.milliseconds / 1000
        let reach = span * UInt64(CandleChart.barsMax)
        let range = (end > reach ? end - reach : 0)...end
        let request = try PageRequest(limit: CandleChart.barsMax + 1)
        let page = try await source.index.candles(
            of: market,
            seconds: span,
            in: range,
            request
        )
        return page.items.suffix(CandleChart.barsMax)
    }

    private static func pools(
        _ market: Market,
        _ source: PageSource
    ) async throws -> [PoolStanding] {
        let found = try await source.each(Pool.feeTiers) { fee -> PoolStanding? in
            let id = PoolID(market, feeBasisPoints: fee)
            guard try await source.ledger.read(Pool.self, .pool(id)) != nil else { return nil }
            func reserve(_ unit: Denomination) async throws -> Amount {
                let key = StateKey.pot(.pool(id, unit))
                return try await source.ledger.read(StoredAmount.self, key)?.amount ?? .zero
            }
            return PoolStanding(
                feeBasisPoints: fee,
                base: try await reserve(market.base),
                quote: try await reserve(market.quote)
            )
        }
        return found.compactMap(\.self)
    }

    private static func orders(
        _ market: Digest,
        _ side: OrderSide,
        _ source: PageSource
    ) async throws -> [Order] {
        let book = try await source.ledger.read(OrderBook.self, .orderBook(market, side))
        let best = Array((book?.entries ?? []).prefix(bookLevels))
        let found = try await source.each(best) { entry in
            try await source.ledger.read(LedgerCore.Order.self, .order(entry.order))
        }
        return zip(best, found).compactMap { entry, order in
            order.map { Order(price: entry.price, open: $0.open) }
        }
    }

    /// The sales in a market: the ledger lists those of all markets together.
    static func sales(
        _ market: Market,
        _ source: PageSource
    ) async throws -> (items: [(id: SaleID, sale: Sale)], isCut: Bool) {
        try await source.found(.sales, limit: salesMax) { listing in
            guard let name = Digest(bytes: listing.key.bytes.suffix(Digest.byteCount)),
                let sale = try? Sale(canonicalBytes: listing.value), sale.market == market
            else { return nil }
            return (SaleID(name), sale)
        }
    }
}

extension MarketPage {
    var chart: SVG? {
        guard !candles.isEmpty else { return nil }
        let names = names
        let bars = candles.map { candle in
            let when = TimeText.full(Timestamp(milliseconds: candle.start * 1000))
            let volume = names.base.text(candle.base)
            return CandleChart.Bar(
                start: candle.start,
                open: names.drawn(candle.open.obol),
                high: names.drawn(candle.high.obol),
                low: names.drawn(candle.low.obol),
                close: names.drawn(candle.close.obol),
                volume: Double(candle.base.obol),
                title: """
                    \(when)
                    open \(names.price(candle.open.obol)), high \(names.price(candle.high.obol))
                    low \(names.price(candle.low.obol)), close \(names.price(candle.close.obol))
                    \(NumberText.count(candle.trades, "trade", "trades")), \(volume)
                    """
            )
        }
        let places = names.pricePlaces
        let chart = CandleChart(bars: bars, span: span) { Self.axisPrice($0, places: places) }
        return chart.draw(title: chartTitle)
    }

    private var chartTitle: String {
        "Prices of \(names.title) in \(names.quote.name), with volumes below"
    }

    /// What a chart by a library at `script` is made from: more than the drawing has room for.
    func live(script: String) -> Fill? {
        guard let last = candles.last else { return nil }
        let reach = span * UInt64(Self.liveCandlesMax - 1)
        var fill = Fill(["chartScript": script, "chartTitle": chartTitle])
        let path = "/api/v1/markets/\(names.market.id)/candles"
        fill.put(
            "candlesHref",
            PortalPaths.query(
                path,
                [
                    ("seconds", "\(span)"), ("limit", "\(Self.liveCandlesMax)"),
                    ("from", "\(last.start > reach ? last.start - reach : 0)"),
                ]
            )
        )
        fill.put("pricePlaces", "\(names.pricePlaces)")
        fill.put("baseDecimals", "\(names.base.decimals)")
        fill.put("spanSeconds", "\(span)")
        return fill
    }

    /// A drawn price as text of about five digits.
    static func axisPrice(_ value: Double, places: Int) -> String {
        guard value.isFinite, value > 0 else { return "0" }
        // Back to an integer with nine digits behind the point: it is written like the others.
        let scaled = value * 1e9
        guard scaled < 1e30 else { return NumberText.compact(UInt128(min(value, 1e30))) }
        return MoneyText.price(UInt128(scaled), by: 9, significant: 5)
    }

    /// How one trades here: units are named by their digits, which name one unit only.
    private var commands: String {
        func name(_ denomination: Denomination) -> String {
            guard case .issued(let unit) = denomination else { return "STOA" }
            return "\(unit)"
        }
        let (base, quote) = (name(names.market.base), name(names.market.quote))
        var lines = [
            "stoa exchange swap 10 \(quote) \(base) --quote",
            "stoa exchange swap 10 \(quote) \(base) --wallet WALLET",
        ]
        if names.market.quote == .native {
            lines.append("stoa exchange order place buy 5 \(base) --price 1 --wallet WALLET")
        }
        return lines.joined(separator: "\n")
    }

    func fill(_ source: PageSource) -> Fill {
        var fill = Fill()
        fill.put("title", names.title)
        fill.put("baseName", names.base.name)
        let isShares = names.base.name.hasPrefix("shares of ")
        fill.put("heading", isShares ? names.base.name.capitalizedFirst : names.base.name)
        fill.put("quoteName", names.quote.name)
        fill.put("baseHref", names.base.link)
        fill.put("tradeStep", Fill(["code": commands]))
        fill.put("id", NameText.fill(names.market.id))
        fill.put("lastPrice", lastPrice.map { names.price($0) })
        fill.put("chartSVG", chart)
        let titles: [UInt64: (String, String)] = [
            60: ("minute", "1 min"), 3600: ("hour", "1 h"), 86400: ("day", "1 d"),
        ]
        let path = PortalPaths.market(names.market.id)
        fill.put(
            "spans",
            Candle.spans.map { span in
                let (name, title) = titles[span] ?? ("hour", "1 h")
                var fill = Fill(["spanTitle": title])
                fill.put("spanHref", PortalPaths.query(path, [("span", name)]))
                fill.put("spanHere", span == self.span)
                return fill
            }
        )
        fill.put("trades", trades.items.map { trade($0, source) })
        fill.put("pools", pools.map(pool))
        fill.put("buys", side(buys, "buy"))
        fill.put("sells", side(sells, "sell"))
        fill.put("sales", sales.items.map { sale($0.sale) })
        fill.put("salesCut", sales.isCut)
        let dayVolume = candles.reduce(Amount.zero) { sum, candle in
            (try? sum.adding(candle.quote)) ?? sum
        }
        fill.put("volume", names.quote.fill(dayVolume))
        fill.put("shownSpans", NumberText.count(candles.count, "span", "spans"))
        fill.put("shownTrades", candles.reduce(UInt64(0)) { $0 + $1.trades })
        return fill
    }

    private func trade(_ entry: TradeEntry, _ source: PageSource) -> Fill {
        var fill = source.time(entry.time)
        fill.put("side", entry.trade.side)
        fill.put("isBuy", entry.trade.side == "buy")
        fill.put("venue", ["batch": "order", "pool": "pool", "sale": "sale"][entry.trade.venue])
        fill.put("price", entry.trade.price.map { names.price($0.obol) })
        fill.put("baseAmount", MoneyText.exact(entry.trade.base, decimals: names.base.decimals))
        fill.put("quoteAmount", MoneyText.exact(entry.trade.quote, decimals: names.quote.decimals))
        fill.put("taker", NameText.fill(entry.trade.taker))
        fill.put("blockHref", PortalPaths.block(entry.height))
        return fill
    }

    private func pool(_ pool: PoolStanding) -> Fill {
        var fill = Fill()
        fill.put("poolFee", NumberText.percent(basisPoints: UInt64(pool.feeBasisPoints)))
        fill.put("poolBase", names.base.fill(pool.base))
        fill.put("poolQuote", names.quote.fill(pool.quote))
        let price =
            pool.base.isZero
            ? nil : try? pool.quote.scaled(by: OrderPrice.scale, over: pool.base.obol)
        fill.put("poolPrice", price.map { names.price($0.obol) })
        return fill
    }

    private func side(_ orders: [Order], _ style: String) -> [Fill] {
        let most = orders.map(\.open).max() ?? 1
        return orders.map { order in
            var fill = Fill()
            fill.put("orderPrice", names.price(order.price))
            let open = Amount(obol: order.open)
            fill.put("orderOpen", MoneyText.exact(open, decimals: names.base.decimals))
            fill.put("depthSVG", Bars.depth(Bars.part(order.open, of: most), style: style))
            return fill
        }
    }

    private func sale(_ sale: Sale) -> Fill {
        var fill = Fill()
        let isBase = sale.given == names.market.base
        fill.put("saleSeller", NameText.fill(sale.seller))
        fill.put("saleGives", (isBase ? names.base : names.quote).fill(sale.rate.given))
        fill.put("saleWants", (isBase ? names.quote : names.base).fill(sale.rate.wanted))
        fill.put("saleUntil", sale.until.rawValue)
        return fill
    }
}
