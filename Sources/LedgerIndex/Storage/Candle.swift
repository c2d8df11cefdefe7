public import MarketTypes

/// What a price did in one span of time: integers all, so that any two indexes agree.
public struct Candle: Hashable, Sendable {
    /// The spans: a minute, an hour and a day, in seconds.
    public static let spans: [UInt64] = [60, 3600, 86400]

    /// When the span began, in seconds since 1970; a multiple of the span.
    public let start: UInt64
    /// The first price, for ``MarketTrade/priceUnits`` of the base.
    public let open: Amount
    /// The highest price.
    public private(set) var high: Amount
    /// The lowest price.
    public private(set) var low: Amount
    /// The last price.
    public private(set) var close: Amount
    /// How much of the base was traded.
    public private(set) var base: Amount
    /// How much was paid.
    public private(set) var quote: Amount
    /// How many trades there were; never zero.
    public private(set) var trades: UInt64

    /// Joins the parts.
    init(
        start: UInt64,
        open: Amount,
        high: Amount,
        low: Amount,
        close: Amount,
        base: Amount,
        quote: Amount,
        trades: UInt64
    ) {
        self.start = start
        self.open = open
        self.high = high
        self.low = low
        self.close = close
        self.base = base
        self.quote = quote
        self.trades = trades
    }

    /// The candle of one trade at `price`.
    init(start: UInt64, _ trade: MarketTrade, price: Amount) {
        self.init(
            start: start,
            open: price,
            high: price,
            low: price,
            close: price,
            base: trade.base,
            quote: trade.quote,
            trades: 1
        )
    }

    /// Adds the next trade; sums stop at the most there can be.
    mutating func add(_ trade: MarketTrade, price: Amount) {
        high = max(high, price)
        low = min(low, price)
        close = price
        base = base.addingSaturating(trade.base)
        quote = quote.addingSaturating(trade.quote)
        trades += 1
    }

    /// The start of the span of `seconds` that `time` is in.
    static func start(of time: Timestamp, seconds: UInt64) -> UInt64 {
        let now = time.milliseconds / 1000
        return now - now % seconds
    }
}
