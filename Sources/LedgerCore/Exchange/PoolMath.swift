import MarketTypes

/// A pool's reserves and shares, and what an exchange with it would give: the ledger's own
/// arithmetic, for clients that want to know beforehand.
///
/// Every division rounds in favour of the pool, so that nobody can round money out of it. Nothing
/// overflows, because no reserve exceeds ``reserveMax``.
public struct PoolReserves: Hashable, Sendable {
    /// The most that a pool may hold of one denomination, in its smallest unit.
    public static let reserveMax: UInt128 = 1 << 112
    /// How many of the first deposit's shares nobody gets: without them, the first provider could
    /// make one share so dear that what others provide rounds to nothing.
    public static let sharesLocked: UInt128 = 1000

    private static let whole: UInt128 = 10_000

    /// What the pool holds of the base.
    public let base: UInt128
    /// What it holds of the quote.
    public let quote: UInt128
    /// Of how many shares it consists.
    public let shares: UInt128

    /// Describes a pool.
    public init(base: UInt128, quote: UInt128, shares: UInt128) {
        self.base = base
        self.quote = quote
        self.shares = shares
    }

    /// What a swap gives: ⌊in′ × out ÷ (10,000 × in + in′)⌋, where in′ is 10,000 − fee times what
    /// is given, and in and out are the reserves.
    ///
    /// Less than the whole reserve, so k = base × quote never falls; nil if what is given or the
    /// reserve after it exceeds ``reserveMax``, or if there is no such pool.
    public func swapped(
        _ given: UInt128,
        isBaseGiven: Bool,
        feeBasisPoints: UInt16
    ) -> UInt128? {
        let (reserveIn, reserveOut) = isBaseGiven ? (base, quote) : (quote, base)
        guard feeBasisPoints < Self.whole, reserveIn > 0, reserveOut > 0,
            reserveIn <= Self.reserveMax, reserveOut <= Self.reserveMax,
            given <= Self.reserveMax - reserveIn
        else { return nil }
        let counted = given * (Self.whole - UInt128(feeBasisPoints))
        let product = counted.multipliedFullWidth(by: reserveOut)
        return (reserveIn * Self.whole + counted).dividingFullWidth(product).quotient
    }

    /// The shares that a first deposit makes, the locked ones included: ⌊√(base × quote)⌋.
    public static func firstShares(base: UInt128, quote: UInt128) -> UInt128 {
        let product = base.multipliedFullWidth(by: quote)
        var (low, high): (UInt128, UInt128) = (0, max(base, quote))
        while low < high {
            let middle = high - (high - low) / 2
            let square = middle.multipliedFullWidth(by: middle)
            if (square.high, square.low) <= (product.high, product.low) {
                low = middle
            } else {
                high = middle - 1
            }
        }
        return low
    }

    /// How many shares at most these amounts pay for; nil if they are more than can be.
    public func sharesFor(base given: UInt128, quote other: UInt128) -> UInt128? {
        guard given <= Self.reserveMax, other <= Self.reserveMax,
            let one = Self.scaled(given, shares, base), let two = Self.scaled(other, shares, quote)
        else { return nil }
        return min(one, two)
    }

    /// What has to be given for shares, each amount rounded up; nil if it cannot be.
    public func price(ofShares made: UInt128) -> (base: UInt128, quote: UInt128)? {
        guard let one = Self.scaledUp(made, base, shares),
            let two = Self.scaledUp(made, quote, shares)
        else { return nil }
        return (one, two)
    }

    /// What shares are worth, each amount rounded down; nil if there are fewer shares.
    public func value(ofShares given: UInt128) -> (base: UInt128, quote: UInt128)? {
        guard given <= shares, let one = Self.scaled(given, base, shares),
            let two = Self.scaled(given, quote, shares)
        else { return nil }
        return (one, two)
    }

    /// ⌊value × numerator ÷ denominator⌋, or nil if that does not fit.
    static func scaled(
        _ value: UInt128,
        _ numerator: UInt128,
        _ denominator: UInt128
    ) -> UInt128? {
        let product = value.multipliedFullWidth(by: numerator)
        guard product.high < denominator else { return nil }
        return denominator.dividingFullWidth(product).quotient
    }

    /// ⌈value × numerator ÷ denominator⌉, or nil if that does not fit.
    static func scaledUp(
        _ value: UInt128,
        _ numerator: UInt128,
        _ denominator: UInt128
    ) -> UInt128? {
        let product = value.multipliedFullWidth(by: numerator)
        guard product.high < denominator else { return nil }
        let (quotient, rest) = denominator.dividingFullWidth(product)
        guard rest > 0 else { return quotient }
        let (sum, overflow) = quotient.addingReportingOverflow(1)
        return overflow ? nil : sum
    }
}
