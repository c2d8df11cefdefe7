import Identity
import MarketTypes
import Testing

@testable import LedgerCore

/// One message about exchange that must be refused, who sends it, and why.
struct RefusedExchange: Sendable, CustomTestStringConvertible {
    let refusal: Refusal
    let name: String
    let sender: Person
    let message: @Sendable (inout ExchangeTown) -> ExchangeMessage

    var testDescription: String { "\(refusal.name): \(name)" }

    init(
        _ refusal: ExchangeRefusal,
        _ name: String,
        from sender: Person = .erin,
        _ message: @escaping @Sendable (inout ExchangeTown) -> ExchangeMessage
    ) {
        self.init(other: .exchange(refusal), name, from: sender, message)
    }

    init(
        other refusal: Refusal,
        _ name: String,
        from sender: Person = .erin,
        _ message: @escaping @Sendable (inout ExchangeTown) -> ExchangeMessage
    ) {
        (self.refusal, self.name, self.sender) = (refusal, name, sender)
        self.message = message
    }

    static let most = PoolReserves.reserveMax
    static let market = ExchangeTown.market
    static let strange: Market = {
        guard let made = Market(.issued(digest(0x12)), .native) else {
            preconditionFailure("they differ")
        }
        return made
    }()

    static let all = pools + liquidity + swaps + sales + purchases + orders + cancellations
}

extension RefusedExchange {
    private static func create(
        _ fee: UInt16,
        _ base: UInt128,
        _ quote: UInt128,
        in market: Market = market
    ) -> ExchangeMessage {
        .createPool(
            PoolOpening(
                market,
                feeBasisPoints: fee,
                base: Amount(obol: base),
                quote: Amount(obol: quote)
            )
        )
    }

    fileprivate static let pools: [RefusedExchange] = [
        RefusedExchange(.invalidNumber, "a pool of nothing") { _ in create(5, 0, 5000) },
        RefusedExchange(.invalidNumber, "a pool for nothing") { _ in create(5, 5000, 0) },
        RefusedExchange(.invalidNumber, "a pool of too much") { _ in create(5, most + 1, 5000) },
        RefusedExchange(.invalidFee, "no fee") { _ in create(0, 5000, 5000) },
        RefusedExchange(.invalidFee, "all that is given") { _ in create(10_000, 5000, 5000) },
        RefusedExchange(.unknownDenomination, "a pool of what is not") { _ in
            create(5, 5000, 5000, in: strange)
        },
        RefusedExchange(.poolExists, "the pool once more") { _ in create(30, 5000, 5000) },
        RefusedExchange(.tooLittle, "only what is locked") { _ in create(5, 1000, 1001) },
        RefusedExchange(other: .accounts(.insufficientBalance), "tokens that one has not") { _ in
            create(5, 1_000_000_001, 5000)
        },
        RefusedExchange(other: .accounts(.insufficientBalance), "obol that one has not") { _ in
            create(5, 5000, 1_000_000_000_000)
        },
    ]

    private static func add(
        _ base: UInt128,
        _ quote: UInt128,
        _ shares: UInt128,
        to pool: PoolID = ExchangeTown.pool
    ) -> ExchangeMessage {
        .addLiquidity(
            LiquidityChange(
                pool,
                base: Amount(obol: base),
                quote: Amount(obol: quote),
                shares: shares
            )
        )
    }

    private static func remove(
        _ base: UInt128,
        _ quote: UInt128,
        _ shares: UInt128,
        from pool: PoolID = ExchangeTown.pool
    ) -> ExchangeMessage {
        .removeLiquidity(
            LiquidityChange(
                pool,
                base: Amount(obol: base),
                quote: Amount(obol: quote),
                shares: shares
            )
        )
    }

