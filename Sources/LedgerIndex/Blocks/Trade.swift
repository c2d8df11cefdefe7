import LedgerCore
public import MarketTypes

/// Where something is traded.
public struct Market: Hashable, Sendable {
    /// What the market is: `pool`, `sale` or what else the ledger calls it; empty for a pair.
    public let kind: String
    /// The market's name; zero for a pair of units over all markets.
    public let name: Digest
    /// What is traded.
    public let base: Denomination
    /// What it is paid with.
    public let quote: Denomination

    /// Names a market.
    public init(kind: String, name: Digest, base: Denomination, quote: Denomination) {
        self.kind = kind
        self.name = name
        self.base = base
        self.quote = quote
    }

    /// All trades of a pair of units, wherever they were made.
    public static func pair(base: Denomination, quote: Denomination) -> Market {
        Market(kind: "", name: .zero, base: base, quote: quote)
    }
}

/// One trade, read from an event named `exchange.trade`.
public struct Trade: Hashable, Sendable {
    /// The name of the events that are trades.
    static let eventName = "exchange.trade"
    /// How many units of the base a price is for.
    public static let priceUnits: UInt128 = 1_000_000_000

    /// The market.
    public let market: Market
    /// What kind of market it is, as the event says.
    public let venue: String
    /// How much was traded.
    public let base: Amount
    /// How much was paid for it.
    public let quote: Amount
    /// Who wanted it, where one account did.
    public let taker: AccountID?
    /// Which way, as the event says.
    public let side: String

    /// What ``priceUnits`` of the base cost, rounded down; nil if nothing was traded.
    public var price: Amount? {
        guard !base.isZero else { return nil }
        let price = try? quote.scaled(by: Self.priceUnits, over: base.obol)
        return price ?? Amount(obol: .max)
    }

    /// Creates a trade.
    public init(
        market: Market,
        venue: String,
        base: Amount,
        quote: Amount,
        taker: AccountID?,
        side: String
    ) {
        self.market = market
        self.venue = venue
        self.base = base
        self.quote = quote
        self.taker = taker
        self.side = side
    }

    /// Reads a trade, or returns nil if the record is of something else or lacks what a trade has.
    init?(_ record: EventRecord) {
        guard record.name == Self.eventName,
            case .object(let kind, let name)? = record["market"],
            case .denomination(let baseUnit)? = record["base"],
            case .denomination(let quoteUnit)? = record["quote"],
            case .amount(let base, _)? = record["baseAmount"],
            case .amount(let quote, _)? = record["quoteAmount"]
        else { return nil }
        market = Market(kind: kind, name: name, base: baseUnit, quote: quoteUnit)
        venue = record["venue"]?.label ?? kind
        self.base = base
        self.quote = quote
        if case .account(let account)? = record["taker"] { taker = account } else { taker = nil }
        side = record["side"]?.label ?? ""
    }
}

extension EventRecord {
    /// The first field of this name.
    subscript(name: String) -> Value? { fields.first { $0.name == name }?.value }
}

extension EventRecord.Value {
    /// A short word or number as text.
    fileprivate var label: String? {
        switch self {
        case .text(let text): text
        case .number(let number): "\(number)"
        default: nil
        }
    }
}
