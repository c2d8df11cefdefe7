public import CanonicalCoding
public import MarketTypes

/// Names one pool: its market and its fee.
public struct PoolID: Hashable, Comparable, Sendable {
    /// The hash of the market's name and the fee.
    public let digest: Digest
    /// Names the pool with `digest`.
    public init(_ digest: Digest) { self.digest = digest }
    /// Names the pool of a market and a fee in basis points; there is at most one.
    public init(_ market: Market, feeBasisPoints: UInt16) {
        var encoder = CanonicalEncoder(capacityBytes: 36)
        encoder.encode(market.id)
        // Four bytes, so that these are never as long as the bytes that name a market.
        encoder.encode(UInt32(feeBasisPoints))
        digest = Digest(.pool, encoder.bytes)
    }
    public static func < (lhs: PoolID, rhs: PoolID) -> Bool { lhs.digest < rhs.digest }
}

/// A constant-product pool; what it holds of its two denominations is in two pots.
public struct Pool: CanonicalCodable, Hashable {
    /// The fees that a pool may have, in basis points of what is given.
    public static let feeTiers: [UInt16] = [5, 30, 100]

    /// What it exchanges.
    public let market: Market
    /// What of each swap's gift does not count as given, and stays with the providers.
    public let feeBasisPoints: UInt16
    /// Of how many liquidity shares it consists, those that nobody has included.
    public internal(set) var shares: UInt128
    /// The height at which it was made.
    public let createdAt: BlockHeight

    /// The pool's name.
    public var id: PoolID { PoolID(market, feeBasisPoints: feeBasisPoints) }

    init(_ market: Market, feeBasisPoints: UInt16, shares: UInt128, createdAt: BlockHeight) {
        self.market = market
        self.feeBasisPoints = feeBasisPoints
        self.shares = shares
        self.createdAt = createdAt
    }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(market)
        encoder.encode(feeBasisPoints)
        encoder.encode(shares)
        encoder.encode(createdAt.rawValue)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        market = try Market(from: &decoder)
        feeBasisPoints = try decoder.decodeUInt16()
        shares = try decoder.decodeAmount().obol
        createdAt = BlockHeight(try decoder.decodeUInt64())
    }
}

extension Pot {
    /// Where a pool's reserve of one of its denominations is.
    public static func pool(_ pool: PoolID, _ denomination: Denomination) -> Pot {
        Pot(.pool, pool.digest, denomination)
    }
}

/// What an account has of a pool, in liquidity shares; never of none.
public struct LiquidityPosition: CanonicalCodable, Hashable {
    /// How many shares.
    public let shares: UInt128

    init(_ shares: UInt128) { self.shares = shares }

    public func encode(into encoder: inout CanonicalEncoder) { encoder.encode(shares) }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        shares = try decoder.decodeAmount().obol
    }
}
