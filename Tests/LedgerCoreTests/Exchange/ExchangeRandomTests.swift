import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

/// What must be so after every step, told from the entries alone.
private struct ExchangeAudit {
    private var before: [PoolID: PoolReserves] = [:]
    private var orders: [OrderID: Order] = [:]
    private var seen = 0

    mutating func check(_ traders: ExchangeCrowd) {
        DenominationCount(traders.harness).check()
        checkPools(traders)
        checkOrders(traders)
        checkSales(traders)
        checkTrades(traders)
    }

    private mutating func checkPools(_ traders: ExchangeCrowd) {
        let ledger = traders.harness.ledger
        for id in ExchangeCrowd.pools {
            guard let pool = ledger.state.read(Pool.self, .pool(id)) else { continue }
            let now = ledger.reserves(of: pool)
            #expect(now.base > 0 && now.quote > 0, "EXC-3: a pool was emptied")
            var owned = PoolReserves.sharesLocked
            for person in Person.all {
                let key = StateKey.liquidity(of: person.id, in: id)
                owned += ledger.state.read(LiquidityPosition.self, key)?.shares ?? 0
            }
            #expect(owned == pool.shares, "EXC-4: shares were made or lost")
            if let old = before[id], old != now { checkWorth(old, now) }
            before[id] = now
        }
    }

    /// EXC-3, EXC-4: √k for a share never falls; a swap, which leaves the shares, never lowers k.
    private func checkWorth(_ old: PoolReserves, _ now: PoolReserves) {
        if old.shares == now.shares {
            #expect(now.base * now.quote >= old.base * old.quote, "EXC-3: k fell")
        }
        func root(_ reserves: PoolReserves) -> UInt128 {
            PoolReserves.firstShares(base: reserves.base, quote: reserves.quote)
        }
        let left = (root(now) + 1).multipliedFullWidth(by: old.shares)
        let right = root(old).multipliedFullWidth(by: now.shares)
        #expect((left.high, left.low) >= (right.high, right.low), "EXC-4: a share lost worth")
    }

    private mutating func checkOrders(_ traders: ExchangeCrowd) {
        let state = traders.harness.ledger.state
        var open: [OrderID: Order] = [:]
        for id in traders.orders {
            guard let order = state.read(Order.self, .order(id)) else { continue }
            open[id] = order
            let held = state.amount(in: order.pot(id)).obol
            let limit = ceiling(order.amount, order.price)
            switch order.side {
            case .buy:
                #expect(held == limit - order.settled, "EXC-30: what an order locks")
                #expect(order.settled <= ceiling(order.filled, order.price), "EXC-5: paid more")
            case .sell:
                #expect(held == order.open, "EXC-30: what an order locks")
                #expect(order.settled >= ceiling(order.filled, order.price) - min(1, order.filled))
            }
            #expect(order.open > 0, "a filled order stayed")
            #expect(order.expiresAt >= traders.harness.context.height, "EXC-32: it stayed")
        }
        var standing = 0
        for market in ExchangeCrowd.markets {
            for side in OrderSide.allCases {
                let entries = traders.harness.ledger.book(market, side).entries
                standing += entries.count
                for (one, next) in zip(entries, entries.dropFirst()) {
                    #expect(one.precedes(next, on: side), "EXC-33: a book out of order")
                }
                for entry in entries {
                    let order = open[entry.order]
                    #expect(order?.market == market && order?.side == side)
                    #expect(order?.price == entry.price && order?.placedAt == entry.placedAt)
                }
            }
            let kept = state.amount(in: .rounding(of: market)).obol
            #expect(kept <= UInt128(traders.orders.count), "EXC-5: more than a unit of each")
        }
        #expect(standing == open.count, "EXC-33: an order without place, or the reverse")
        orders = open
    }

    private func ceiling(_ base: UInt128, _ price: UInt128) -> UInt128 {
        guard let value = OrderPrice.value(of: base, at: price) else { return 0 }
        return value.fraction > 0 ? value.whole + 1 : value.whole
    }

    private func checkSales(_ traders: ExchangeCrowd) {
        let state = traders.harness.ledger.state
        for id in traders.sales {
            guard let sale = state.read(Sale.self, .sale(id)) else { continue }
            #expect(!state.amount(in: sale.pot(id)).isZero, "EXC-21: an empty sale stayed")
            #expect(sale.until >= traders.harness.context.height, "EXC-23: a sale stayed")
            #expect(state.contains(.sale(id, of: sale.seller)))
        }
    }

    /// EXC-51: what was bought in a batch is its volume.
    private mutating func checkTrades(_ traders: ExchangeCrowd) {
        var left: UInt128 = 0
        var sold: UInt128 = 0
        for event in traders.events[seen...] {
            switch event {
            case .batchCleared(_, _, let volume):
                #expect(left == 0 && sold == 0)
                (left, sold) = (volume.obol, volume.obol)
            case .trade(let trade):
                if case .batch = trade.venue { left -= trade.base.obol }
                #expect(!trade.base.isZero)
            case .orderFilled(let fill) where fill.side == .sell: sold -= fill.base.obol
            default: break
            }
        }
        #expect(left == 0 && sold == 0)
        seen = traders.events.count
    }
}

@Suite("The exchange, whatever happens")
struct ExchangeRandomTests {
    @Test("P1, EXC-3 to EXC-5: makes and loses nothing", arguments: Soak.seeds)
    func random(_ seed: UInt64) {
        var traders = ExchangeCrowd(seed: seed)
        var audit = ExchangeAudit()
        for _ in 0..<100 {
            traders.step()
            audit.check(traders)
        }
    }

    @Test("The crowd does everything there is")
    func reached() {
        var names: [String: Int] = [:]
        for seed in 0..<40 as Range<UInt64> {
            var traders = ExchangeCrowd(seed: seed)
            for _ in 0..<100 { traders.step() }
            for event in traders.events {
                var name = event.record.name
                if case .trade(let trade) = event { name += trade.venue.name }
                if case .orderClosed(let end) = event { name += end.end.name }
                if case .saleClosed(let end) = event { name += end.end.name }
                names[name, default: 0] += 1
            }
        }
        for name in [
            "poolCreated", "liquidityAdded", "liquidityRemoved", "tradepool", "tradesale",
            "tradebatch", "saleOpened", "saleClosedfilled", "saleClosedexpired",
            "saleClosedcancelled", "orderPlaced", "orderFilled", "orderClosedfilled",
            "orderClosedexpired", "orderClosedcancelled", "batchCleared",
        ] {
            #expect(names["exchange." + name, default: 0] >= 10, "too rarely: \(name)")
        }
    }
}
