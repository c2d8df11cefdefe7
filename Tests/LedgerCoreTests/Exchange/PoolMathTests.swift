import MarketTypes
import Testing

@testable import LedgerCore

/// Random numbers of very different sizes.
extension SplitMix64 {
    /// From 1 up to 2^`bitsMax`, each number of bits as likely as another.
    mutating func amount(bitsMax: Int) -> UInt128 {
        let bits = below(bitsMax + 1)
        guard bits > 0 else { return 1 }
        let drawn = UInt128(next()) << 64 | UInt128(next())
        return max(1, (drawn & ((1 << UInt128(bits)) - 1)) + UInt128(below(2)))
    }
}

@Suite("What a pool gives")
struct PoolMathTests {
    private static func isAtLeast(
        _ one: (UInt128, UInt128),
        _ other: (UInt128, UInt128)
    ) -> Bool {
        let (left, right) = (
            one.0.multipliedFullWidth(by: one.1), other.0.multipliedFullWidth(by: other.1)
        )
        return (left.high, left.low) >= (right.high, right.low)
    }

    @Test("EXC-3: k never falls by a swap, and nothing overflows", arguments: Soak.seeds)
    func product(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<500 {
            let (base, quote) = (random.amount(bitsMax: 112), random.amount(bitsMax: 112))
            let reserves = PoolReserves(base: base, quote: quote, shares: 1)
            let (given, isBase) = (random.amount(bitsMax: 112), random.once(in: 2))
            let fee = random.pick(Pool.feeTiers + [0]) ?? 0
            let out = reserves.swapped(given, isBaseGiven: isBase, feeBasisPoints: fee)
            guard let out else {
                let most = max(base, quote, (isBase ? base : quote) + given)
                #expect(most > PoolReserves.reserveMax)
                continue
            }
            let after = isBase ? (base + given, quote - out) : (base - out, quote + given)
            #expect(Self.isAtLeast(after, (base, quote)))
            #expect(after.0 > 0 && after.1 > 0, "a pool is never emptied")
            // One more would have cost k, fee aside: rounding keeps less than one unit.
            if fee == 0 {
                let more = isBase ? (after.0, after.1 - 1) : (after.0 - 1, after.1)
                #expect(!Self.isAtLeast(more, (base, quote)))
            }
        }
    }

    @Test("EXC-3: there and back never pays", arguments: Soak.seeds)
    func roundTrip(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<500 {
            let (base, quote) = (random.amount(bitsMax: 80), random.amount(bitsMax: 80))
            let reserves = PoolReserves(base: base, quote: quote, shares: 1)
            let given = random.amount(bitsMax: 80)
            guard
                let out = reserves.swapped(given, isBaseGiven: true, feeBasisPoints: 5), out > 0
            else { continue }
            let after = PoolReserves(base: base + given, quote: quote - out, shares: 1)
            let back = after.swapped(out, isBaseGiven: false, feeBasisPoints: 5) ?? 0
            #expect(back <= given)
        }
    }

    @Test("EXC-3: a swap in parts never gives more than at once", arguments: Soak.seeds)
    func parts(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<100 {
            let (base, quote) = (random.amount(bitsMax: 60), random.amount(bitsMax: 60))
            var reserves = PoolReserves(base: base, quote: quote, shares: 1)
            let parts = (0..<(1 + random.below(5))).map { _ in random.amount(bitsMax: 60) }
            let fee = random.pick(Pool.feeTiers + [0]) ?? 0
            let whole = reserves.swapped(parts.reduce(0, +), isBaseGiven: true, feeBasisPoints: fee)
            var sum: UInt128 = 0
            for part in parts {
                let out = reserves.swapped(part, isBaseGiven: true, feeBasisPoints: fee) ?? 0
                sum += out
                reserves = PoolReserves(
                    base: reserves.base + part,
                    quote: reserves.quote - out,
                    shares: 1
                )
            }
            #expect(sum <= whole ?? 0)
        }
    }

    @Test("EXC-4: shares never get worth less by adding or removing", arguments: Soak.seeds)
    func shares(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<500 {
            let (base, quote) = (random.amount(bitsMax: 50), random.amount(bitsMax: 50))
            let first = PoolReserves.firstShares(base: base, quote: quote)
            #expect(first * first <= base * quote && (first + 1) * (first + 1) > base * quote)
            let reserves = PoolReserves(base: base, quote: quote, shares: first)
            let (one, two) = (random.amount(bitsMax: 50), random.amount(bitsMax: 50))
            guard let made = reserves.sharesFor(base: one, quote: two),
                let price = reserves.price(ofShares: made)
            else { continue }
            #expect(price.base <= one && price.quote <= two, "no more than was offered")
            let after = PoolReserves(
                base: base + price.base,
                quote: quote + price.quote,
                shares: first + made
            )
            // Base and quote per share, both at least what they were.
            #expect(Self.isAtLeast((after.base, first), (base, after.shares)))
            #expect(Self.isAtLeast((after.quote, first), (quote, after.shares)))
            guard let back = after.value(ofShares: made) else { continue }
            #expect(back.base <= price.base && back.quote <= price.quote, "in and out never pays")
            let left = (after.base - back.base, after.quote - back.quote)
            #expect(Self.isAtLeast((left.0, after.shares), (after.base, first)))
            #expect(Self.isAtLeast((left.1, after.shares), (after.quote, first)))
        }
    }

    @Test("EXC-4: the root is exact at the limits")
    func root() {
        let most = PoolReserves.reserveMax
        #expect(PoolReserves.firstShares(base: most, quote: most) == most)
        #expect(PoolReserves.firstShares(base: most - 1, quote: most) == most - 1)
        #expect(PoolReserves.firstShares(base: most, quote: 1) == 1 << 56)
        #expect(PoolReserves.firstShares(base: 1, quote: 1) == 1)
        #expect(PoolReserves.firstShares(base: 2, quote: 3) == 2)
        #expect(PoolReserves.firstShares(base: 0, quote: 3) == 0)
    }

    @Test("EXC-13: the example of the specification")
    func example() {
        let reserves = PoolReserves(base: 1_000_000, quote: 4_000_000, shares: 2_000_000)
        // in′ = 1000 × 9970; ⌊9,970,000 × 4,000,000 ÷ (10^10 + 9,970,000)⌋
        #expect(reserves.swapped(1000, isBaseGiven: true, feeBasisPoints: 30) == 3984)
        #expect(reserves.swapped(1000, isBaseGiven: false, feeBasisPoints: 30) == 249)
        #expect(reserves.swapped(1, isBaseGiven: false, feeBasisPoints: 30) == 0)
        #expect(reserves.swapped(1, isBaseGiven: false, feeBasisPoints: 10_000) == nil)
        let empty = PoolReserves(base: 0, quote: 0, shares: 0)
        #expect(empty.swapped(1, isBaseGiven: false, feeBasisPoints: 30) == nil)
        #expect(empty.sharesFor(base: 1, quote: 1) == nil)
    }
}
