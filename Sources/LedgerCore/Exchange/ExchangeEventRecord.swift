import MarketTypes

extension ExchangeEvent {
    /// The event's name and fields.
    public var record: EventRecord {
        switch self {
        case .poolCreated(let pool, let market, let fee):
            EventRecord(
                "exchange.poolCreated",
                [.init("pool", .object("pool", pool.digest))] + market.fields
                    + [.init("feeBasisPoints", .number(UInt64(fee)))]
            )
        case .liquidityAdded(let moved):
            EventRecord("exchange.liquidityAdded", moved.fields)
        case .liquidityRemoved(let moved):
            EventRecord("exchange.liquidityRemoved", moved.fields)
        case .trade(let trade): EventRecord("exchange.trade", trade.fields)
        case .saleOpened(let sale, let seller, let opening):
            EventRecord(
                "exchange.saleOpened",
                [.init("sale", .object("sale", sale.digest)), .init("seller", .account(seller))]
                    + opening.fields
            )
        case .saleClosed(let end): EventRecord("exchange.saleClosed", end.fields("sale"))
        case .orderPlaced(let order, let owner, let placement):
            EventRecord(
                "exchange.orderPlaced",
                [.init("order", .object("order", order.digest)), .init("owner", .account(owner))]
                    + placement.fields
            )
        case .orderFilled(let fill): EventRecord("exchange.orderFilled", fill.fields)
        case .orderClosed(let end): EventRecord("exchange.orderClosed", end.fields("order"))
        case .batchCleared(let market, let price, let volume):
            EventRecord(
                "exchange.batchCleared",
                market.fields + [
                    .init("price", .text("\(price)")),
                    .init("volume", .amount(volume, market.base)),
                ]
            )
        }
    }
}

extension Market {
    fileprivate var fields: [EventRecord.Field] {
        [
            .init("market", .object("market", id)), .init("base", .denomination(base)),
            .init("quote", .denomination(quote)),
        ]
    }
}

extension LiquidityMoved {
    fileprivate var fields: [EventRecord.Field] {
        [.init("pool", .object("pool", pool.digest))] + market.fields + [
            .init("account", .account(account)),
            .init("baseAmount", .amount(base, market.base)),
            .init("quoteAmount", .amount(quote, market.quote)),
            .init("shares", .text("\(shares)")),
        ]
    }
}

extension Trade {
    fileprivate var fields: [EventRecord.Field] {
        [.init("venue", .text(venue.name)), place] + market.fields + [
            .init("baseAmount", .amount(base, market.base)),
            .init("quoteAmount", .amount(quote, market.quote)),
            .init("taker", .account(taker)), .init("side", .text(side.name)),
        ]
    }

    private var place: EventRecord.Field {
        switch venue {
        case .pool(let pool): .init("pool", .object("pool", pool.digest))
        case .sale(let sale): .init("sale", .object("sale", sale.digest))
        case .batch(let order): .init("order", .object("order", order.digest))
        }
    }
}

extension SaleOpening {
    fileprivate var fields: [EventRecord.Field] {
        [
            .init("amount", .amount(amount, given)),
            .init("wantedAmount", .amount(rate.wanted, wanted)),
            .init("perAmount", .amount(rate.given, given)), .init("until", .height(until)),
        ]
    }
}

extension OrderPlacement {
    fileprivate var fields: [EventRecord.Field] {
        market.fields + [
            .init("side", .text(side.name)), .init("amount", .amount(amount, market.base)),
            .init("price", .text("\(price)")), .init("expiresAt", .height(expiresAt)),
        ]
    }
}

extension OrderFill {
    fileprivate var fields: [EventRecord.Field] {
        [.init("order", .object("order", order.digest))] + market.fields + [
            .init("owner", .account(owner)), .init("side", .text(side.name)),
            .init("baseAmount", .amount(base, market.base)),
            .init("quoteAmount", .amount(quote, market.quote)),
            .init("open", .amount(open, market.base)),
        ]
    }
}

extension OfferEnd {
    fileprivate func fields(_ kind: String) -> [EventRecord.Field] {
        [
            .init(kind, .object(kind, name)), .init("owner", .account(owner)),
            .init("end", .text(end.name)), .init("returned", .amount(returned, denomination)),
        ]
    }
}
