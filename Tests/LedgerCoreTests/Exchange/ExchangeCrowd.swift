import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

/// People who exchange two units and obol as it comes, honestly and not, from one seed.
struct ExchangeCrowd {
    static let denominations: [Denomination] = [
        .native, LedgerHarness.token,
        .issued(UnitRecord.unit(issuer: Person.carol.id, ticker: "CHFC")),
    ]
    static let markets: [Market] = denominations.indices.flatMap { one in
        (0..<one).compactMap { Market(denominations[one], denominations[$0]) }
    }
    static let pools: [PoolID] = markets.flatMap { market in
        Pool.feeTiers.map { PoolID(market, feeBasisPoints: $0) }
    }

    var random: SplitMix64
    private(set) var harness = LedgerHarness(each: 1 << 50, tokens: 1 << 40)
    private(set) var sales: [SaleID] = [SaleID(.zero)]
    private(set) var orders: [OrderID] = [OrderID(.zero)]
    /// How many messages the ledger took, and what happened.
    private(set) var accepted = 0
    private(set) var events: [ExchangeEvent] = []

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        let supply: UInt128 = 1 << 50
        harness.send(.carol, TermsDraft { $0.supplyMax = supply }.message)
        guard case .issued(let unit) = Self.denominations[2] else { return }
        for person in Person.all {
            let message = UnitMessage.mintUnit(unit, Amount(obol: 1 << 40), to: person.id)
            harness.send(.carol, .units(message))
        }
        harness.endBlock()
    }

    mutating func step() {
        switch random.below(14) {
        case 0: createPool()
        case 1...2: changeLiquidity()
        case 3...5: swap()
        case 6: openSale()
        case 7: buyFromSale()
        case 8...10: placeOrder()
        case 11: takeBack()
        default: endBlock()
        }
    }

    private mutating func send(_ person: Person, _ message: ExchangeMessage) {
        let result = harness.send(person, .exchange(message))
        if result.isAccepted { accepted += 1 }
        note(result.events)
    }

    private mutating func note(_ new: [Event]) {
        for case .exchange(let event) in new { events.append(event) }
    }

    mutating func endBlock() {
        for _ in 0...random.below(3) {
            let pending = harness.ledger.state.contains(.touchedMarkets)
            harness.endBlock()
            note(harness.blockEvents)
            harness.blockEvents = []
            #expect(!harness.ledger.state.contains(.touchedMarkets))
            if pending { checkUncrossed() }
        }
    }

    private func checkUncrossed() {
        for market in Self.markets {
            let bid = harness.ledger.book(market, .buy).entries.first?.price
            let ask = harness.ledger.book(market, .sell).entries.first?.price
            if let bid, let ask { #expect(bid < ask, "EXC-41: orders that meet were left") }
        }
    }

    private mutating func somebody() -> Person { random.pick(Person.all) ?? .alice }

    /// Mostly ordinary, sometimes tiny, nothing, or beyond all bounds.
    private mutating func amount(bitsMax: Int = 32) -> Amount {
        switch random.below(20) {
        case 0: Amount(obol: UInt128(random.below(3)))
        case 1: Amount(obol: .max - UInt128(random.below(2)))
        default: Amount(obol: random.amount(bitsMax: bitsMax))
        }
    }

    private mutating func height() -> BlockHeight {
        let now = harness.context.height.rawValue
        return BlockHeight(random.once(in: 10) ? .max : now + UInt64(random.below(12)))
    }

    private mutating func createPool() {
        let (person, market) = (somebody(), random.pick(Self.markets))
        guard let market else { return }
        let opening = PoolOpening(
            market,
            feeBasisPoints: random.pick(Pool.feeTiers) ?? 5,
            base: amount(),
            quote: amount()
        )
        send(person, .createPool(opening))
    }

    private mutating func changeLiquidity() {
        let person = somebody()
        let pool = random.pick(Self.pools) ?? PoolID(.zero)
        if random.once(in: 2) {
            let change = LiquidityChange(pool, base: amount(), quote: amount(), shares: 0)
            send(person, .addLiquidity(change))
            return
        }
        let (mine, all) = position(of: person) ?? (pool, 5)
        let some = random.once(in: 3) ? all : amount(bitsMax: 24).obol
        send(
            person,
            .removeLiquidity(LiquidityChange(mine, base: .zero, quote: .zero, shares: some))
        )
    }

    /// One of the positions of a person, if there is any.
    private mutating func position(of person: Person) -> (PoolID, UInt128)? {
        let state = harness.ledger.state
        return random.pick(
            Self.pools.compactMap { pool in
                let key = StateKey.liquidity(of: person.id, in: pool)
                return state.read(LiquidityPosition.self, key).map { (pool, $0.shares) }
            }
        )
    }

    private mutating func swap() {
        let swap = PoolSwap(
            random.pick(Self.pools) ?? PoolID(.zero),
            given: random.pick(Self.denominations) ?? .native,
            amount: amount(bitsMax: 24),
            wantedMin: .zero,
            until: height()
        )
        send(somebody(), .swap(swap))
    }

    private mutating func openSale() {
        let person = somebody()
        let opening = SaleOpening(
            given: random.pick(Self.denominations) ?? .native,
            amount: amount(),
            wanted: random.pick(Self.denominations) ?? .native,
            rate: SaleRate(amount(bitsMax: 10), per: amount(bitsMax: 10)),
            until: height()
        )
        let sequence = harness.account(person).sequence + 1
        sales.append(SaleID(seller: person.id, sequence: sequence, messageIndex: 0))
        send(person, .openSale(opening))
    }

    private mutating func buyFromSale() {
        let sale = random.pick(Array(sales.suffix(4))) ?? SaleID(.zero)
        let left = harness.ledger.state.read(Sale.self, .sale(sale)).map {
            harness.ledger.state.amount(in: $0.pot(sale))
        }
        let wanted = random.once(in: 3) ? left ?? .zero : amount(bitsMax: 20)
        send(somebody(), .buyFromSale(sale, amount: wanted, payMax: Amount(obol: .max)))
    }

    private mutating func placeOrder() {
        let person = somebody()
        // Prices with a fraction that no amount makes even.
        let price = UInt128(1 + random.below(6)) * OrderPrice.scale / 3 + UInt128(random.below(2))
        let placement = OrderPlacement(
            random.pick(Self.markets) ?? ExchangeTown.market,
            random.once(in: 2) ? .buy : .sell,
            amount: amount(bitsMax: 14),
            price: random.once(in: 20) ? .max : price,
            expiresAt: height()
        )
        let sequence = harness.account(person).sequence + 1
        orders.append(OrderID(owner: person.id, sequence: sequence, messageIndex: 0))
        send(person, .placeOrder(placement))
    }

    private mutating func takeBack() {
        if random.once(in: 3) {
            let sale = random.pick(Array(sales.suffix(3))) ?? SaleID(.zero)
            let seller = harness.ledger.state.read(Sale.self, .sale(sale))?.seller
            send(seller.flatMap(Person.of) ?? somebody(), .closeSale(sale))
        } else {
            // Mostly one that stands: few orders of long ago do.
            let standing = orders.filter { harness.ledger.state.contains(.order($0)) }
            let choices = random.once(in: 4) ? orders : standing
            let order = random.pick(choices) ?? OrderID(.zero)
            let owner = harness.ledger.state.read(Order.self, .order(order))?.owner
            let person = random.once(in: 4) ? nil : owner.flatMap(Person.of)
            send(person ?? somebody(), .cancelOrder(order))
        }
    }
}
