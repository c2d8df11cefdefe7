import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import WebServing

extension MarketAPI {
    /// Markets and what was traded there.
    var tradeHandlers: [String: OperationTable.Handler] {
        [
            "listMarkets": { request in
                .page(try await index.markets(request.page())) { entry in
                    .object(entry.market.apiMembers + [("tradeCount", .number(entry.trades))])
                }
            },
            "getMarket": { try await market($0) },
            "listTrades": { request in
                let market = try await tradedMarket(request)
                return .page(try await index.trades(of: market, request.page())) {
                    $0.apiDocument
                }
            },
            "listCandles": { try await candles($0) },
        ]
    }

    private func tradedMarket(_ request: APIRequest) async throws -> Market {
        guard let market = try await index.market(named: request.digest("market")) else {
            throw Problem.notFound("market")
        }
        return market
    }

    private func market(_ request: APIRequest) async throws -> APIAnswer {
        let name = try request.digest("market")
        guard let (record, height) = try await read(MarketRecord.self, .market(name)) else {
            throw Problem.notFound("market")
        }
        var sides: [JSON] = []
        for side in [OrderSide.buy, .sell] {
            let book = try await ledger.read(OrderBook.self, .orderBook(name, side))
            sides.append(.list(book?.entries ?? []) { $0.apiDocument })
        }
        let members = record.market.apiMembers
        let document = JSON.object(
            members + [
                ("lastPrice", .wide(record.lastPrice)),
                ("lastHeight", .height(at: record.lastHeight)), ("bids", sides[0]),
                ("asks", sides[1]),
            ]
        )
        return .one(document, at: height)
    }

    private func candles(_ request: APIRequest) async throws -> APIAnswer {
        let from = request.number("from") ?? 0
        let to = request.number("to") ?? UInt64(Int64.max)
        guard from <= to else { throw Problem.badRequest("is after “to”", at: "?from") }
        let market = try await tradedMarket(request)
        let candles = try await index.candles(
            of: market,
            seconds: request.number("seconds") ?? 3600,
            in: from...to,
            request.page()
        )
        return .page(candles) { $0.apiDocument }
    }
}

extension Market {
    fileprivate var apiMembers: [(name: String, value: JSON)] {
        [
            ("object", .text("market")), ("id", .digest(id)), ("base", .unit(base)),
            ("quote", .unit(quote)),
        ]
    }
}

extension BookEntry {
    fileprivate var apiDocument: JSON {
        .object([
            ("order", .digest(order.digest)), ("price", .wide(price)),
            ("placedAt", .height(at: placedAt)),
        ])
    }
}

extension TradeEntry {
    var apiDocument: JSON {
        .object(
            "trade",
            [
                ("cursor", .text("\(height.rawValue).\(index)")), ("height", .height(at: height)),
                ("index", .number(index)), ("time", .time(time)),
                ("market", .digest(trade.market.id)), ("venue", .text(trade.venue)),
                ("place", .digest(trade.place)), ("base", .money(trade.base, trade.market.base)),
                ("quote", .money(trade.quote, trade.market.quote)),
                ("price", .optional(trade.price.map { "\($0.obol)" })),
                ("taker", .account(trade.taker)), ("side", .text(trade.side)),
            ]
        )
    }
}

extension Candle {
    fileprivate var apiDocument: JSON {
        .object(
            "candle",
            [
                ("start", .number(start)),
                ("time", .time(Timestamp(milliseconds: start.multipliedOrMax(by: 1000)))),
                ("open", .obol(open)), ("high", .obol(high)), ("low", .obol(low)),
                ("close", .obol(close)), ("baseVolume", .obol(base)),
                ("quoteVolume", .obol(quote)), ("trades", .number(trades)),
            ]
        )
    }
}

extension UInt64 {
    fileprivate func multipliedOrMax(by factor: UInt64) -> UInt64 {
        let (product, overflows) = multipliedReportingOverflow(by: factor)
        return overflows ? .max : product
    }
}
