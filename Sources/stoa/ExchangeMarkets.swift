import ArgumentParser
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct ExchangeMarket: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "market",
        abstract: "the markets that there are, or one market's open orders and pools",
        discussion: """
            EXAMPLES
              stoa exchange market
              stoa exchange market CHFC
              stoa exchange market shares:bob/small CHFC
            """
    )

    @Argument(help: UnitName.help)
    var unit: UnitName?
    @Argument(help: "the other unit")
    var other = UnitName("STOA")
    @OptionGroup var reader: UnitReader

    func run() async throws {
        if let unit { try await show(unit) } else { try await list() }
    }

    private struct MarketDocument: Encodable {
        let market, base, quote, baseName, quoteName, lastPrice, lastPriceText: String
        let lastHeight: UInt64

        init(_ record: MarketRecord, _ known: KnownMarket) {
            market = record.market.id.description
            base = EventRecord.Value.denomination(record.market.base).plain
            quote = EventRecord.Value.denomination(record.market.quote).plain
            baseName = known.base.name
            quoteName = known.quote.name
            lastPrice = "\(record.lastPrice)"
            lastPriceText = known.text(record.lastPrice)
            lastHeight = record.lastHeight.rawValue
        }
    }

    private func list() async throws {
        let found = try await reader.node.ask { try await $0.markets(limit: 4096) }
        let rows = found.map { record, known in
            let isNew = record.lastHeight.rawValue == 0
            return [
                known.name, isNew ? "-" : known.text(record.lastPrice),
                isNew ? "-" : "\(record.lastHeight.rawValue)", "\(record.market.id)",
            ]
        }
        try reader.output.print(
            found.map { MarketDocument($0.record, $0.known) },
            table(["MARKET", "LAST BATCH", "AT BLOCK", "NAME"], rows)
        )
    }

    /// The orders of one price, added up.
    private struct Level: Encodable {
        let price, priceText: String
        var amount: String { "\(open)" }
        var orders = 1
        fileprivate var open: UInt128

        enum CodingKeys: CodingKey { case price, priceText, amount, orders }

        init(_ price: UInt128, _ known: KnownMarket, _ open: UInt128) {
            self.price = "\(price)"
            priceText = known.text(price)
            self.open = open
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(price, forKey: .price)
            try container.encode(priceText, forKey: .priceText)
            try container.encode(amount, forKey: .amount)
            try container.encode(orders, forKey: .orders)
        }
    }

    private struct BookDocument: Encodable {
        let market: MarketDocument
        let buys, sells: [Level]
        let pools: [KnownPool.Document]
    }

    private func show(_ unit: UnitName) async throws {
        let found = try await reader.node.ask { ledger in
            let one = try await unit.find(ledger, home: reader.home, wallet: reader.wallet)
            let two = try await other.find(ledger, home: reader.home, wallet: reader.wallet)
            let known = try KnownMarket(one, two)
            guard
                let record = try await ledger.read(MarketRecord.self, .market(known.market.id))
            else {
                throw CommandFailure(
                    "nobody has traded \(known.name) yet",
                    hint: "make a pool, open a sale or place an order"
                )
            }
            var pools: [KnownPool] = []
            for fee in Pool.feeTiers {
                let id = PoolID(known.market, feeBasisPoints: fee)
                guard let pool = try await ledger.read(Pool.self, .pool(id)) else { continue }
                pools.append(try await ledger.known(pool))
            }
            let buys = try await levels(ledger, known, .buy)
            let sells = try await levels(ledger, known, .sell)
            return (record, known, buys, sells, pools)
        }
        let (record, known, buys, sells, pools) = found
        func rows(_ levels: [Level], _ side: OrderSide) -> [[String]] {
            levels.map {
                [
                    side.name, $0.priceText, known.base.text(Amount(obol: $0.open)),
                    "\($0.orders)",
                ]
            }
        }
        let book = rows(sells.reversed(), .sell) + rows(buys, .buy)
        let lines =
            ["market    \(known.name)", "name      \(record.market.id)"]
            + (record.lastHeight.rawValue == 0
                ? []
                : [
                    "last      \(known.text(record.lastPrice)) at block "
                        + "\(record.lastHeight.rawValue)"
                ])
            + pools.map { "pool      \($0.price), fee \(percent($0.pool.feeBasisPoints))" }
            + ["", table(["SIDE", "PRICE", "OPEN", "ORDERS"], book)]
        try reader.output.print(
            BookDocument(
                market: MarketDocument(record, known),
                buys: buys,
                sells: sells,
                pools: pools.map { $0.document() }
            ),
            lines.joined(separator: "\n")
        )
    }

    private func levels(
        _ ledger: any LedgerConnection,
        _ known: KnownMarket,
        _ side: OrderSide
    ) async throws -> [Level] {
        let key = StateKey.orderBook(known.market.id, side)
        guard let book = try await ledger.read(OrderBook.self, key) else { return [] }
        var levels: [Level] = []
        for entry in book.entries {
            guard let order = try await ledger.read(Order.self, .order(entry.order)) else {
                continue
            }
            if let last = levels.last, last.price == "\(entry.price)" {
                levels[levels.count - 1].open += order.open
                levels[levels.count - 1].orders += 1
            } else {
                levels.append(Level(entry.price, known, order.open))
            }
        }
        return levels
    }
}