    fileprivate static let liquidity: [RefusedExchange] = [
        RefusedExchange(.invalidNumber, "nothing added") { _ in add(0, 100, 0) },
        RefusedExchange(.invalidNumber, "too much offered") { _ in add(100, most + 1, 0) },
        RefusedExchange(.unknownPool, "added to nothing") { _ in
            add(100, 100, 0, to: PoolID(digest(1)))
        },
        RefusedExchange(.tooMuch, "more quote than a pool holds") { _ in add(most, most, 0) },
        RefusedExchange(.tooMuch, "more base than a pool holds") { town in
            town.send(.alice, create(5, 400_000, 1000))
            return add(most, most, 0, to: PoolID(market, feeBasisPoints: 5))
        },
        RefusedExchange(.tooLittle, "less than a share") { _ in add(100, 1, 0) },
        RefusedExchange(.slippage, "a share less than wanted") { _ in add(1000, 4000, 2001) },
        RefusedExchange(other: .accounts(.insufficientBalance), "more than one has") { _ in
            add(2_000_000_000, 8_000_000_000, 0)
        },
        RefusedExchange(.invalidNumber, "no shares given", from: .alice) { _ in remove(0, 0, 0) },
        RefusedExchange(.unknownPool, "taken from nothing", from: .alice) { _ in
            remove(0, 0, 1, from: PoolID(digest(1)))
        },
        RefusedExchange(.notEnoughShares, "another's shares") { _ in remove(0, 0, 1) },
        RefusedExchange(.notEnoughShares, "the locked shares", from: .alice) { _ in
            remove(0, 0, 1_999_001)
        },
        RefusedExchange(.notEnoughShares, "all that can be written", from: .alice) { _ in
            remove(0, 0, .max)
        },
        RefusedExchange(.slippage, "a token less than wanted", from: .alice) { _ in
            remove(501, 0, 1000)
        },
        RefusedExchange(.slippage, "an obol less than wanted", from: .alice) { _ in
            remove(0, 2001, 1000)
        },
    ]

    private static func swap(
        _ amount: UInt128,
        _ wantedMin: UInt128 = 0,
        of given: Denomination = .native,
        pool: PoolID = ExchangeTown.pool,
        until: UInt64 = 9
    ) -> ExchangeMessage {
        .swap(
            PoolSwap(
                pool,
                given: given,
                amount: Amount(obol: amount),
                wantedMin: Amount(obol: wantedMin),
                until: BlockHeight(until)
            )
        )
    }

    fileprivate static let swaps: [RefusedExchange] = [
        RefusedExchange(.invalidNumber, "nothing for something") { _ in swap(0) },
        RefusedExchange(.invalidNumber, "too much given") { _ in swap(.max) },
        RefusedExchange(.unknownPool, "with nothing") { _ in swap(100, pool: PoolID(digest(1))) },
        RefusedExchange(.wrongDenomination, "something else given") { _ in
            swap(100, of: .issued(digest(0x12)))
        },
        RefusedExchange(.expired, "a block too late") { _ in swap(100, until: 1) },
        RefusedExchange(.tooMuch, "more than a pool holds") { _ in swap(most) },
        RefusedExchange(.tooLittle, "something for nothing") { _ in swap(4) },
        RefusedExchange(.slippage, "one less than wanted") { _ in
            swap(1000, 3985, of: ExchangeTown.token)
        },
        RefusedExchange(other: .accounts(.insufficientBalance), "more than one has") { _ in
            swap(1_000_000_001, of: ExchangeTown.token)
        },
    ]

    private static func sale(
        _ amount: UInt128,
        _ rate: (UInt128, UInt128) = (1, 1),
        of given: Denomination = ExchangeTown.token,
        until: UInt64 = 9
    ) -> ExchangeMessage {
        .openSale(
            SaleOpening(
                given: given,
                amount: Amount(obol: amount),
                wanted: .native,
                rate: SaleRate(Amount(obol: rate.0), per: Amount(obol: rate.1)),
                until: BlockHeight(until)
            )
        )
    }

