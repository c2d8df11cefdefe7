public import LedgerCore
public import MarketTypes
public import SettlementCore

/// In which order a search answers.
public enum SearchOrder: Hashable, Sendable {
    /// What is called so, then what has the words in its names, then all else; newest first.
    ///
    /// The order depends on each row alone, never on how common a word is, so that pages stay whole
    /// while rows come. Without words it is ``newest``.
    case relevance
    /// The latest published first.
    case newest
    /// The cheapest first, for a million of this unit; offers that have no price for it are left
    /// out.
    case price(Unit)
}

/// Which offers are wanted.
public struct OfferSearch: Hashable, Sendable {
    /// The most that a million of a unit may cost.
    public struct PriceLimit: Hashable, Sendable {
        /// What is counted.
        public let unit: Unit
        /// The most that a million of it may cost.
        public let perMillion: Amount

        /// Creates a limit.
        public init(_ unit: Unit, perMillion: Amount) {
            self.unit = unit
            self.perMillion = perMillion
        }
    }

    /// Words that must all be found, by their beginnings, in model, asset name, kind, interface,
    /// licence or seller; nil for all offers.
    public var text: String?
    /// What kind of asset.
    public var kind: AssetKind?
    /// How it is called.
    public var interface: CallInterface?
    /// What its prices count; where nil, a limit or an order by price is about those in STOA alone.
    public var denomination: Denomination?
    /// Who sells.
    public var seller: AccountID?
    /// What is sold.
    public var asset: AssetID?
    /// The most it may cost.
    public var priceLimit: PriceLimit?
    /// Whether only offers that buyers can choose now are wanted: neither superseded, withdrawn nor
    /// expired at the last block's time.
    public var isCurrent = true
    /// In which order.
    public var order = SearchOrder.relevance

    /// Wants every current offer.
    public init() {}
}

/// Which assets are wanted.
public struct AssetSearch: Hashable, Sendable {
    /// Words that must all be found, by their beginnings, in name, kind, licence or owner; nil for
    /// all assets.
    public var text: String?
    /// What kind of asset.
    public var kind: AssetKind?
    /// Whose.
    public var owner: AccountID?
    /// Whether retired ones are left out.
    public var isCurrent = true

    /// Wants every asset that is not retired.
    public init() {}
}
