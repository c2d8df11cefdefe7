public import LedgerCore
public import MarketTypes

/// One trade, as an event told it.
public struct MarketTrade: Hashable, Sendable {
    /// The name of the events that are trades.
    static let eventName = "exchange.trade"
    /// How many of the base's smallest units a price is for: as many as an order's.
    public static let priceUnits = OrderPrice.scale

    /// What was exchanged for what.
    public let market: Market
    /// Where: `pool`, `sale` or `batch`.
    public let venue: String
    /// Which pool, sale, or order of a batch.
    public let place: Digest
    /// How much base.
    public let base: Amount
    /// For how much quote.
    public let quote: Amount
    /// Who came to trade.
    public let taker: AccountID
    /// What the taker did: `buy` or `sell`.
    public let side: String

    /// Joins the parts.
    init(
        market: Market,
        venue: String,
        place: Digest,
        base: Amount,
        quote: Amount,
        taker: AccountID,
        side: String
    ) {
        self.market = market
        self.venue = venue
        self.place = place
        self.base = base
        self.quote = quote
        self.taker = taker
        self.side = side
    }

    init(_ trade: Trade) {
        let place =
            switch trade.venue {
            case .pool(let pool): pool.digest
            case .sale(let sale): sale.digest
            case .batch(let order): order.digest
            }
        self.init(
            market: trade.market,
            venue: trade.venue.name,
            place: place,
            base: trade.base,
            quote: trade.quote,
            taker: trade.taker,
            side: trade.side.name
        )
    }

    /// The trade that an event tells of, or nil if it tells of something else.
    init?(_ event: Event) {
        guard case .exchange(.trade(let trade)) = event else { return nil }
        self.init(trade)
    }

    /// What ``priceUnits`` of the base cost, rounded down, or the most there can be; nil if nothing
    /// was traded.
    public var price: Amount? {
        guard !base.isZero else { return nil }
        let price = try? quote.scaled(by: Self.priceUnits, over: base.obol)
        return price ?? Amount(obol: .max)
    }
}
