public import MarketTypes

/// Where a trade happened; the numbers are append-only.
public enum TradeVenue: Hashable, Sendable {
    /// With a pool.
    case pool(PoolID)
    /// With a sale's seller.
    case sale(SaleID)
    /// In a batch, for this order, which bought.
    case batch(OrderID)

    /// `pool`, `sale` or `batch`.
    public var name: String {
        switch self {
        case .pool: "pool"
        case .sale: "sale"
        case .batch: "batch"
        }
    }
}

/// Base was exchanged for quote, once: of the two parties of a batch, only the buyers are told.
public struct Trade: Hashable, Sendable {
    /// With whom or what.
    public let venue: TradeVenue
    /// The two denominations.
    public let market: Market
    /// How much base.
    public let base: Amount
    /// For how much quote; the two make the price.
    public let quote: Amount
    /// Who came to trade; in a batch, the order's owner.
    public let taker: AccountID
    /// What the taker did.
    public let side: OrderSide
}

/// How an order or a sale ended; the numbers are append-only.
public enum ExchangeEnd: UInt8, Hashable, CaseIterable, Sendable {
    /// Nothing is left of it.
    case filled = 1
    /// Its owner ended it.
    case cancelled = 2
    /// Its time was over.
    case expired = 3
    /// Its book was full, and a better order came.
    case displaced = 4

    /// The case's name.
    public var name: String {
        switch self {
        case .filled: "filled"
        case .cancelled: "cancelled"
        case .expired: "expired"
        case .displaced: "displaced"
        }
    }
}

/// What an account gave to a pool or got from it, for shares.
public struct LiquidityMoved: Hashable, Sendable {
    /// The pool.
    public let pool: PoolID
    /// What it exchanges.
    public let market: Market
    /// The account.
    public let account: AccountID
    /// How much base.
    public let base: Amount
    /// How much quote.
    public let quote: Amount
    /// How many shares.
    public let shares: UInt128
}

/// An order was matched, in part or wholly.
public struct OrderFill: Hashable, Sendable {
    /// The order.
    public let order: OrderID
    /// Where it stands.
    public let market: Market
    /// Whose it is.
    public let owner: AccountID
    /// Whether it bought or sold.
    public let side: OrderSide
    /// How much base.
    public let base: Amount
    /// For how much quote.
    public let quote: Amount
    /// How much base it is still for.
    public let open: Amount
}

/// An order or a sale ended.
public struct OfferEnd: Hashable, Sendable {
    /// Its name.
    public let name: Digest
    /// Whose it was.
    public let owner: AccountID
    /// Why it ended.
    public let end: ExchangeEnd
    /// What went back.
    public let returned: Amount
    /// What that counts.
    public let denomination: Denomination
}

/// What happened to pools, sales and orders; the tags are those of ``Event``, from 68 to 79, and
/// append-only.
public enum ExchangeEvent: Hashable, Sendable {
    /// A pool was made; its first deposit follows.
    case poolCreated(PoolID, Market, feeBasisPoints: UInt16)
    /// Somebody gave a pool of both denominations.
    case liquidityAdded(LiquidityMoved)
    /// Somebody took of both denominations out of a pool.
    case liquidityRemoved(LiquidityMoved)
    /// Somebody traded.
    case trade(Trade)
    /// A sale was opened.
    case saleOpened(SaleID, seller: AccountID, SaleOpening)
    /// A sale ended.
    case saleClosed(OfferEnd)
    /// An order was placed.
    case orderPlaced(OrderID, owner: AccountID, OrderPlacement)
    /// An order was matched.
    case orderFilled(OrderFill)
    /// An order ended.
    case orderClosed(OfferEnd)
    /// A market's orders were matched at one price.
    case batchCleared(Market, price: UInt128, volume: Amount)

    /// The tags that these events may have.
    static let tags: ClosedRange<UInt8> = 68...79
}
