import GRDB
import LedgerClient
import LedgerCore
import MarketTypes
import Testing

@testable import LedgerIndex

@Suite("IDX-40 to IDX-44: trades and candles", .timeLimit(.minutes(5)))
struct TradeTests {
    private static let markets = [
        Market(.issued(digest(1)), .native), Market(.native, .issued(digest(2))),
        Market(.issued(digest(2)), .issued(digest(1))),
    ].compactMap(\.self)

    private func random(_ random: inout SplitMix64) -> MarketTrade {
        MarketTrade(
            market: Self.markets[random.below(3)],
            venue: ["pool", "sale", "batch"][random.below(3)],
            place: digest(UInt8(random.below(9))),
            base: Amount(obol: UInt128(random.below(8))),
            quote: Amount(obol: random.once(in: 30) ? .max : UInt128(random.below(1_000_000))),
            taker: Person.bob.id,
            side: random.once(in: 2) ? "buy" : "sell"
        )
    }

    private func block(_ height: UInt64, _ seconds: UInt64, _ trades: [MarketTrade]) throws
        -> BlockRows
    {
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
        _ trades: [(seconds: UInt64, trade: MarketTrade)],
        of market: Market,
        span: UInt64
    ) -> [Candle] {
        let mine = trades.filter { $0.trade.market == market && !$0.trade.base.isZero }
        let starts = Set(mine.map { $0.seconds / span * span }).sorted()
        return starts.map { start in
            let inside = mine.filter { $0.seconds / span * span == start }.map(\.trade)
            let prices = inside.map { trade -> UInt128 in
                let (high, low) = trade.quote.obol.multipliedFullWidth(
                    by: 1_000_000_000_000_000_000
                )
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
        var all: [(seconds: UInt64, trade: MarketTrade)] = []
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
        for market in Self.markets {
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
            let expected = all.map(\.trade).filter { $0.market == market && !$0.base.isZero }
            #expect(trades.reversed().map(\.trade) == expected.suffix(200))
        }
        let markets = try await index.markets(PageRequest()).items
        let count = all.count { !$0.trade.base.isZero }
        #expect(markets.reduce(0) { $0 + $1.trades } == count)
        #expect(try await index.market(named: Self.markets[2].id) == Self.markets[2])
        #expect(try await index.market(named: digest(3)) == nil)
        let differences = try await library.database.pool.read { db in
            try TotalsComparison(db: db).differences(at: BlockHeight(80))
        }
        #expect(differences.isEmpty)
    }

    @Test("a price is for 10^18 of the base, rounded down, and none if nothing was traded")
    func price() {
        func price(_ base: UInt128, _ quote: UInt128) -> UInt128? {
            MarketTrade(
                market: Self.markets[0],
                venue: "pool",
                place: .zero,
                base: Amount(obol: base),
                quote: Amount(obol: quote),
                taker: Person.bob.id,
                side: "buy"
            ).price?.obol
        }
        #expect(price(3, 10) == 3_333_333_333_333_333_333)
        #expect(price(0, 10) == nil)
        #expect(price(1, .max) == .max)
        #expect(price(.max, 0) == 0)
    }

    @Test("trades with a pool and in batches are indexed from what the rules say of them")
    func rules() async throws {
        let library = try Library()
        var exchange = Exchange(library.ledger, seed: 1)
        for _ in 0..<60 { exchange.block() }
        try await library.catchUp()
        var expected: [MarketTrade] = []
        for height in 1...library.ledger.height {
            expected += try #require(library.ledger.block(height)).events.compactMap { event in
                guard case .exchange(.trade(let trade)) = event else { return nil }
                return MarketTrade(trade)
            }
        }
        #expect(Set(expected.map(\.venue)) == ["pool", "batch"])
        let index = library.index
        let found = try await index.trades(of: exchange.market, PageRequest(limit: 200))
        #expect(found.items.reversed().map(\.trade) == expected.suffix(200))
        let days = try await index.candles(
            of: exchange.market,
            seconds: 86400,
            in: 0...UInt64.max,
            PageRequest(limit: 200)
        ).items
        #expect(days.reduce(0) { $0 + Int($1.trades) } == expected.count)
        #expect(days.reduce(0) { $0 + $1.base.obol } == expected.reduce(0) { $0 + $1.base.obol })
        let taker = try #require(expected.first?.taker)
        let history = try await index.history(of: .account(taker), PageRequest(limit: 200))
        #expect(history.items.contains { $0.name == MarketTrade.eventName })
        #expect(history.items.contains { $0.transaction == nil }, "what the block itself did")
    }

    @Test("spans that are none are refused")
    func spans() async throws {
        let library = try Library()
        await #expect(throws: IndexError.self) {
            try await library.index.candles(
                of: Self.markets[0],
                seconds: 61,
                in: 0...1,
                PageRequest()
            )
        }
    }
}
