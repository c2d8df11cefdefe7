import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("What is written of the exchange")
struct ExchangeCodingTests {
    private static let market = ExchangeTown.market
    private static let one = Amount(obol: 1)
    private static let two = Amount(obol: 2)
    private static let height = BlockHeight(9)
    private static let pool = PoolID(digest(1))
    private static let change = LiquidityChange(pool, base: one, quote: two, shares: 3)
    private static let placement = OrderPlacement(
        market,
        .sell,
        amount: one,
        price: 7,
        expiresAt: height
    )
    private static let opening = SaleOpening(
        given: .native,
        amount: one,
        wanted: ExchangeTown.token,
        rate: SaleRate(one, per: two),
        until: height
    )

    static let messages: [ExchangeMessage] = [
        .createPool(PoolOpening(market, feeBasisPoints: 5, base: one, quote: two)),
        .addLiquidity(change), .removeLiquidity(change),
        .swap(PoolSwap(pool, given: .native, amount: one, wantedMin: two, until: height)),
        .openSale(opening), .buyFromSale(SaleID(digest(2)), amount: one, payMax: two),
        .closeSale(SaleID(digest(3))), .placeOrder(placement), .cancelOrder(OrderID(digest(4))),
    ]

    @Test("EXC-1: each message reads back, under its tag", arguments: messages)
    func message(_ message: ExchangeMessage) throws {
        var encoder = CanonicalEncoder()
        encoder.encode(Message.exchange(message))
        #expect(encoder.bytes.first == message.tag)
        var decoder = CanonicalDecoder(encoder.bytes)
        #expect(try Message(from: &decoder) == .exchange(message))
        #expect(decoder.isAtEnd)
    }

    @Test("EXC-1: tags are in order and none is twice")
    func tags() {
        #expect(Self.messages.map(\.tag) == Array(68...76))
    }

    private static let moved = LiquidityMoved(
        pool: pool,
        market: market,
        account: Person.bob.id,
        base: one,
        quote: two,
        shares: 3
    )

    private static func trade(_ venue: TradeVenue) -> ExchangeEvent {
        .trade(
            Trade(
                venue: venue,
                market: market,
                base: one,
                quote: two,
                taker: Person.bob.id,
                side: .buy
            )
        )
    }

    private static let end = OfferEnd(
        name: digest(5),
        owner: Person.bob.id,
        end: .displaced,
        returned: one,
        denomination: .native
    )

    private static let fill = OrderFill(
        order: OrderID(digest(6)),
        market: market,
        owner: Person.bob.id,
        side: .sell,
        base: one,
        quote: two,
        open: .zero
    )

    static let events: [ExchangeEvent] = [
        .poolCreated(pool, market, feeBasisPoints: 30), .liquidityAdded(moved),
        .liquidityRemoved(moved), trade(.pool(pool)), trade(.sale(SaleID(digest(2)))),
        trade(.batch(OrderID(digest(3)))),
        .saleOpened(SaleID(digest(2)), seller: Person.bob.id, opening), .saleClosed(end),
        .orderPlaced(OrderID(digest(3)), owner: Person.bob.id, placement), .orderFilled(fill),
        .orderClosed(end), .batchCleared(market, price: 8, volume: one),
    ]

    @Test("EXC-50: each event reads back and has a record", arguments: events)
    func event(_ event: ExchangeEvent) throws {
        let whole = Event.exchange(event)
        #expect(try Event(canonicalBytes: whole.canonicalBytes) == whole)
        #expect(whole.record.name.hasPrefix("exchange."))
        let names = whole.record.fields.map(\.name)
        #expect(Set(names).count == names.count && !names.isEmpty)
    }

    @Test("EXC-51: a trade has the fields that analytics read")
    func tradeFields() {
        let record = Event.exchange(Self.trade(.pool(Self.pool))).record
        #expect(record.name == "exchange.trade")
        let expected: [EventRecord.Field] = [
            .init("venue", .text("pool")), .init("pool", .object("pool", Self.pool.digest)),
            .init("market", .object("market", Self.market.id)),
            .init("base", .denomination(ExchangeTown.token)),
            .init("quote", .denomination(.native)),
            .init("baseAmount", .amount(Self.one, ExchangeTown.token)),
            .init("quoteAmount", .amount(Self.two, .native)),
            .init("taker", .account(Person.bob.id)), .init("side", .text("buy")),
        ]
        #expect(record.fields == expected)
    }

    @Test("EXC-2: a market that is the wrong way round cannot be read")
    func order() {
        var encoder = CanonicalEncoder()
        encoder.encode(CanonicalEncoder.version)
        encoder.encode(Denomination.native)
        encoder.encode(ExchangeTown.token)
        #expect(throws: CanonicalError.invalidValue) {
            try Market(canonicalBytes: encoder.bytes)
        }
    }

    @Test("EXC-2: no pool has the name of a market", arguments: Pool.feeTiers)
    func names(_ fee: UInt16) {
        let pool = PoolID(Self.market, feeBasisPoints: fee).digest
        #expect(pool != Self.market.id)
        #expect(Market(.issued(Self.market.id), .native)?.id != pool)
    }
}
