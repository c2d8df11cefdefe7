import Identity
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("The life of a sale")
struct SaleLifeTests {
    private func buy(
        _ town: inout ExchangeTown,
        _ person: Person,
        _ amount: UInt128,
        _ payMax: UInt128
    ) -> TransactionResult {
        let message = ExchangeMessage.buyFromSale(
            town.sale,
            amount: Amount(obol: amount),
            payMax: Amount(obol: payMax)
        )
        return town.send(person, message)
    }

    @Test("EXC-21: costs the rate, rounded up, and the seller gets it at once")
    func buying() {
        var town = ExchangeTown.start
        let before = town.has(.bob, .native)
        let result = buy(&town, .carol, 333, 500)
        let trade = Trade(
            venue: .sale(town.sale),
            market: ExchangeTown.market,
            base: Amount(obol: 333),
            quote: Amount(obol: 500),  // 333 × 3 ÷ 2 = 499.5
            taker: Person.carol.id,
            side: .buy
        )
        #expect(result.events == [.exchange(.trade(trade))])
        #expect(town.has(.bob, .native) == before + 500)
        #expect(town.has(.carol) == 1_000_000_333)
        #expect(town.held(in: Pot(.sale, town.sale.digest, ExchangeTown.token)) == 4667)
    }

    @Test("EXC-21: ends when nothing is left")
    func soldOut() {
        var town = ExchangeTown.start
        let result = buy(&town, .carol, 5000, 7500)
        let end = OfferEnd(
            name: town.sale.digest,
            owner: Person.bob.id,
            end: .filled,
            returned: .zero,
            denomination: ExchangeTown.token
        )
        #expect(result.events.last == .exchange(.saleClosed(end)))
        #expect(!town.harness.ledger.state.contains(.sale(town.sale)))
        #expect(!town.harness.ledger.state.contains(.sale(town.sale, of: Person.bob.id)))
        town.pass(60)
        #expect(town.takeEvents().allSatisfy { if case .saleClosed = $0 { false } else { true } })
    }

    @Test("EXC-22: the seller can end it, and gets back what is left")
    func closing() {
        var town = ExchangeTown.start
        #expect(buy(&town, .carol, 1000, 1500).refusal == nil)
        #expect(town.has(.bob) == 1_000_000_000 - 5000)
        let end = OfferEnd(
            name: town.sale.digest,
            owner: Person.bob.id,
            end: .cancelled,
            returned: Amount(obol: 4000),
            denomination: ExchangeTown.token
        )
        let result = town.send(.bob, .closeSale(town.sale))
        #expect(result.events == [.exchange(.saleClosed(end))])
        #expect(town.has(.bob) == 1_000_000_000 - 1000)
    }

    @Test("EXC-23: ends by itself after its last block")
    func expiry() {
        var town = ExchangeTown.start
        town.pass(48)
        #expect(town.harness.ledger.state.contains(.sale(town.sale)))
        #expect(buy(&town, .carol, 10, 15).refusal == nil, "at the last height")
        town.pass()
        #expect(!town.harness.ledger.state.contains(.sale(town.sale)))
        let end = OfferEnd(
            name: town.sale.digest,
            owner: Person.bob.id,
            end: .expired,
            returned: Amount(obol: 4990),
            denomination: ExchangeTown.token
        )
        #expect(town.takeEvents().contains(.saleClosed(end)))
        #expect(town.has(.bob) == 1_000_000_000 - 10)
    }

    @Test("EXC-20: what is sold can be the quote; a trade always tells base and quote")
    func quote() {
        var town = ExchangeTown.start
        let sequence = town.harness.account(.dave).sequence + 1
        let opening = SaleOpening(
            given: .native,
            amount: Amount(obol: 1000),
            wanted: ExchangeTown.token,
            rate: SaleRate(Amount(obol: 1), per: Amount(obol: 4)),
            until: BlockHeight(9)
        )
        #expect(town.send(.dave, .openSale(opening)).refusal == nil)
        let sale = SaleID(seller: Person.dave.id, sequence: sequence, messageIndex: 0)
        let message = ExchangeMessage.buyFromSale(
            sale,
            amount: Amount(obol: 401),
            payMax: Amount(obol: 101)
        )
        guard case .exchange(.trade(let trade)) = town.send(.erin, message).events.first else {
            Issue.record("no trade")
            return
        }
        #expect(trade.base.obol == 101 && trade.quote.obol == 401 && trade.side == .sell)
    }
}
