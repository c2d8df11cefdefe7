public import CanonicalCoding
public import MarketTypes
import SettlementCore

/// What makes a pool, with the first deposit.
public struct PoolOpening: CanonicalCodable, Hashable {
    /// What it is to exchange.
    public let market: Market
    /// One of ``Pool/feeTiers``.
    public let feeBasisPoints: UInt16
    /// What is deposited of the base.
    public let base: Amount
    /// What is deposited of the quote; the two make the first price.
    public let quote: Amount

    /// Creates an opening.
    public init(_ market: Market, feeBasisPoints: UInt16, base: Amount, quote: Amount) {
        self.market = market
        self.feeBasisPoints = feeBasisPoints
        self.base = base
        self.quote = quote
    }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(market)
        encoder.encode(feeBasisPoints)
        encoder.encode(base)
        encoder.encode(quote)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        market = try Market(from: &decoder)
        feeBasisPoints = try decoder.decodeUInt16()
        base = try decoder.decodeAmount()
        quote = try decoder.decodeAmount()
    }
}

/// What is given to a pool, or wanted from it, for how many of its shares.
public struct LiquidityChange: CanonicalCodable, Hashable {
    /// The pool.
    public let pool: PoolID
    /// Base: the most that is given, or the least that is wanted.
    public let base: Amount
    /// Quote: the most that is given, or the least that is wanted.
    public let quote: Amount
    /// The least shares to get, or the shares to give.
    public let shares: UInt128

    /// Creates a change.
    public init(_ pool: PoolID, base: Amount, quote: Amount, shares: UInt128) {
        self.pool = pool
        self.base = base
        self.quote = quote
        self.shares = shares
    }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(pool.digest)
        encoder.encode(base)
        encoder.encode(quote)
        encoder.encode(shares)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        pool = PoolID(try decoder.decodeDigest())
        base = try decoder.decodeAmount()
        quote = try decoder.decodeAmount()
        shares = try decoder.decodeAmount().obol
    }
}

/// An exchange with a pool.
public struct PoolSwap: CanonicalCodable, Hashable {
    /// The pool.
    public let pool: PoolID
    /// Which of its denominations is given.
    public let given: Denomination
    /// How much of it.
    public let amount: Amount
    /// The least of the other that is wanted for it.
    public let wantedMin: Amount
    /// The last height at which it may happen.
    public let until: BlockHeight

    /// Creates a swap.
    public init(
        _ pool: PoolID,
        given: Denomination,
        amount: Amount,
        wantedMin: Amount,
        until: BlockHeight
    ) {
        self.pool = pool
        self.given = given
        self.amount = amount
        self.wantedMin = wantedMin
        self.until = until
    }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(pool.digest)
        encoder.encode(given)
        encoder.encode(amount)
        encoder.encode(wantedMin)
        encoder.encode(until.rawValue)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        pool = PoolID(try decoder.decodeDigest())
        given = try Denomination(from: &decoder)
        amount = try decoder.decodeAmount()
        wantedMin = try decoder.decodeAmount()
        until = BlockHeight(try decoder.decodeUInt64())
    }
}

/// What opens a fixed-rate sale.
public struct SaleOpening: CanonicalCodable, Hashable {
    /// What is sold.
    public let given: Denomination
    /// How much of it.
    public let amount: Amount
    /// What it is sold for.
    public let wanted: Denomination
    /// At which rate.
    public let rate: SaleRate
    /// The last height at which it can be bought from; then the rest goes back.
    public let until: BlockHeight

    /// Creates an opening.
    public init(
        given: Denomination,
        amount: Amount,
        wanted: Denomination,
        rate: SaleRate,
        until: BlockHeight
    ) {
        self.given = given
        self.amount = amount
        self.wanted = wanted
        self.rate = rate
        self.until = until
    }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(given)
        encoder.encode(amount)
        encoder.encode(wanted)
        encoder.encode(rate)
        encoder.encode(until.rawValue)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        given = try Denomination(from: &decoder)
        amount = try decoder.decodeAmount()
        wanted = try Denomination(from: &decoder)
        rate = try SaleRate(from: &decoder)
        until = BlockHeight(try decoder.decodeUInt64())
    }
}

/// What places an order.
public struct OrderPlacement: CanonicalCodable, Hashable {
    /// Where.
    public let market: Market
    /// Whether it buys or sells the base.
    public let side: OrderSide
    /// How much base it is for.
    public let amount: Amount
    /// The highest price to pay or the lowest to take: quote for ``OrderPrice/scale`` base.
    public let price: UInt128
    /// The last height at whose end it can be matched.
    public let expiresAt: BlockHeight

    /// Creates a placement.
    public init(
        _ market: Market,
        _ side: OrderSide,
        amount: Amount,
        price: UInt128,
        expiresAt: BlockHeight
    ) {
        self.market = market
        self.side = side
        self.amount = amount
        self.price = price
        self.expiresAt = expiresAt
    }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(market)
        encoder.encode(side)
        encoder.encode(amount)
        encoder.encode(price)
        encoder.encode(expiresAt.rawValue)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        market = try Market(from: &decoder)
        side = try OrderSide(from: &decoder)
        amount = try decoder.decodeAmount()
        price = try decoder.decodeAmount().obol
        expiresAt = BlockHeight(try decoder.decodeUInt64())
    }
}
