public import CanonicalCoding
public import MarketTypes
import SettlementCore

/// Two different denominations that are exchanged for each other.
///
/// The quote is the smaller of the two by ``Denomination``'s order, so it is the native unit
/// wherever one of them is native, and every pair has one name.
public struct Market: Hashable, Sendable {
    /// What is bought and sold.
    public let base: Denomination
    /// What prices count.
    public let quote: Denomination

    /// The market of two denominations in any order; nil if they are the same.
    public init?(_ one: Denomination, _ other: Denomination) {
        guard one != other else { return nil }
        base = max(one, other)
        quote = min(one, other)
    }

    /// The market's name.
    public var id: Digest {
        var encoder = CanonicalEncoder(capacityBytes: 66)
        encode(into: &encoder)
        return Digest(.pool, encoder.bytes)
    }

    /// The other of the two denominations; nil for a third one.
    public func other(_ denomination: Denomination) -> Denomination? {
        if denomination == base { return quote }
        return denomination == quote ? base : nil
    }

    /// What an order or a trade of `side` gives.
    public func given(_ side: OrderSide) -> Denomination {
        switch side {
        case .buy: quote
        case .sell: base
        }
    }
}

extension Market: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(base)
        encoder.encode(quote)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        base = try Denomination(from: &decoder)
        quote = try Denomination(from: &decoder)
        guard quote < base else { throw .invalidValue }
    }
}

/// Whether the base is bought or sold; the numbers are append-only.
public enum OrderSide: UInt8, Hashable, CaseIterable, Sendable {
    /// Gives quote for base.
    case buy = 1
    /// Gives base for quote.
    case sell = 2

    /// `buy` or `sell`.
    public var name: String {
        switch self {
        case .buy: "buy"
        case .sell: "sell"
        }
    }
}

extension OrderSide: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) { encoder.encode(rawValue) }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        guard let side = OrderSide(rawValue: try decoder.decodeUInt8()) else { throw .unknownTag }
        self = side
    }
}

/// What the state says of a market: that it is one, and what its last batch's price was.
public struct MarketRecord: CanonicalCodable, Hashable {
    /// The two denominations.
    public let market: Market
    /// The price at which orders were last matched, as ``OrderPrice`` counts; 0 if never.
    public internal(set) var lastPrice: UInt128
    /// The height at which they were; 0 if never.
    public internal(set) var lastHeight: BlockHeight

    init(_ market: Market) {
        self.market = market
        lastPrice = 0
        lastHeight = BlockHeight(0)
    }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(market)
        encoder.encode(lastPrice)
        encoder.encode(lastHeight.rawValue)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        market = try Market(from: &decoder)
        lastPrice = try decoder.decodeAmount().obol
        lastHeight = BlockHeight(try decoder.decodeUInt64())
    }
}
