public import CanonicalCoding
public import MarketTypes

/// Names one order.
public struct OrderID: Hashable, Comparable, Sendable {
    /// The hash of its owner and the place of the message that placed it.
    public let digest: Digest
    /// Names the order with `digest`.
    public init(_ digest: Digest) { self.digest = digest }
    /// The name of the order that a message of `owner` places.
    public init(owner: AccountID, sequence: UInt64, messageIndex: UInt8) {
        digest = Digest(.order, sender: owner, sequence: sequence, messageIndex: messageIndex)
    }
    public static func < (lhs: OrderID, rhs: OrderID) -> Bool { lhs.digest < rhs.digest }
}

/// What an order's price counts: quote for so much base, both in their smallest units.
public enum OrderPrice {
    /// How much base a price is for: enough for units with 18 decimals.
    public static let scale: UInt128 = 1_000_000_000_000_000_000

    /// What an amount of base is worth at a price: whole units of quote, and parts of ``scale``;
    /// nil beyond 128 bits.
    public static func value(
        of base: UInt128,
        at price: UInt128
    ) -> (whole: UInt128, fraction: UInt64)? {
        let product = base.multipliedFullWidth(by: price)
        guard product.high < scale else { return nil }
        let (whole, rest) = scale.dividingFullWidth(product)
        return (whole, UInt64(rest))
    }
}

/// An order that waits to be matched; what it offers is in a pot.
///
/// What it has been filled for is counted exactly, so that an order that is filled in a thousand
/// parts pays and gets what it would have at once: a buyer the value rounded up, a seller the value
/// rounded down, over the order's whole life.
public struct Order: Hashable, Sendable {
    /// Whose it is.
    public let owner: AccountID
    /// Where it stands.
    public let market: Market
    /// Whether it buys or sells the base.
    public let side: OrderSide
    /// How much base it is for.
    public let amount: UInt128
    /// The highest price at which it buys, or the lowest at which it sells.
    public let price: UInt128
    /// The height at which it was placed.
    public let placedAt: BlockHeight
    /// The last height at whose end it can be matched.
    public let expiresAt: BlockHeight
    /// How much base it has bought or sold.
    public private(set) var filled: UInt128
    /// What that was worth in quote, whole units.
    public private(set) var value: UInt128
    /// What it was worth beyond that, in parts of ``OrderPrice/scale``.
    public private(set) var fraction: UInt64

    init(_ owner: AccountID, _ placement: OrderPlacement, placedAt: BlockHeight) {
        self.owner = owner
        market = placement.market
        side = placement.side
        amount = placement.amount.obol
        price = placement.price
        self.placedAt = placedAt
        expiresAt = placement.expiresAt
        filled = 0
        value = 0
        fraction = 0
    }

    /// How much base it is still for.
    public var open: UInt128 { amount - filled }

    /// What it has paid, or got, in quote.
    public var settled: UInt128 {
        switch side {
        case .buy: fraction > 0 ? value + 1 : value
        case .sell: value
        }
    }

    /// Counts a fill that is not more than what is open, at a price within the limit; returns how
    /// much quote it pays, or gets, for it.
    mutating func fill(_ base: UInt128, at price: UInt128) -> Amount {
        let before = settled
        guard base <= open, let worth = OrderPrice.value(of: base, at: price) else {
            preconditionFailure("an order was filled beyond its limits")
        }
        let scale = UInt64(OrderPrice.scale)
        let sum = fraction + worth.fraction  // below 2 × 10^18
        filled += base
        // Cannot overflow: a buyer's value is within what it locked, and the sellers' sum too.
        value += worth.whole + (sum >= scale ? 1 : 0)
        fraction = sum >= scale ? sum - scale : sum
        return Amount(obol: settled - before)
    }

    /// Where what it offers is.
    public func pot(_ id: OrderID) -> Pot { Pot(.order, id.digest, market.given(side)) }
}

extension Pot {
    /// Where what rounding kept from a market's orders is: below one smallest unit of each.
    public static func rounding(of market: Market) -> Pot {
        Pot(.order, market.id, market.quote)
    }
}

extension Order: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(owner.digest)
        encoder.encode(market)
        encoder.encode(side)
        encoder.encode(amount)
        encoder.encode(price)
        encoder.encode(placedAt.rawValue)
        encoder.encode(expiresAt.rawValue)
        encoder.encode(filled)
        encoder.encode(value)
        encoder.encode(fraction)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        owner = AccountID(try decoder.decodeDigest())
        market = try Market(from: &decoder)
        side = try OrderSide(from: &decoder)
        amount = try decoder.decodeAmount().obol
        price = try decoder.decodeAmount().obol
        placedAt = BlockHeight(try decoder.decodeUInt64())
        expiresAt = BlockHeight(try decoder.decodeUInt64())
        filled = try decoder.decodeAmount().obol
        value = try decoder.decodeAmount().obol
        fraction = try decoder.decodeUInt64()
    }
}
