import ArgumentParser
import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct ExchangeGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exchange",
        abstract: "trade units, shares and STOA: pools, fixed-rate sales, and orders",
        discussion: """
            A pool trades at once, at a price that moves with every trade. Orders are matched at \
            the end of each block, all of a market at one price. A sale has a price of its own.

            EXAMPLES
              stoa exchange pool create CHFC 1000 STOA 400 --wallet carol
              stoa exchange swap 10 STOA CHFC --quote
              stoa exchange order place buy 5 shares:bob/small --price 2.5 --wallet alice
              stoa exchange market shares:bob/small
            """,
        subcommands: [
            PoolGroup.self, ExchangeSwap.self, SaleGroup.self, OrderGroup.self,
            ExchangeMarket.self,
        ]
    )
}

/// A market with what people call its two units.
struct KnownMarket {
    let market: Market
    let base: KnownUnit
    let quote: KnownUnit

    /// The market of two units in any order.
    init(_ one: KnownUnit, _ other: KnownUnit) throws {
        guard let market = Market(one.denomination, other.denomination) else {
            throw CommandFailure("\(one.name) cannot be traded for itself")
        }
        self.market = market
        let isOneBase = market.base == one.denomination
        base = isOneBase ? one : other
        quote = isOneBase ? other : one
    }

    /// `CHFC/STOA`: what is traded, and what prices count.
    var name: String { "\(base.name)/\(quote.name)" }

    /// How prices are written: quote for one whole unit of base, as exactly as the ledger counts.
    private var prices: KnownUnit {
        // An order's price is for 10^18 smallest parts, and no unit has more decimals than that.
        KnownUnit(
            denomination: market.quote,
            name: "\(quote.name) for one \(base.name)",
            decimals: quote.decimals + 18 - base.decimals
        )
    }

    /// Reads a price as people write it.
    func price(_ text: String) throws -> UInt128 { try prices.amount(text).obol }

    /// A price as people read it, without the zeros at its end.
    func text(_ price: UInt128) -> String {
        let digits = prices.digits(Amount(obol: price))
        guard digits.contains(".") else { return digits }
        let end = digits.lastIndex { $0 != "0" && $0 != "." }
        guard let end, let point = digits.firstIndex(of: ".") else { return "0" }
        return String(digits[...max(end, digits.index(before: point))])
    }

    /// What was paid for so much, as a price.
    func text(paid: Amount, for amount: Amount) -> String {
        guard !amount.isZero,
            let price = try? paid.scaled(by: OrderPrice.scale, over: amount.obol)
        else { return "-" }
        return text(price.obol)
    }
}

extension LedgerConnection {
    /// The markets that there are, with the names of their units; at most `limit`.
    func markets(limit: Int) async throws -> [(record: MarketRecord, known: KnownMarket)] {
        var found: [(record: MarketRecord, known: KnownMarket)] = []
        for (_, value) in try await listed(.markets, limit: limit) {
            let record = try MarketRecord(canonicalBytes: value)
            found.append((record, try await known(record.market)))
        }
        return found
    }

    /// What the units of a market are called.
    func known(_ market: Market) async throws -> KnownMarket {
        try KnownMarket(try await known(market.base), try await known(market.quote))
    }

    /// What a pot holds.
    func held(in pot: Pot) async throws -> Amount {
        try await read(StoredAmount.self, .pot(pot))?.amount ?? .zero
    }

    /// The height so many blocks from now.
    func height(inBlocks blocks: UInt64) async throws -> BlockHeight {
        try await status().height.advanced(byBlocks: blocks) ?? BlockHeight(.max)
    }
}

/// How much worse a trade may be than it looks now.
struct SlippageOptions: ParsableArguments {
    @Option(help: "by how many percent the result may be worse than it looks now")
    var slippage = "1"

    /// `amount`, less what may be lost.
    func lowered(_ amount: UInt128) throws -> UInt128 {
        let kept = 1_000_000 - (try millionths())
        return try Amount(obol: amount).scaled(by: kept, over: 1_000_000).obol
    }

    /// `amount`, and what may be paid more.
    func raised(_ amount: UInt128) throws -> UInt128 {
        let more = 1_000_000 + (try millionths())
        return try Amount(obol: amount).scaled(by: more, over: 1_000_000).obol + 1
    }

    private func millionths() throws -> UInt128 {
        let percent = KnownUnit(denomination: .native, name: "percent", decimals: 4)
        let amount = try percent.amount(slippage).obol
        guard amount <= 1_000_000 else {
            throw CommandFailure("--slippage is at most 100", hint: "1 is one percent")
        }
        return amount
    }
}

/// What the wallet's exchange would bring about, as JSON.
struct QuoteDocument: Encodable {
    let pool, given, wanted, give, get, price: String
    let feeBasisPoints: UInt16
}
