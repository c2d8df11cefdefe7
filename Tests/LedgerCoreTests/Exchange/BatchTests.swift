import MarketTypes
import Testing

@testable import LedgerCore

/// Orders of one market as it comes, from one seed.
private struct OrderDraw {
    var random: SplitMix64
    private var names: UInt64 = 0

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    mutating func side(sizeBits: Int) -> [BatchOrder] {
        let scale: UInt128 = random.once(in: 4) ? 1 << 100 : 1
        return (0..<random.below(9)).map { _ in
            names += 1
            let name = Digest(words: (random.next(), names, 0, 0))
            return BatchOrder(
                order: OrderID(name),
                price: UInt128(1 + random.below(7)) * scale,
                placedAt: BlockHeight(UInt64(1 + random.below(3))),
                open: random.amount(bitsMax: sizeBits)
            )
        }
    }
}

/// The rules of EXC-41 told once more, in the plainest way.
private struct NaiveBatch {
    var best: (volume: UInt128, rest: UInt128)?
    var prices: [UInt128] = []

    init(_ buys: [BatchOrder], _ sells: [BatchOrder]) {
        for price in (buys + sells).map(\.price) {
            let bought = buys.filter { $0.price >= price }.map(\.open).reduce(0, +)
            let sold = sells.filter { $0.price <= price }.map(\.open).reduce(0, +)
            let volume = min(bought, sold)
            let rest = bought > sold ? bought - sold : sold - bought
            if volume == 0 { continue }
            if let best, best.volume > volume { continue }
            if let best, best.volume == volume, best.rest < rest { continue }
            if let best, best == (volume, rest) {
                prices.append(price)
            } else {
                best = (volume, rest)
                prices = [price]
            }
        }
    }

    /// The middle between the lowest and the highest.
    var price: UInt128? {
        guard let low = prices.min(), let high = prices.max() else { return nil }
        return (low + high) / 2
    }
}

@Suite("A batch of orders")
struct BatchTests {
    @Test("EXC-41: has the price that exchanges most", arguments: Soak.seeds)
    func price(_ seed: UInt64) {
        var draw = OrderDraw(seed: seed)
        for _ in 0..<50 {
            let (buys, sells) = (draw.side(sizeBits: 5), draw.side(sizeBits: 5))
            let (batch, naive) = (Batch(buys: buys, sells: sells), NaiveBatch(buys, sells))
            #expect(batch?.price == naive.price)
            #expect(batch?.volume == naive.best?.volume)
        }
    }

    @Test("EXC-42: fills who offers more, then who came in an earlier block", arguments: Soak.seeds)
    func fills(_ seed: UInt64) {
        var draw = OrderDraw(seed: seed)
        for _ in 0..<50 {
            let bits = draw.random.once(in: 2) ? 4 : 112
            let (buys, sells) = (draw.side(sizeBits: bits), draw.side(sizeBits: bits))
            guard let batch = Batch(buys: buys, sells: sells) else { continue }
            check(batch, batch.buys, buys, isWithin: { $0 >= batch.price }, isBetter: >)
            check(batch, batch.sells, sells, isWithin: { $0 <= batch.price }, isBetter: <)
            checkUncrossed(batch, buys, sells)
        }
    }

    private func check(
        _ batch: Batch,
        _ fills: [Batch.Fill],
        _ orders: [BatchOrder],
        isWithin: (UInt128) -> Bool,
        isBetter: (UInt128, UInt128) -> Bool
    ) {
        #expect(fills.reduce(0) { $0 + $1.base } == batch.volume)
        #expect(Set(fills.map(\.order)).count == fills.count)
        func filled(_ order: BatchOrder) -> UInt128 {
            fills.first { $0.order == order.order }?.base ?? 0
        }
        for order in orders {
            let mine = filled(order)
            #expect(mine <= order.open)
            #expect(mine == 0 || isWithin(order.price), "a fill beyond the limit")
            guard isWithin(order.price) else { continue }
            for other in orders {
                let isAhead =
                    isBetter(order.price, other.price)
                    || order.price == other.price && order.placedAt < other.placedAt
                if isAhead {
                    #expect(mine == order.open || filled(other) == 0, "somebody was passed over")
                }
                guard order.price == other.price, order.placedAt == other.placedAt else { continue }
                // Alike within one unit: f ÷ o and f′ ÷ o′ differ by less than one unit of each.
                let left = mine.multipliedFullWidth(by: other.open)
                let right = (filled(other) + 1).multipliedFullWidth(by: order.open)
                let slack = left.low.subtractingReportingOverflow(other.open)
                let bound = (
                    left.high - (slack.overflow && left.high > 0 ? 1 : 0), slack.partialValue
                )
                let isNothing = left.high == 0 && slack.overflow
                #expect(isNothing || bound < (right.high, right.low))
            }
        }
    }

