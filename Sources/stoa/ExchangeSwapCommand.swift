import ArgumentParser
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct ExchangeSwap: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "swap",
        abstract: "give so much of one unit to a pool for another, at once",
        discussion: """
            Takes the pool that gives most, and less than it gives now only within --slippage. \
            With --quote it only says what the pool would give.

            EXAMPLES
              stoa exchange swap 10 STOA CHFC --quote
              stoa exchange swap 10 STOA CHFC --slippage 0.5 --wallet alice
            """
    )

    @Argument(help: "how much to give")
    var amount: String
    @Argument(help: "which unit to give: as below")
    var given: UnitName
    @Argument(help: UnitName.help)
    var wanted: UnitName
    @Option(help: "the pool, if not the one that gives most")
    var pool: String?
    @Flag(help: "only say what it would bring")
    var quote = false
    @Option(help: "for how many blocks it may wait to be ordered")
    var blocks: UInt64 = 100
    @OptionGroup var slippage: SlippageOptions
    @OptionGroup var sender: UnitSender

    /// A swap with the pool that gives most.
    private struct Best {
        let pool: KnownPool
        let given: KnownUnit
        let wanted: KnownUnit
        let give: Amount
        let get: Amount

        var document: QuoteDocument {
            QuoteDocument(
                pool: pool.pool.id.digest.description,
                given: EventRecord.Value.denomination(given.denomination).plain,
                wanted: EventRecord.Value.denomination(wanted.denomination).plain,
                give: "\(give.obol)",
                get: "\(get.obol)",
                price: price,
                feeBasisPoints: pool.pool.feeBasisPoints
            )
        }

        var price: String {
            given.denomination == pool.pool.market.base
                ? pool.known.text(paid: get, for: give) : pool.known.text(paid: give, for: get)
        }
    }

    func run() async throws {
        if quote {
            let best = try await sender.node.ask { try await self.best($0) }
            try sender.output.print(
                best.document,
                """
                \(best.given.text(best.give)) for \(best.wanted.text(best.get)), after the fee of \
                \(percent(best.pool.pool.feeBasisPoints))
                that is \(best.price) \(best.pool.known.quote.name) for one \
                \(best.pool.known.base.name); the pool's price is \(best.pool.price)
                """
            )
            return
        }
        try await sender.execute { ledger, _ in
            let best = try await self.best(ledger)
            let swap = PoolSwap(
                best.pool.pool.id,
                given: best.given.denomination,
                amount: best.give,
                wantedMin: Amount(obol: try slippage.lowered(best.get.obol)),
                until: try await ledger.height(inBlocks: blocks)
            )
            return [.exchange(.swap(swap))]
        }
    }

    private func best(_ ledger: any LedgerConnection) async throws -> Best {
        let one = try await given.find(ledger, home: sender.home, wallet: sender.wallet)
        let two = try await wanted.find(ledger, home: sender.home, wallet: sender.wallet)
        let known = try KnownMarket(one, two)
        var pools: [KnownPool] = []
        if let pool {
            pools = [try await ledger.pool(pool)].filter { $0.pool.market == known.market }
        } else {
            for fee in Pool.feeTiers {
                let id = PoolID(known.market, feeBasisPoints: fee)
                guard let pool = try await ledger.read(Pool.self, .pool(id)) else { continue }
                pools.append(try await ledger.known(pool))
            }
        }
        let give = try one.amount(amount)
        let offers = pools.compactMap { pool in
            pool.reserves.swapped(
                give.obol,
                isBaseGiven: one.denomination == known.market.base,
                feeBasisPoints: pool.pool.feeBasisPoints
            ).map { (pool, $0) }
        }
        guard let (pool, get) = offers.max(by: { $0.1 < $1.1 }) else {
            throw CommandFailure(
                "no pool trades \(one.name) for \(two.name)",
                hint: "see `stoa exchange pool list`, or place an order"
            )
        }
        guard get > 0 else {
            throw CommandFailure("a pool would give nothing for so little \(one.name)")
        }
        return Best(pool: pool, given: one, wanted: two, give: give, get: Amount(obol: get))
    }
}
