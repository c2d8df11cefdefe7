import CanonicalCoding
import MarketTypes

extension Ledger {
    /// Offers something at a fixed rate (EXC-20).
    mutating func openSale(
        _ opening: SaleOpening,
        from origin: MessageOrigin
    ) throws(Refusal) -> [ExchangeEvent] {
        try checkTradable(opening.amount, opening.rate.wanted, opening.rate.given)
        guard let market = Market(opening.given, opening.wanted) else {
            throw .exchange(.sameDenomination)
        }
        try enter(market)
        let end = try checkOpen(until: opening.until, blocksMax: .saleBlocksMax, from: origin)
        let id = SaleID(
            seller: origin.sender,
            sequence: origin.sequence,
            messageIndex: origin.messageIndex
        )
        let sale = Sale(origin.sender, opening)
        try state.move(opening.amount, from: origin.sender, to: sale.pot(id))
        try state.schedule(Deadline(.order, id.digest), at: end, from: origin.height)
        state.write(sale, .sale(id))
        state.write(Presence(), .sale(id, of: origin.sender))
        return [.saleOpened(id, seller: origin.sender, opening)]
    }

    /// Buys from a sale, which costs the rate rounded up (EXC-21).
    mutating func buyFromSale(
        _ id: SaleID,
        _ amount: Amount,
        payMax: Amount,
        from origin: MessageOrigin
    ) throws(Refusal) -> [ExchangeEvent] {
        try checkTradable(amount)
        guard let sale = state.read(Sale.self, .sale(id)), let market = sale.market else {
            throw .exchange(.unknownSale)
        }
        guard origin.height <= sale.until else { throw .exchange(.expired) }
        guard amount <= state.amount(in: sale.pot(id)) else {
            throw .exchange(.notEnoughLeft)
        }
        guard let cost = sale.rate.cost(of: amount) else { throw .exchange(.invalidNumber) }
        guard cost <= payMax else { throw .exchange(.slippage) }
        try state.debit(origin.sender, cost, sale.wanted)
        try state.credit(sale.seller, cost, sale.wanted)
        try state.move(amount, from: sale.pot(id), to: origin.sender)
        let isBaseGiven = sale.given == market.base
        let trade = Trade(
            venue: .sale(id),
            market: market,
            base: isBaseGiven ? amount : cost,
            quote: isBaseGiven ? cost : amount,
            taker: origin.sender,
            side: isBaseGiven ? .buy : .sell
        )
        guard state.amount(in: sale.pot(id)).isZero else { return [.trade(trade)] }
        return [.trade(trade), try close(sale, id, .filled)]
    }

    /// Ends a sale early (EXC-22).
    mutating func closeSale(
        _ id: SaleID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [ExchangeEvent] {
        guard let sale = state.read(Sale.self, .sale(id)) else { throw .exchange(.unknownSale) }
        guard sale.seller == origin.sender else { throw .exchange(.notSeller) }
        return [try close(sale, id, .cancelled)]
    }

    /// Returns what a sale has left, and forgets it.
    mutating func close(
        _ sale: Sale,
        _ id: SaleID,
        _ end: ExchangeEnd
    ) throws(Refusal) -> ExchangeEvent {
        let left = state.amount(in: sale.pot(id))
        try state.move(left, from: sale.pot(id), to: sale.seller)
        state.write(Sale?.none, .sale(id))
        state.write(Presence?.none, .sale(id, of: sale.seller))
        return .saleClosed(
            OfferEnd(
                name: id.digest,
                owner: sale.seller,
                end: end,
                returned: left,
                denomination: sale.given
            )
        )
    }
}
