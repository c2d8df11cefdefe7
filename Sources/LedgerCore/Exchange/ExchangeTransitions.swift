import CanonicalCoding
import MarketTypes

extension Ledger {
    /// Applies a message about pools, sales and orders.
    mutating func apply(
        _ message: ExchangeMessage,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        let events =
            switch message {
            case .createPool(let opening): try createPool(opening, from: origin)
            case .addLiquidity(let change): try addLiquidity(change, from: origin)
            case .removeLiquidity(let change): try removeLiquidity(change, from: origin)
            case .swap(let swap): try self.swap(swap, from: origin)
            case .openSale(let opening): try openSale(opening, from: origin)
            case .buyFromSale(let sale, let amount, let payMax):
                try buyFromSale(sale, amount, payMax: payMax, from: origin)
            case .closeSale(let sale): try closeSale(sale, from: origin)
            case .placeOrder(let placement): try placeOrder(placement, from: origin)
            case .cancelOrder(let order): try cancelOrder(order, from: origin)
            }
        return events.map { .exchange($0) }
    }

    /// Returns what a sale or an order has left when its time is over, if it is still there.
    mutating func orderDue(_ name: Digest, at context: BlockContext) throws(Refusal) -> [Event] {
        if let order = state.read(Order.self, .order(OrderID(name))) {
            return [.exchange(try close(order, OrderID(name), .expired))]
        }
        if let sale = state.read(Sale.self, .sale(SaleID(name))) {
            return [.exchange(try close(sale, SaleID(name), .expired))]
        }
        return []
    }

    /// Checks that both denominations of a market exist, and writes it down if it is new.
    mutating func enter(_ market: Market) throws(Refusal) {
        guard !state.contains(.market(market.id)) else { return }
        for denomination in [market.base, market.quote] {
            guard state.exists(denomination) else {
                throw .exchange(.unknownDenomination)
            }
        }
        state.write(MarketRecord(market), .market(market.id))
    }

    /// Checks that an amount can be traded.
    func checkTradable(_ amounts: Amount...) throws(Refusal) {
        for amount in amounts {
            guard !amount.isZero, amount.obol <= PoolReserves.reserveMax else {
                throw .exchange(.invalidNumber)
            }
        }
    }

    /// Checks until when something is to be open; returns the height at which it no longer is.
    func checkOpen(
        until height: BlockHeight,
        blocksMax: GovernedNumber,
        from origin: MessageOrigin
    ) throws(Refusal) -> BlockHeight {
        guard height >= origin.height else { throw .exchange(.expired) }
        guard height.rawValue - origin.height.rawValue <= state.value(of: blocksMax),
            let end = height.advanced(byBlocks: 1)
        else { throw .exchange(.tooLong) }
        return end
    }
}
