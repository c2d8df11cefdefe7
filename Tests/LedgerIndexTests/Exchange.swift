import Identity
import LedgerClient
import LedgerCore
import MarketTypes

/// Trade in one issued unit: a pool, and orders that are matched at the end of blocks.
struct Exchange {
    let ledger: ChainLedger
    let market: Market
    private let unit: Digest
    private let pool: PoolID
    private var random: SplitMix64

    /// Issues the unit, gives some to everybody and opens the pool; five transactions in a block.
    init(_ ledger: ChainLedger, seed: UInt64) {
        self.ledger = ledger
        random = SplitMix64(seed: seed)
        let terms = UnitTerms(
            ticker: "EURC",
            name: "euro credit",
            decimals: 2,
            document: digest(3),
            link: "",
            supplyMax: Amount(obol: 1 << 90)
        )
        unit = UnitRecord.unit(issuer: Person.alice.id, ticker: "EURC")
        guard let market = Market(.issued(unit), .native) else {
            preconditionFailure("two different units")
        }
        self.market = market
        pool = PoolID(market, feeBasisPoints: 30)
        let million = Amount(obol: 1_000_000_000)
        let mints = Person.all.map { Message.units(.mintUnit(unit, million, to: $0.id)) }
        let opening = PoolOpening(
            market,
            feeBasisPoints: 30,
            base: Amount(obol: 1_000_000),
            quote: Amount(obol: 5_000_000)
        )
        let messages =
            [.units(.issueUnit(terms))] + mints + [.exchange(.createPool(opening))]
        let results = ledger.commit([ledger.sign(.alice, messages)])
        precondition(results[0].isAccepted, "\(results[0])")
    }

    /// A block of swaps and orders, some of which are refused.
    mutating func block() {
        let bytes = Person.all.map { person in
            ledger.sign(person, (0..<1 + random.below(3)).map { _ in .exchange(message()) })
        }
        ledger.commit(bytes, seconds: UInt64([1, 40, 5000][random.below(3)]))
    }

    private mutating func message() -> ExchangeMessage {
        if random.once(in: 3) {
            return .swap(
                PoolSwap(
                    pool,
                    given: random.once(in: 2) ? .native : .issued(unit),
                    amount: Amount(obol: UInt128(1 + random.below(9000))),
                    wantedMin: Amount(obol: UInt128(random.below(50))),
                    until: BlockHeight(.max)
                )
            )
        }
        // Around five obol for one.
        let price = OrderPrice.scale * UInt128(45 + random.below(10)) / 10
        return .placeOrder(
            OrderPlacement(
                market,
                random.once(in: 2) ? .buy : .sell,
                amount: Amount(obol: UInt128(100 + random.below(1000))),
                price: price,
                expiresAt: BlockHeight(ledger.height + 2 + UInt64(random.below(20)))
            )
        )
    }
}
