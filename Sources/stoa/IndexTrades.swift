import ArgumentParser
import LedgerCore
import LedgerIndex
import MarketTypes

/// Which market is meant: by its name, or by its two units.
struct MarketOptions: ParsableArguments {
    @Option(help: "a market's 64 hex digits; see `stoa index markets`")
    var market: String?
    @Option(help: "what is traded: a unit's 64 hex digits")
    var base: String?
    @Option(help: "what it is paid with: native, or a unit's 64 hex digits")
    var quote = "native"

    func validate() throws {
        guard (market == nil) != (base == nil) else {
            throw ValidationError("give either --market or --base")
        }
    }

    /// Finds the market.
    func find(_ index: IndexReader) async throws -> Market {
        if let market {
            guard let name = Digest(hex: market) else {
                throw ValidationError("--market is 64 hex digits")
            }
            guard let found = try await index.market(named: name) else {
                throw CommandFailure(
                    "nothing was traded at \(market)",
                    hint: "see `stoa index markets`"
                )
            }
            return found
        }
        guard let base = Denomination(indexText: base ?? ""),
            let quote = Denomination(indexText: quote), let market = Market(base, quote)
        else { throw ValidationError("--base and --quote are two units, native or 64 hex digits") }
        return market
    }
}

/// A unit for a column of a table.
private func short(_ unit: Denomination) -> String {
    switch unit {
    case .native: "STOA"
    case .issued(let name): String("\(name)".prefix(16))
    }
}

struct IndexMarkets: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "markets",
        abstract: "everything that was ever traded",
        discussion: "EXAMPLE\n  stoa index markets"
    )

    @OptionGroup var page: PageOptions
    @OptionGroup var index: IndexOptions

    func run() async throws {
        let found = try await index.ask { try await $0.markets(page.request()) }
        index.print(found, ["BASE", "QUOTE", "TRADES", "MARKET"]) { entry in
            [
                short(entry.market.base), short(entry.market.quote), "\(entry.trades)",
                "\(entry.market.id)",
            ]
        }
    }
}

struct IndexTrades: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trades",
        abstract: "the trades of a market, the latest first",
        discussion: """
            Prices are for 10^18 of the smallest unit of what is traded.

            EXAMPLE
              stoa index trades --base 5f2c… --quote native
            """
    )

    @OptionGroup var market: MarketOptions
    @OptionGroup var page: PageOptions
    @OptionGroup var index: IndexOptions

    func run() async throws {
        let found = try await index.ask { reader in
            try await reader.trades(of: market.find(reader), page.request())
        }
        index.print(found, ["BLOCK", "VENUE", "SIDE", "AMOUNT", "PAID", "PRICE"]) { entry in
            [
                "\(entry.height.rawValue)", entry.trade.venue, entry.trade.side,
                "\(entry.trade.base.obol)", "\(entry.trade.quote.obol)",
                "\(entry.trade.price?.obol ?? 0)",
            ]
        }
    }
}

struct IndexCandles: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "candles",
        abstract: "open, high, low, close and volume of a market",
        discussion: """
            Prices are for 10^18 of the smallest unit of what is traded. Spans without a trade are \
            left out.

            EXAMPLE
              stoa index candles --base 1f0c… --seconds 86400
            """
    )

    @Option(help: "the span: 60, 3600 or 86400 seconds")
    var seconds: UInt64 = 3600
    @Option(help: "the first span's start, in seconds since 1970")
    var from: UInt64 = 0
    @Option(help: "the last span's start, in seconds since 1970")
    var to = UInt64(Int64.max)
    @OptionGroup var market: MarketOptions
    @OptionGroup var page: PageOptions
    @OptionGroup var index: IndexOptions

    func validate() throws {
        guard Candle.spans.contains(seconds) else {
            throw ValidationError("--seconds is 60, 3600 or 86400")
        }
        guard from <= to else { throw ValidationError("--from is after --to") }
    }

    func run() async throws {
        let found = try await index.ask { reader in
            try await reader.candles(
                of: market.find(reader),
                seconds: seconds,
                in: from...to,
                page.request()
            )
        }
        let heading = ["START", "OPEN", "HIGH", "LOW", "CLOSE", "VOLUME", "PAID", "TRADES"]
        index.print(found, heading) { candle in
            [
                "\(candle.start)", "\(candle.open.obol)", "\(candle.high.obol)",
                "\(candle.low.obol)", "\(candle.close.obol)", "\(candle.base.obol)",
                "\(candle.quote.obol)", "\(candle.trades)",
            ]
        }
    }
}