    fileprivate static let sales: [RefusedExchange] = [
        RefusedExchange(.invalidNumber, "nothing sold") { _ in sale(0) },
        RefusedExchange(.invalidNumber, "too much sold") { _ in sale(most + 1) },
        RefusedExchange(.invalidNumber, "sold for nothing") { _ in sale(1, (0, 1)) },
        RefusedExchange(.invalidNumber, "a rate that divides by nothing") { _ in sale(1, (1, 0)) },
        RefusedExchange(.invalidNumber, "a rate too high") { _ in sale(1, (most + 1, 1)) },
        RefusedExchange(.sameDenomination, "obol for obol") { _ in sale(1, of: .native) },
        RefusedExchange(.unknownDenomination, "what is not") { _ in
            sale(1, of: .issued(digest(0x12)))
        },
        RefusedExchange(.expired, "until yesterday") { _ in sale(1, until: 1) },
        RefusedExchange(.tooLong, "for ever") { _ in sale(1, until: .max) },
        RefusedExchange(.tooLong, "a block too long") { _ in sale(1, until: 7_776_003) },
        RefusedExchange(other: .accounts(.insufficientBalance), "more than one has") { _ in
            sale(1_000_000_001)
        },
    ]

    private static func buy(
        _ sale: SaleID,
        _ amount: UInt128,
        _ payMax: UInt128 = .max
    ) -> ExchangeMessage {
        .buyFromSale(sale, amount: Amount(obol: amount), payMax: Amount(obol: payMax))
    }

    fileprivate static let purchases: [RefusedExchange] = [
        RefusedExchange(.invalidNumber, "nothing bought") { buy($0.sale, 0) },
        RefusedExchange(.invalidNumber, "too much bought") { buy($0.sale, .max) },
        RefusedExchange(.unknownSale, "from nobody") { _ in buy(SaleID(digest(1)), 1) },
        RefusedExchange(.unknownSale, "from what has ended") { town in
            town.send(.bob, .closeSale(town.sale))
            return buy(town.sale, 1)
        },
        RefusedExchange(.expired, "after its time, before the ledger returned it") { town in
            let sale = Sale(
                Person.bob.id,
                SaleOpening(
                    given: ExchangeTown.token,
                    amount: .zero,
                    wanted: .native,
                    rate: SaleRate(Amount(obol: 1), per: Amount(obol: 1)),
                    until: BlockHeight(1)
                )
            )
            town.harness.plant(sale, .sale(SaleID(digest(1))))
            return buy(SaleID(digest(1)), 1)
        },
        RefusedExchange(.notEnoughLeft, "one more than there are") { buy($0.sale, 5001) },
        RefusedExchange(.invalidNumber, "at a price beyond all counting") { town in
            let sale = town.openSale(.bob, 1 << 20, (most, 1), until: 9)
            return buy(sale, 1 << 20)
        },
        RefusedExchange(.slippage, "an obol dearer than wanted") { buy($0.sale, 333, 499) },
        RefusedExchange(other: .accounts(.insufficientBalance), "more than one can pay") { town in
            let sale = town.openSale(.bob, 1, (most, 1), until: 9)
            return buy(sale, 1)
        },
        RefusedExchange(.unknownSale, "nothing ended", from: .bob) { _ in
            .closeSale(SaleID(digest(1)))
        },
        RefusedExchange(.notSeller, "another's sale ended") { .closeSale($0.sale) },
    ]

    private static let one = ExchangeTown.one

