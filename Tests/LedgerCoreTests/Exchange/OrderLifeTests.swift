import Identity
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("The life of an order")
struct OrderLifeTests {
    private static let one = ExchangeTown.one

    private func fills(_ events: [ExchangeEvent]) -> [OrderFill] {
        events.compactMap { if case .orderFilled(let fill) = $0 { fill } else { nil } }
    }

    @Test("EXC-30: its money is locked while it stands")
    func locked() {
        let town = ExchangeTown.start
        #expect(town.held(in: Pot(.order, town.bid.digest, .native)) == 4000)
        #expect(town.held(in: Pot(.order, town.ask.digest, ExchangeTown.token)) == 1000)
        #expect(town.has(.dave) == 1_000_000_000 - 1000)
        #expect(town.book(.buy).map(\.order) == [town.bid])
        #expect(town.book(.sell).map(\.order) == [town.ask])
    }

    @Test("EXC-40: two that meet are matched at the block's end, in the middle")
    func match() throws {
        var town = ExchangeTown.start
        let before = town.has(.erin, .native)
        let id = town.place(.erin, .buy, 400, at: 6 * Self.one)
        #expect(town.has(.erin) == 1_000_000_000, "not before the end")
        let fee = before - 2400 - town.has(.erin, .native)
        town.pass()
        // Between 5 and 6, 400 are exchanged and 600 stay; the price is 5.5.
        let events = town.takeEvents()
        let price = 11 * Self.one / 2
        #expect(
            events.first
                == .batchCleared(ExchangeTown.market, price: price, volume: Amount(obol: 400))
        )
        let trade = Trade(
            venue: .batch(id),
            market: ExchangeTown.market,
            base: Amount(obol: 400),
            quote: Amount(obol: 2200),
            taker: Person.erin.id,
            side: .buy
        )
        #expect(events.filter { if case .trade = $0 { true } else { false } } == [.trade(trade)])
        #expect(fills(events).map(\.order) == [id, town.ask])
        #expect(town.has(.erin) == 1_000_000_400)
        #expect(town.has(.erin, .native) == before - fee - 2200, "the rest of 2400 came back")
        #expect(town.order(id) == nil)
        let rest = try #require(town.order(town.ask))
        #expect(rest.open == 600 && rest.settled == 2200)
        let record = town.harness.ledger.state.read(
            MarketRecord.self,
            .market(ExchangeTown.market.id)
        )
        #expect(record?.lastPrice == price && record?.lastHeight == BlockHeight(2))
    }

    @Test("EXC-40: a block in which no order came matches nothing and changes nothing")
    func idle() {
        var town = ExchangeTown.start
        town.pass()
        #expect(town.harness.last.changes.isEmpty)
        #expect(!town.harness.base.entries.keys.contains(.touchedMarkets))
    }

    @Test("EXC-31: an order can be taken back once it has stood in a batch")
    func cancelled() {
        var town = ExchangeTown.start
        let id = town.place(.erin, .buy, 400, at: 3 * Self.one)
        #expect(town.send(.erin, .cancelOrder(id)).refusal == .exchange(.tooEarly))
        town.pass()
        let result = town.send(.erin, .cancelOrder(id))
        let end = OfferEnd(
            name: id.digest,
            owner: Person.erin.id,
            end: .cancelled,
            returned: Amount(obol: 1200),
            denomination: .native
        )
        #expect(result.events == [.exchange(.orderClosed(end))])
        town.pass()
        #expect(town.takeEvents().isEmpty)
        #expect(town.book(.buy).map(\.order) == [town.bid])
    }

    @Test("EXC-32: one that expires goes back; until then it can be matched")
    func expiry() {
        var town = ExchangeTown.start
        let id = town.place(.erin, .buy, 100, at: Self.one, until: 3)
        town.pass()
        #expect(town.order(id) != nil)
        town.pass()
        #expect(town.order(id) == nil, "at height 4")
        #expect(town.takeEvents().count == 1)
        let now = town.place(.erin, .buy, 100, at: 5 * Self.one, until: 4)
        town.pass()
        #expect(fills(town.takeEvents()).map(\.order) == [now, town.ask])
    }

    @Test("EXC-32: one that waits to be returned is not matched any more")
    func overdue() {
        var town = ExchangeTown.start
        let old = OrderPlacement(
            ExchangeTown.market,
            .sell,
            amount: Amount(obol: 1000),
            price: 5 * Self.one,
            expiresAt: BlockHeight(1)
        )
        // As if too much had been due at height 2.
        let order = Order(Person.dave.id, old, placedAt: BlockHeight(1))
        town.harness.plant(order, .order(town.ask))
        let id = town.place(.erin, .buy, 400, at: 6 * Self.one)
        town.pass()
        #expect(town.takeEvents().isEmpty)
        #expect(town.order(id) != nil)
        town.pass(47)
        #expect(town.order(town.ask) == nil, "once it is its turn")
    }

    @Test("EXC-5: a thousand parts pay and get what one would, to the unit")
    func parts() throws {
        var town = ExchangeTown.start
        #expect(town.send(.dave, .cancelOrder(town.ask)).refusal == nil)
        #expect(town.send(.carol, .cancelOrder(town.bid)).refusal == nil)
        // A third of an obol for a token, bought 10 at a time; each sells worth 3 obol and a third.
        town.harness.plant(StoredNumber(1), .governedNumber(.orderValueMin))
        let third = Self.one / 3
        let id = town.place(.carol, .buy, 1000, at: third, until: 200)
        town.pass()
        _ = town.takeEvents()
        for part in 1...40 {
            _ = town.place(.dave, .sell, 10, at: third, until: 200)
            town.pass()
            let order = try #require(town.order(id))
            let exact = UInt128(part) * 10 * third
            #expect(order.settled == (exact + Self.one - 1) / Self.one)
        }
        let sold = fills(town.takeEvents()).filter { $0.side == .sell }
        #expect(sold.count == 40 && sold.allSatisfy { $0.quote.obol == 3 })
        // 40 sellers got 3 each of 3.33…, the buyer paid 133.3… rounded up.
        #expect(town.held(in: .rounding(of: ExchangeTown.market)) == 134 - 120)
    }

    @Test("EXC-33: a full book gives its worst place to a better order only")
    func displaced() throws {
        var town = ExchangeTown.start
        for _ in 0..<(OrderBook.ordersMax - 1) {
            _ = town.place(.alice, .buy, 100, at: 2 * Self.one, until: 90)
        }
        let worst = try #require(town.book(.buy).last?.order)
        let id = town.place(.bob, .buy, 100, at: 3 * Self.one)
        #expect(town.order(worst) == nil)
        #expect(town.book(.buy).count == OrderBook.ordersMax)
        #expect(town.book(.buy).prefix(2).map(\.order) == [town.bid, id])
        let same = town.send(.bob, ExchangeTown.order(.buy, 100, at: 2 * Self.one))
        #expect(same.refusal == .exchange(.bookFull))
        // The worst locked 200 obol, which 66 at 3 do not reach.
        let small = town.send(.bob, ExchangeTown.order(.buy, 66, at: 3 * Self.one))
        #expect(small.refusal == .exchange(.bookFull))
        _ = town.place(.bob, .buy, 67, at: 3 * Self.one)
    }

    @Test("EXC-33: what a seller locks is counted, not what it asks for it")
    func displacedAsk() throws {
        var town = ExchangeTown.start
        for _ in 0..<(OrderBook.ordersMax - 1) {
            _ = town.place(.alice, .sell, 100, at: 7 * Self.one, until: 90)
        }
        let worst = try #require(town.book(.sell).last?.order)
        let small = town.send(.bob, ExchangeTown.order(.sell, 99, at: 6 * Self.one))
        #expect(small.refusal == .exchange(.bookFull))
        _ = town.place(.bob, .sell, 100, at: 6 * Self.one)
        #expect(town.order(worst) == nil)
    }

    @Test("EXC-33: a large order at a price that nobody pays does not close a book")
    func pinned() throws {
        var town = ExchangeTown.start
        let pin = town.place(.alice, .sell, 5000, at: 900 * Self.one, until: 90)
        for _ in 0..<(OrderBook.ordersMax - 2) {
            _ = town.place(.alice, .sell, 2, at: 800 * Self.one, until: 90)
        }
        let worst = try #require(town.book(.sell).dropLast().last?.order)
        let honest = town.place(.bob, .sell, 100, at: 6 * Self.one)
        #expect(town.order(honest)?.open == 100)
        #expect(town.order(worst) == nil)
        #expect(town.order(pin)?.open == 5000)
    }

    @Test("EXC-31, EXC-33: a flood of orders drives no larger one out, and stays for the batch")
    func flood() {
        var town = ExchangeTown.start
        let honest = town.place(.erin, .buy, 1000, at: 2 * Self.one)
        town.pass()
        var placed: [OrderID] = []
        for _ in 0..<OrderBook.ordersMax {
            let sequence = town.harness.account(.alice).sequence + 1
            let result = town.send(.alice, ExchangeTown.order(.buy, 100, at: 3 * Self.one))
            guard result.isAccepted else {
                #expect(result.refusal == .exchange(.bookFull))
                continue
            }
            let id = OrderID(owner: Person.alice.id, sequence: sequence, messageIndex: 0)
            placed.append(id)
        }
        #expect(placed.count == OrderBook.ordersMax - 2, "next to the two that stood")
        for id in placed {
            #expect(town.send(.alice, .cancelOrder(id)).refusal == .exchange(.tooEarly))
        }
        #expect(town.order(honest)?.open == 1000)
        #expect(town.book(.buy).count == OrderBook.ordersMax)
    }

    @Test("EXC-42: whoever comes first inside a block has nothing from it", arguments: 0..<20)
    func permuted(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var orders: [(Person, ExchangeMessage)] = []
        for person in Person.all {
            let side = random.once(in: 2) ? OrderSide.buy : .sell
            let price = UInt128(3 + random.below(4)) * Self.one + UInt128(random.below(3))
            orders.append(
                (person, ExchangeTown.order(side, UInt128(100 + random.below(900)), at: price))
            )
        }
        func run(_ orders: [(Person, ExchangeMessage)]) -> [ExchangeEvent] {
            var town = ExchangeTown.start
            for (person, message) in orders { town.send(person, message) }
            town.pass()
            return town.takeEvents()
        }
        let first = run(orders)
        for _ in 0..<4 { #expect(run(orders.shuffled(using: &random)) == first) }
    }
}
