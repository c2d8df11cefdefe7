import CanonicalCoding
import MarketTypes

extension Ledger {
    /// Matches the orders of each market in which some came in this block, after its last
    /// transaction (EXC-40).
    mutating func clearOrders(at context: BlockContext) -> [Event] {
        guard let touched = state.read(TouchedMarkets.self, .touchedMarkets) else { return [] }
        state.write(TouchedMarkets?.none, .touchedMarkets)
        state.keepTransaction()
        var events: [ExchangeEvent] = []
        for market in touched.markets {
            do {
                events += try clear(market, at: context.height)
                state.keepTransaction()
            } catch {
                // Only if somebody would have more than 128 bits of something: the orders stay.
                state.dropTransaction()
            }
        }
        return events.map { .exchange($0) }
    }

    private mutating func clear(
        _ name: Digest,
        at height: BlockHeight
    ) throws(Refusal) -> [ExchangeEvent] {
        guard var record = state.read(MarketRecord.self, .market(name)) else { return [] }
        let market = record.market
        // No sums if the best prices do not meet.
        guard let bid = book(market, .buy).entries.first?.price,
            let ask = book(market, .sell).entries.first?.price, bid >= ask,
            let batch = Batch(
                buys: waiting(market, .buy, at: height),
                sells: waiting(market, .sell, at: height)
            )
        else { return [] }
        record.lastPrice = batch.price
        record.lastHeight = height
        state.write(record, .market(name))
        let volume = Amount(obol: batch.volume)
        var events: [ExchangeEvent] = [
            .batchCleared(market, price: batch.price, volume: volume)
        ]
        // All that is given is taken first, then all is handed out: what rounding keeps of the
        // quote goes into the market's own pot, which has it when it is the other way round.
        events += try settle(batch.buys, at: batch.price, market, .buy)
        events += try settle(batch.sells, at: batch.price, market, .sell)
        return events
    }

    /// The orders of one side that can still be matched; one whose time is over may be waiting to
    /// be returned.
    private func waiting(
        _ market: Market,
        _ side: OrderSide,
        at height: BlockHeight
    ) -> [BatchOrder] {
        var waiting: [BatchOrder] = []
        for entry in book(market, side).entries {
            guard let order = state.read(Order.self, .order(entry.order)),
                height <= order.expiresAt
            else { continue }
            waiting.append(
                BatchOrder(
                    order: entry.order,
                    price: entry.price,
                    placedAt: entry.placedAt,
                    open: order.open
                )
            )
        }
        return waiting
    }

    /// Pays the fills of one side, and ends orders of which nothing is left; writes the book
    /// once.
    private mutating func settle(
        _ fills: [Batch.Fill],
        at price: UInt128,
        _ market: Market,
        _ side: OrderSide
    ) throws(Refusal) -> [ExchangeEvent] {
        var events: [ExchangeEvent] = []
        var done = SortedMap<OrderID, Bool>()
        for fill in fills {
            let (order, paid) = try settle(fill, at: price)
            events += paid
            guard order.open == 0 else { continue }
            done[fill.order] = true
            events.append(try release(order, fill.order, .filled))
        }
        remove(done, from: market, side)
        return events
    }

    /// Pays one fill.
    private mutating func settle(
        _ fill: Batch.Fill,
        at price: UInt128
    ) throws(Refusal) -> (Order, [ExchangeEvent]) {
        guard var order = state.read(Order.self, .order(fill.order)) else {
            preconditionFailure("an order was matched that is not there")
        }
        let market = order.market
        let base = Amount(obol: fill.base)
        let quote = order.fill(fill.base, at: price)
        state.write(order, .order(fill.order))
        var events: [ExchangeEvent] = []
        let (mine, rounding) = (order.pot(fill.order), Pot.rounding(of: market))
        switch order.side {
        case .buy:
            state.draw(mine, quote)
            state.fill(rounding, quote)
            try state.credit(order.owner, base, market.base)
            events.append(.trade(order.trade(fill.order, base, quote)))
        case .sell:
            state.draw(mine, base)
            try state.move(quote, from: rounding, to: order.owner)
        }
        events.append(
            .orderFilled(
                OrderFill(
                    order: fill.order,
                    market: market,
                    owner: order.owner,
                    side: order.side,
                    base: base,
                    quote: quote,
                    open: Amount(obol: order.open)
                )
            )
        )
        return (order, events)
    }
}

extension Order {
    fileprivate func trade(_ id: OrderID, _ base: Amount, _ quote: Amount) -> Trade {
        Trade(
            venue: .batch(id),
            market: market,
            base: base,
            quote: quote,
            taker: owner,
            side: side
        )
    }
}
