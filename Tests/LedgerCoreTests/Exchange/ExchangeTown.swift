import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

/// A market of ``LedgerHarness/token`` for the native unit, with a pool, a sale and two orders.
///
/// Alice made the pool, of 1,000,000 tokens and 4,000,000 obol at 30 basis points; Bob sells 5000
/// tokens, 3 obol for 2; Carol bids 4 obol for 1000 tokens each, Dave asks for 5.
struct ExchangeTown: Sendable {
    static let token = LedgerHarness.token
    /// One obol for one token.
    static let one = OrderPrice.scale
    static let market: Market = {
        guard let made = Market(token, .native) else { preconditionFailure("they differ") }
        return made
    }()
    static let pool = PoolID(market, feeBasisPoints: 30)

    var harness = LedgerHarness(tokens: 1_000_000_000)
    private(set) var sale = SaleID(.zero)
    private(set) var bid = OrderID(.zero)
    private(set) var ask = OrderID(.zero)

    /// The town as it stands; made once.
    static let start = ExchangeTown()

    init() {
        let opening = PoolOpening(
            Self.market,
            feeBasisPoints: 30,
            base: Amount(obol: 1_000_000),
            quote: Amount(obol: 4_000_000)
        )
        #expect(send(.alice, .createPool(opening)).refusal == nil)
        sale = openSale(.bob, 5000, (3, 2), until: 50)
        bid = place(.carol, .buy, 1000, at: 4 * Self.one)
        ask = place(.dave, .sell, 1000, at: 5 * Self.one)
        harness.endBlock()
    }

    /// A world in which nothing has been exchanged.
    static func empty() -> ExchangeTown {
        var town = start
        town.harness = LedgerHarness(tokens: 1_000_000_000)
        return town
    }

    @discardableResult
    mutating func send(_ person: Person, _ message: ExchangeMessage) -> TransactionResult {
        harness.send(person, .exchange(message))
    }

    /// Opens a sale of tokens for obol, which must be possible.
    mutating func openSale(
        _ person: Person,
        _ amount: UInt128,
        _ rate: (UInt128, UInt128),
        until: UInt64
    ) -> SaleID {
        let sequence = harness.account(person).sequence + 1
        let opening = SaleOpening(
            given: Self.token,
            amount: Amount(obol: amount),
            wanted: .native,
            rate: SaleRate(Amount(obol: rate.0), per: Amount(obol: rate.1)),
            until: BlockHeight(until)
        )
        #expect(send(person, .openSale(opening)).refusal == nil)
        return SaleID(seller: person.id, sequence: sequence, messageIndex: 0)
    }

    /// Places an order, which must be possible.
    mutating func place(
        _ person: Person,
        _ side: OrderSide,
        _ amount: UInt128,
        at price: UInt128,
        until: UInt64 = 50
    ) -> OrderID {
        let sequence = harness.account(person).sequence + 1
        #expect(send(person, Self.order(side, amount, at: price, until: until)).refusal == nil)
        return OrderID(owner: person.id, sequence: sequence, messageIndex: 0)
    }

    static func order(
        _ side: OrderSide,
        _ amount: UInt128,
        at price: UInt128,
        until: UInt64 = 50
    ) -> ExchangeMessage {
        .placeOrder(
            OrderPlacement(
                market,
                side,
                amount: Amount(obol: amount),
                price: price,
                expiresAt: BlockHeight(until)
            )
        )
    }

    /// Ends blocks one by one, since deadlines are met at every height.
    mutating func pass(_ blocks: UInt64 = 1) {
        for _ in 0..<blocks { harness.endBlock() }
    }

    /// What happened at ends and beginnings of blocks since somebody last asked.
    mutating func takeEvents() -> [ExchangeEvent] {
        defer { harness.blockEvents = [] }
        return harness.blockEvents.compactMap {
            if case .exchange(let event) = $0 { event } else { nil }
        }
    }
}

extension ExchangeTown {
    func has(_ person: Person, _ denomination: Denomination = token) -> UInt128 {
        harness.ledger.state.balance(person.id, denomination).obol
    }

    func held(in pot: Pot) -> UInt128 { harness.ledger.state.amount(in: pot).obol }

    func reserves(_ id: PoolID = pool) -> PoolReserves? {
        harness.ledger.state.read(Pool.self, .pool(id)).map { harness.ledger.reserves(of: $0) }
    }

    func shares(_ person: Person, _ id: PoolID = pool) -> UInt128 {
        let key = StateKey.liquidity(of: person.id, in: id)
        return harness.ledger.state.read(LiquidityPosition.self, key)?.shares ?? 0
    }

    func order(_ id: OrderID) -> Order? { harness.ledger.state.read(Order.self, .order(id)) }

    func book(_ side: OrderSide) -> [BookEntry] {
        harness.ledger.book(Self.market, side).entries
    }
}