    private func checkUncrossed(_ batch: Batch, _ buys: [BatchOrder], _ sells: [BatchOrder]) {
        func isOpen(_ order: BatchOrder, _ fills: [Batch.Fill]) -> Bool {
            fills.first { $0.order == order.order }?.base ?? 0 < order.open
        }
        let bid = buys.filter { isOpen($0, batch.buys) }.map(\.price).max()
        let ask = sells.filter { isOpen($0, batch.sells) }.map(\.price).min()
        if let bid, let ask { #expect(bid < ask, "somebody was left who could have traded") }
    }

    @Test("EXC-42: is the same in whatever order they come", arguments: Soak.seeds)
    func permuted(_ seed: UInt64) {
        var draw = OrderDraw(seed: seed)
        for _ in 0..<50 {
            let (buys, sells) = (draw.side(sizeBits: 8), draw.side(sizeBits: 8))
            let batch = Batch(buys: buys, sells: sells)
            let other = Batch(
                buys: buys.shuffled(using: &draw.random),
                sells: sells.shuffled(using: &draw.random)
            )
            #expect(batch == other)
        }
    }

    private static func order(
        _ name: UInt8,
        _ price: UInt128,
        _ open: UInt128,
        _ height: UInt64 = 1
    ) -> BatchOrder {
        BatchOrder(
            order: OrderID(digest(name)),
            price: price,
            placedAt: BlockHeight(height),
            open: open
        )
    }

    @Test("EXC-41: two orders meet in the middle")
    func middle() {
        let batch = Batch(buys: [Self.order(1, 10, 5)], sells: [Self.order(2, 8, 5)])
        #expect(batch?.price == 9 && batch?.volume == 5)
        #expect(Batch(buys: [Self.order(1, 8, 5)], sells: [Self.order(2, 10, 5)]) == nil)
        #expect(Batch(buys: [], sells: [Self.order(2, 10, 5)]) == nil)
        let all = Batch(buys: [Self.order(1, .max, 5)], sells: [Self.order(2, .max - 1, 5)])
        #expect(all?.price == UInt128.max - 1)
    }

    @Test("EXC-41: of equal volumes the one that leaves least")
    func balance() {
        // At 8, 5 of 8 are sold; at 10, 5 of 8 bought; between, all that is there.
        let batch = Batch(
            buys: [Self.order(1, 10, 5), Self.order(2, 8, 3)],
            sells: [Self.order(3, 8, 5), Self.order(4, 10, 3)]
        )
        #expect(batch?.price == 9 && batch?.volume == 5)
        // 6 are sold anyway; from 7 on, fewer buyers are left over.
        let other = Batch(
            buys: [Self.order(1, 9, 6), Self.order(2, 6, 4)],
            sells: [Self.order(3, 5, 6)]
        )
        #expect(other?.price == 9 && other?.volume == 6)
    }

    @Test("EXC-42: one price and block share alike, the largest remainder first")
    func remainder() {
        let batch = Batch(
            buys: [Self.order(1, 10, 1), Self.order(2, 10, 2), Self.order(3, 10, 4)],
            sells: [Self.order(9, 10, 5)]
        )
        // 5/7, 10/7, 20/7: 0, 1 and 2, then the remainders 6/7, 5/7, 3/7.
        #expect(batch?.buys.map(\.base) == [1, 1, 3])
        let older = Batch(
            buys: [Self.order(1, 10, 4, 2), Self.order(2, 10, 4, 1)],
            sells: [Self.order(9, 10, 5)]
        )
        #expect(older?.buys.map(\.order) == [OrderID(digest(2)), OrderID(digest(1))])
        #expect(older?.buys.map(\.base) == [4, 1])
    }
}
