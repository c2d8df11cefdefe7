public import MarketTypes

/// An order as a batch sees it.
public struct BatchOrder: Hashable, Sendable {
    /// The order.
    public let order: OrderID
    /// Its limit.
    public let price: UInt128
    /// The height at which it was placed.
    public let placedAt: BlockHeight
    /// How much base it is still for; not 0.
    public let open: UInt128

    /// Describes an order.
    public init(order: OrderID, price: UInt128, placedAt: BlockHeight, open: UInt128) {
        self.order = order
        self.price = price
        self.placedAt = placedAt
        self.open = open
    }
}

/// How the orders of one market are matched: all at one price, as much as possible.
///
/// The result depends on the set of orders and on the blocks they came in, never on their order:
/// a place inside a block is worth nothing.
public struct Batch: Hashable, Sendable {
    /// How much of one order is filled.
    public struct Fill: Hashable, Sendable {
        /// The order.
        public let order: OrderID
        /// How much base; not 0.
        public let base: UInt128
    }

    /// The one price.
    public let price: UInt128
    /// How much base is exchanged.
    public let volume: UInt128
    /// The orders that buy, those with the best claim first.
    public let buys: [Fill]
    /// The orders that sell, those with the best claim first.
    public let sells: [Fill]

    /// Matches orders; nil if no buyer pays what a seller wants.
    ///
    /// Each side has at most ``OrderBook/ordersMax`` orders, so the sums do not overflow.
    public init?(buys: [BatchOrder], sells: [BatchOrder]) {
        let buys = buys.sorted { Self.precedes($0, $1, .buy) }
        let sells = sells.sorted { Self.precedes($0, $1, .sell) }
        guard let found = Self.clear(buys: buys, sells: sells) else { return nil }
        let price = found.price
        self.price = price
        volume = found.volume
        self.buys = Self.share(found.volume, among: buys.filter { $0.price >= price })
        self.sells = Self.share(found.volume, among: sells.filter { $0.price <= price })
    }

    private static func precedes(_ one: BatchOrder, _ other: BatchOrder, _ side: OrderSide) -> Bool
    {
        guard one.price == other.price else {
            return side == .buy ? one.price > other.price : one.price < other.price
        }
        return (one.placedAt, one.order) < (other.placedAt, other.order)
    }

    /// Of the orders' limits, those that exchange most, then those that leave the least between
    /// what could be bought and sold; the price is the middle between the lowest and the highest.
    private static func clear(
        buys: [BatchOrder],
        sells: [BatchOrder]
    ) -> (price: UInt128, volume: UInt128)? {
        var best: (volume: UInt128, rest: UInt128, low: UInt128, high: UInt128)?
        var bought = buys.reduce(0) { $0 + $1.open }
        var sold: UInt128 = 0
        var (nextBuy, nextSell) = (buys.count - 1, 0)
        // From the lowest limit up: buyers leave once it is above theirs, sellers join at theirs.
        for price in limits(buys, sells) {
            while nextSell < sells.count, sells[nextSell].price <= price {
                sold += sells[nextSell].open
                nextSell += 1
            }
            while nextBuy >= 0, buys[nextBuy].price < price {
                bought -= buys[nextBuy].open
                nextBuy -= 1
            }
            let volume = min(bought, sold)
            let rest = max(bought, sold) - volume
            guard volume > 0 else { continue }
            if let found = best, (found.volume, rest) == (volume, found.rest) {
                best?.high = price
            } else if best.map({ ($0.volume, rest) < (volume, $0.rest) }) ?? true {
                best = (volume, rest, price, price)
            }
        }
        return best.map { ($0.low + ($0.high - $0.low) / 2, $0.volume) }
    }

    private static func limits(_ buys: [BatchOrder], _ sells: [BatchOrder]) -> [UInt128] {
        var limits: [UInt128] = []
        for price in (buys.map(\.price) + sells.map(\.price)).sorted() where price != limits.last {
            limits.append(price)
        }
        return limits
    }

    /// Gives `volume` to orders that are sorted: those of one price and block share alike.
    private static func share(_ volume: UInt128, among orders: [BatchOrder]) -> [Fill] {
        var fills: [Fill] = []
        var (left, start) = (volume, 0)
        while left > 0, start < orders.count {
            let first = orders[start]
            var end = start
            while end < orders.count, orders[end].price == first.price,
                orders[end].placedAt == first.placedAt
            { end += 1 }
            let group = orders[start..<end]
            let wanted = group.reduce(0) { $0 + $1.open }
            if wanted <= left {
                fills += group.map { Fill(order: $0.order, base: $0.open) }
                left -= wanted
            } else {
                fills += proRata(left, among: group, wanted)
                left = 0
            }
            start = end
        }
        return fills
    }

    /// Divides what is less than all `wanted` in proportion: rounded down, and one more for those
    /// with the largest remainders, of equals for the smaller name.
    private static func proRata(
        _ volume: UInt128,
        among group: ArraySlice<BatchOrder>,
        _ wanted: UInt128
    ) -> [Fill] {
        var parts: [(order: OrderID, base: UInt128, rest: UInt128)] = []
        var left = volume
        for order in group {
            let (base, rest) = wanted.dividingFullWidth(
                order.open.multipliedFullWidth(by: volume)
            )
            left -= base
            parts.append((order.order, base, rest))
        }
        let ranked = parts.indices.sorted {
            (parts[$1].rest, parts[$0].order) < (parts[$0].rest, parts[$1].order)
        }
        for index in ranked.prefix(Int(left)) { parts[index].base += 1 }
        return parts.filter { $0.base > 0 }.map { Fill(order: $0.order, base: $0.base) }
    }
}
