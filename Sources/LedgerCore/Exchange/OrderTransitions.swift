import CanonicalCoding
import MarketTypes

extension Ledger {
    /// Locks what an order offers, and puts it into its book until the block's end (EXC-30).
    mutating func placeOrder(
        _ placement: OrderPlacement,
        from origin: MessageOrigin
    ) throws(Refusal) -> [ExchangeEvent] {
        try checkTradable(placement.amount)
        let value = OrderPrice.value(of: placement.amount.obol, at: placement.price)
        guard placement.price > 0, let value, value.whole < PoolReserves.reserveMax else {
            throw .exchange(.invalidNumber)
        }
        let market = placement.market
        try enter(market)
        let end = try checkOpen(
            until: placement.expiresAt,
            blocksMax: .orderBlocksMax,
            from: origin
        )
        guard value.whole >= UInt128(state.value(of: .orderValueMin)) else {
            throw .exchange(.orderTooSmall)
        }
        try touch(market)
        let locked =
            switch placement.side {
            case .buy: Amount(obol: value.fraction > 0 ? value.whole + 1 : value.whole)
            case .sell: placement.amount
            }
        let displaced = try makeRoom(for: placement, locking: locked)
        let id = OrderID(
            owner: origin.sender,
            sequence: origin.sequence,
            messageIndex: origin.messageIndex
        )
        let order = Order(origin.sender, placement, placedAt: origin.height)
        try state.move(locked, from: origin.sender, to: order.pot(id))
        try state.schedule(Deadline(.order, id.digest), at: end, from: origin.height)
        state.write(order, .order(id))
        state.write(Presence(), .order(id, of: origin.sender))
        var book = book(market, placement.side)
        book.insert(
            BookEntry(price: order.price, placedAt: order.placedAt, order: id),
            on: order.side
        )
        state.write(book, .orderBook(market.id, order.side))
        return displaced + [.orderPlaced(id, owner: origin.sender, placement)]
    }

    /// Notes that a market is to be cleared at the block's end.
    private mutating func touch(_ market: Market) throws(Refusal) {
        var touched = state.read(TouchedMarkets.self, .touchedMarkets) ?? TouchedMarkets()
        guard !touched.markets.contains(market.id) else { return }
        guard touched.markets.count < TouchedMarkets.countMax else {
            throw .exchange(.tooManyMarkets)
        }
        touched.markets.append(market.id)
        state.write(touched, .touchedMarkets)
    }

    /// Returns an order of a full book to its owner if the new one is better and locks at least
    /// what that one has left: the last such among the last ``OrderBook/comparedMax``.
    ///
    /// Otherwise orders of next to nothing could drive everybody else's out for their fees; and if
    /// the last alone were looked at, a large one at a price that nobody pays would close the book.
    private mutating func makeRoom(
        for placement: OrderPlacement,
        locking locked: Amount
    ) throws(Refusal) -> [ExchangeEvent] {
        let entries = book(placement.market, placement.side).entries
        guard entries.count == OrderBook.ordersMax else { return [] }
        for entry in entries.suffix(OrderBook.comparedMax).reversed() {
            let isBetter =
                switch placement.side {
                case .buy: placement.price > entry.price
                case .sell: placement.price < entry.price
                }
            guard isBetter, let order = state.read(Order.self, .order(entry.order)) else { break }
            guard locked >= state.amount(in: order.pot(entry.order)) else { continue }
            return [try close(order, entry.order, .displaced)]
        }
        throw .exchange(.bookFull)
    }

    /// Takes an order back (EXC-31), but not before it has stood in a batch: so whoever drives
    /// another's order out of a full book can be matched at the price it named.
    mutating func cancelOrder(
        _ id: OrderID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [ExchangeEvent] {
        guard let order = state.read(Order.self, .order(id)) else {
            throw .exchange(.unknownOrder)
        }
        guard order.owner == origin.sender else { throw .exchange(.notOwner) }
        guard order.placedAt < origin.height else { throw .exchange(.tooEarly) }
        return [try close(order, id, .cancelled)]
    }

    /// One side of a market.
    func book(_ market: Market, _ side: OrderSide) -> OrderBook {
        state.read(OrderBook.self, .orderBook(market.id, side)) ?? OrderBook()
    }

    /// Takes an order out of its book, and returns what it has left.
    mutating func close(
        _ order: Order,
        _ id: OrderID,
        _ end: ExchangeEnd
    ) throws(Refusal) -> ExchangeEvent {
        var ended = SortedMap<OrderID, Bool>()
        ended[id] = true
        remove(ended, from: order.market, order.side)
        return try release(order, id, end)
    }

    /// Takes orders out of one side of a market.
    mutating func remove(
        _ orders: SortedMap<OrderID, Bool>,
        from market: Market,
        _ side: OrderSide
    ) {
        guard !orders.isEmpty else { return }
        var book = book(market, side)
        book.remove(orders)
        state.write(book.entries.isEmpty ? nil : book, .orderBook(market.id, side))
    }

    /// Returns what an order has left, and forgets it; its place in the book is the caller's.
    mutating func release(
        _ order: Order,
        _ id: OrderID,
        _ end: ExchangeEnd
    ) throws(Refusal) -> ExchangeEvent {
        let left = state.amount(in: order.pot(id))
        try state.move(left, from: order.pot(id), to: order.owner)
        state.write(Order?.none, .order(id))
        state.write(Presence?.none, .order(id, of: order.owner))
        return .orderClosed(
            OfferEnd(
                name: id.digest,
                owner: order.owner,
                end: end,
                returned: left,
                denomination: order.market.given(order.side)
            )
        )
    }
}
