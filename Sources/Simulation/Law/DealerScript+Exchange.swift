import LedgerCore
import MarketTypes

/// Pools, fixed-rate sales and orders.
extension DealerScript {
    private var pool: PoolID { PoolID(known("pool")) }
    private var until: BlockHeight { BlockHeight(height + chance.number(0...20)) }

    func tradeInPools() -> Message? {
        switch chance.index(6) {
        case 0, 1:
            guard let market = LedgerCore.Market(someDenomination, someDenomination) else {
                return nil
            }
            let opening = PoolOpening(market, feeBasisPoints: 30, base: amount, quote: amount)
            return .exchange(.createPool(opening))
        case 2:
            return .exchange(
                .addLiquidity(LiquidityChange(pool, base: amount, quote: amount, shares: 1))
            )
        case 3:
            let shares = UInt128(chance.number(0...50_000))
            return .exchange(
                .removeLiquidity(LiquidityChange(pool, base: .zero, quote: .zero, shares: shares))
            )
        default:
            return .exchange(
                .swap(
                    PoolSwap(
                        pool,
                        given: someDenomination,
                        amount: amount,
                        wantedMin: chance.chance(permille: 100) ? amount : .zero,
                        until: until
                    )
                )
            )
        }
    }

    func tradeByOrders() -> Message? {
        switch chance.index(8) {
        case 0:
            let rate = SaleRate(amount, per: amount)
            return .exchange(
                .openSale(
                    SaleOpening(
                        given: someDenomination,
                        amount: amount,
                        wanted: someDenomination,
                        rate: rate,
                        until: until
                    )
                )
            )
        case 1:
            let most = Amount(obol: 1 << 40)
            return .exchange(.buyFromSale(SaleID(known("sale")), amount: amount, payMax: most))
        case 2: return .exchange(.closeSale(SaleID(known("sale"))))
        case 3: return .exchange(.cancelOrder(OrderID(known("order"))))
        default:
            guard let market = LedgerCore.Market(someDenomination, .native) else { return nil }
            return .exchange(
                .placeOrder(
                    OrderPlacement(
                        market,
                        chance.chance(permille: 500) ? .buy : .sell,
                        amount: amount,
                        price: UInt128(chance.number(1...5)) * (OrderPrice.scale / 2),
                        expiresAt: until
                    )
                )
            )
        }
    }
}