    fileprivate static let orders: [RefusedExchange] = [
        RefusedExchange(.invalidNumber, "for nothing") { _ in
            ExchangeTown.order(.sell, 0, at: one)
        },
        RefusedExchange(.invalidNumber, "for too much") { _ in
            ExchangeTown.order(.sell, most + 1, at: 1)
        },
        RefusedExchange(.invalidNumber, "at no price") { _ in
            ExchangeTown.order(.sell, 1000, at: 0)
        },
        RefusedExchange(.invalidNumber, "worth more than can be traded") { _ in
            ExchangeTown.order(.buy, most, at: one)
        },
        RefusedExchange(.invalidNumber, "worth more than can be counted") { _ in
            ExchangeTown.order(.sell, most, at: .max)
        },
        RefusedExchange(.unknownDenomination, "of what is not") { _ in
            .placeOrder(
                OrderPlacement(
                    strange,
                    .buy,
                    amount: Amount(obol: 1000),
                    price: one,
                    expiresAt: BlockHeight(9)
                )
            )
        },
        RefusedExchange(.expired, "until the last block") { _ in
            ExchangeTown.order(.buy, 1000, at: one, until: 1)
        },
        RefusedExchange(.tooLong, "a block too long") { _ in
            ExchangeTown.order(.buy, 1000, at: one, until: 604_803)
        },
        RefusedExchange(.orderTooSmall, "worth an obol too little") { _ in
            ExchangeTown.order(.sell, 99, at: one)
        },
        RefusedExchange(.tooManyMarkets, "one market too many") { town in
            town.harness.plant(TouchedMarkets.full, .touchedMarkets)
            return ExchangeTown.order(.buy, 1000, at: one)
        },
        RefusedExchange(.bookFull, "as good as the worst of a full book") { town in
            for _ in 1..<OrderBook.ordersMax {
                _ = town.place(.alice, .sell, 100, at: 5 * one)
            }
            return ExchangeTown.order(.sell, 100, at: 5 * one)
        },
        RefusedExchange(other: .accounts(.insufficientBalance), "more tokens than one has") { _ in
            ExchangeTown.order(.sell, 1_000_000_001, at: one)
        },
        RefusedExchange(other: .accounts(.insufficientBalance), "more obol than one has") { _ in
            ExchangeTown.order(.buy, 1000, at: 1_000_000_000 * one)
        },
        RefusedExchange(.bookFull, "better than the worst of a full book, but smaller") { town in
            for _ in 1..<OrderBook.ordersMax {
                _ = town.place(.alice, .sell, 100, at: 5 * one)
            }
            return ExchangeTown.order(.sell, 99, at: 4 * one)
        },
    ]

    fileprivate static let cancellations: [RefusedExchange] = [
        RefusedExchange(.unknownOrder, "nothing taken back") { _ in
            .cancelOrder(OrderID(digest(1)))
        },
        RefusedExchange(.unknownOrder, "taken back twice", from: .carol) { town in
            town.send(.carol, .cancelOrder(town.bid))
            return .cancelOrder(town.bid)
        },
        RefusedExchange(.notOwner, "another's order taken back") { .cancelOrder($0.bid) },
        RefusedExchange(.notOwner, "another's order of this block taken back") { town in
            .cancelOrder(town.place(.bob, .buy, 100, at: one))
        },
        RefusedExchange(.tooEarly, "taken back in its block") { town in
            .cancelOrder(town.place(.erin, .buy, 100, at: one))
        },
    ]
}

extension TouchedMarkets {
    /// As many markets as one block can have.
    fileprivate static var full: TouchedMarkets {
        var touched = TouchedMarkets()
        touched.markets = (0..<UInt8(TouchedMarkets.countMax)).map { digest($0) }
        return touched
    }
}

@Suite("The ledger refuses of exchange")
struct ExchangeRefusalTests {
    /// That nothing but sequence number and fee changes is checked by the harness.
    @Test("a message that breaks a rule, with its number", arguments: RefusedExchange.all)
    func message(_ refused: RefusedExchange) {
        var town = ExchangeTown.start
        let message = refused.message(&town)
        let result = town.send(refused.sender, message)
        #expect(result.refusal == refused.refusal)
        #expect(result.messageIndex == 0)
    }

    @Test("every refusal that there is stands in the table")
    func covered() {
        let codes = Set(RefusedExchange.all.map(\.refusal.code))
        let missing = ExchangeRefusal.allCases.filter {
            !codes.contains(Refusal.exchange($0).code)
        }
        #expect(missing.isEmpty)
    }
}
