import GRDB
import LedgerClient
import LedgerCore
import MarketTypes
import Testing

@testable import LedgerIndex

@Suite("IDX-40 to IDX-44: trades and candles", .timeLimit(.minutes(5)))
struct TradeTests {
    private static let units: [Denomination] = [.native, .issued(digest(1)), .issued(digest(2))]

    private func market(_ number: Int) -> Market {
        Market(
            kind: number == 2 ? "sale" : "pool",
            name: digest(UInt8(50 + number)),
            base: Self.units[number % 2 + 1],
            quote: Self.units[0]
        )
    }

    private func random(_ random: inout SplitMix64) -> Trade {
        Trade(
            market: market(random.below(3)),
            venue: "pool",
            base: Amount(obol: UInt128(random.below(8))),
            quote: Amount(obol: random.once(in: 30) ? .max : UInt128(random.below(1_000_000))),
            taker: random.once(in: 3) ? nil : Person.bob.id,
            side: random.once(in: 2) ? "buy" : "sell"
        )
    }

    private func block(_ height: UInt64, _ seconds: UInt64, _ trades: [Trade]) throws -> BlockRows {
        var rows = try BlockRows(
            BlockSummary(
                height: BlockHeight(height),
                time: Timestamp(milliseconds: seconds * 1000 + 7),
                transactions: 0,
                events: []
            )
        )
        rows.trades = try trades.enumerated().map { index, trade in
            let place = try Ordinal(BlockHeight(height), index)
            return BlockRows.TradeRow(id: place.rawValue, trade: trade)
        }
        return rows
    }

    /// Candles as anybody would make them, from a list of all trades.
    private func candles(
        _ trades: [(seconds: UInt64, trade: Trade)],
        of market: Market,
        span: UInt64
    ) -> [Candle] {
        let mine = trades.filter { entry in
            let other = entry.trade.market
            let isSame =
                market.isPair
                ? other.base == market.base && other.quote == market.quote : other == market
            return isSame && !entry.trade.base.isZero
        }
        let starts = Set(mine.map { $0.seconds / span * span }).sorted()
        return starts.map { start in
            let inside = mine.filter { $0.seconds / span * span == start }.map(\.trade)
            let prices = inside.map { trade -> UInt128 in
                let (high, low) = trade.quote.obol.multipliedFullWidth(by: 1_000_000_000)
                guard high < trade.base.obol else { return .max }
                return trade.base.obol.dividingFullWidth((high, low)).quotient
            }
            func sum(_ amounts: [UInt128]) -> Amount {
                Amount(obol: amounts.reduce(0) { $0 > .max - $1 ? .max : $0 + $1 })
            }
            return Candle(
                start: start,
                open: Amount(obol: prices.first ?? 0),
                high: Amount(obol: prices.max() ?? 0),
                low: Amount(obol: prices.min() ?? 0),
                close: Amount(obol: prices.last ?? 0),
                base: sum(inside.map(\.base.obol)),
                quote: sum(inside.map(\.quote.obol)),
                trades: UInt64(inside.count)
            )
        }
    }

    @Test(
        "candles are those of a list of all trades, whatever the batches",
        arguments: 0..<Soak.seeds
    )
    func model(seed: UInt64) async throws {
        let library = try Library()
        var generator = SplitMix64(seed: seed)
        var all: [(seconds: UInt64, trade: Trade)] = []
        var pending: [BlockRows] = []
        var seconds: UInt64 = 1_700_000_000
        for height in 1...UInt64(80) {
            seconds += [0, 5, 59, 600, 40_000][generator.below(5)]
            let trades = (0..<generator.below(4)).map { _ in random(&generator) }
            all += trades.map { (seconds, $0) }
            pending.append(try block(height, seconds, trades))
            if generator.once(in: 4) || height == 80 {
                let batch = pending
                pending = []
                try await library.database.pool.write { db in
                    try BlockWriter(db: db).write(batch, CatalogueChanges())
                }
            }
        }
        let index = library.index
        let pair = Market.pair(base: Self.units[1], quote: Self.units[0])
        for market in [market(0), market(1), market(2), pair] {
            for span in Candle.spans {
                let expected = candles(all, of: market, span: span)
                let found = try await index.candles(
                    of: market,
                    seconds: span,
                    in: 0...UInt64.max,
                    PageRequest(limit: 200)
                ).items
                #expect(found == Array(expected.prefix(200)), "\(market) \(span)")
                guard expected.count > 2 else { continue }
                let part = expected[1].start...expected[expected.count - 2].start
                let inner = try await index.candles(
                    of: market,
                    seconds: span,
                    in: part,
                    PageRequest(limit: 200)
                ).items
                #expect(inner == Array(expected.dropFirst().dropLast().prefix(200)))
            }
            let trades = try await index.trades(of: market, PageRequest(limit: 200)).items
            let expected = all.map(\.trade).filter { trade in
                !trade.base.isZero
                    && (market.isPair ? trade.market.base == market.base : trade.market == market)
            }
            #expect(trades.reversed().map(\.trade) == expected.suffix(200))
        }
        let markets = try await index.markets(PageRequest()).items
        let count = all.count { !$0.trade.base.isZero }
        #expect(markets.filter { !$0.market.isPair }.reduce(0) { $0 + $1.trades } == count)
        #expect(markets.filter { $0.market.isPair }.reduce(0) { $0 + $1.trades } == count)
        #expect(try await index.market(named: digest(52)) == market(2))
        let differences = try await library.database.pool.read { db in
            try TotalsComparison(db: db).differences(at: BlockHeight(80))
        }
        #expect(differences.isEmpty)
    }

    @Test("a trade is read from an event's fields, and only from those that all trades have")
    func record() {
        let fields: [EventRecord.Field] = [
            .init("venue", .text("pool")), .init("market", .object("pool", digest(9))),
            .init("base", .denomination(.issued(digest(1)))),
            .init("quote", .denomination(.native)),
            .init("baseAmount", .amount(Amount(obol: 3), .issued(digest(1)))),
            .init("quoteAmount", .amount(Amount(obol: 10), .native)),
            .init("taker", .account(Person.bob.id)), .init("side", .text("buy")),
        ]
        let trade = Trade(EventRecord("exchange.trade", fields))
        #expect(trade?.price == Amount(obol: 3_333_333_333))
        #expect(trade?.taker == Person.bob.id)
        #expect(trade?.market.kind == "pool")
        #expect(Trade(EventRecord("exchange.traded", fields)) == nil)
        for missing in 1...5 {
            var fewer = fields
            fewer.remove(at: missing)
            #expect(Trade(EventRecord("exchange.trade", fewer)) == nil)
        }
    }

    @Test("spans that are none are refused")
    func spans() async throws {
        let library = try Library()
        await #expect(throws: IndexError.self) {
            try await library.index.candles(
                of: market(0),
                seconds: 61,
                in: 0...1,
                PageRequest()
            )
        }
    }
}
