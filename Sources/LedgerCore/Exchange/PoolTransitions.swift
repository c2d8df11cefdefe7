import CanonicalCoding
import MarketTypes

extension Ledger {
    /// Makes a pool (EXC-10).
    mutating func createPool(
        _ opening: PoolOpening,
        from origin: MessageOrigin
    ) throws(Refusal) -> [ExchangeEvent] {
        try checkTradable(opening.base, opening.quote)
        guard Pool.feeTiers.contains(opening.feeBasisPoints) else {
            throw .exchange(.invalidFee)
        }
        try enter(opening.market)
        let shares = PoolReserves.firstShares(base: opening.base.obol, quote: opening.quote.obol)
        let pool = Pool(
            opening.market,
            feeBasisPoints: opening.feeBasisPoints,
            shares: shares,
            createdAt: origin.height
        )
        guard !state.contains(.pool(pool.id)) else { throw .exchange(.poolExists) }
        guard shares > PoolReserves.sharesLocked else { throw .exchange(.tooLittle) }
        let moved = LiquidityMoved(
            pool: pool.id,
            market: pool.market,
            account: origin.sender,
            base: opening.base,
            quote: opening.quote,
            shares: shares - PoolReserves.sharesLocked
        )
        try deposit(moved)
        state.write(pool, .pool(pool.id))
        return [
            .poolCreated(pool.id, pool.market, feeBasisPoints: pool.feeBasisPoints),
            .liquidityAdded(moved),
        ]
    }

    /// Gives a pool of both denominations, in the proportion of its reserves (EXC-11).
    mutating func addLiquidity(
        _ change: LiquidityChange,
        from origin: MessageOrigin
    ) throws(Refusal) -> [ExchangeEvent] {
        try checkTradable(change.base, change.quote)
        var pool = try pool(change.pool)
        let reserves = reserves(of: pool)
        guard let shares = reserves.sharesFor(base: change.base.obol, quote: change.quote.obol),
            let price = reserves.price(ofShares: shares),
            price.base <= PoolReserves.reserveMax - reserves.base,
            price.quote <= PoolReserves.reserveMax - reserves.quote
        else { throw .exchange(.tooMuch) }
        guard shares > 0 else { throw .exchange(.tooLittle) }
        guard shares >= change.shares else { throw .exchange(.slippage) }
        let moved = LiquidityMoved(
            pool: change.pool,
            market: pool.market,
            account: origin.sender,
            base: Amount(obol: price.base),
            quote: Amount(obol: price.quote),
            shares: shares
        )
        try deposit(moved)
        // Cannot overflow: there are never more shares than the root of the reserves' product.
        pool.shares += shares
        state.write(pool, .pool(change.pool))
        return [.liquidityAdded(moved)]
    }

    private mutating func deposit(_ moved: LiquidityMoved) throws(Refusal) {
        let market = moved.market
        try state.move(moved.base, from: moved.account, to: .pool(moved.pool, market.base))
        try state.move(moved.quote, from: moved.account, to: .pool(moved.pool, market.quote))
        let key = StateKey.liquidity(of: moved.account, in: moved.pool)
        let had = state.read(LiquidityPosition.self, key)?.shares ?? 0
        state.write(LiquidityPosition(had + moved.shares), key)
    }

    /// Gives shares of a pool back (EXC-12).
    mutating func removeLiquidity(
        _ change: LiquidityChange,
        from origin: MessageOrigin
    ) throws(Refusal) -> [ExchangeEvent] {
        guard change.shares > 0 else { throw .exchange(.invalidNumber) }
        var pool = try pool(change.pool)
        let key = StateKey.liquidity(of: origin.sender, in: change.pool)
        let had = state.read(LiquidityPosition.self, key)?.shares ?? 0
        guard change.shares <= had,
            let value = reserves(of: pool).value(ofShares: change.shares)
        else { throw .exchange(.notEnoughShares) }
        guard value.base >= change.base.obol, value.quote >= change.quote.obol else {
            throw .exchange(.slippage)
        }
        let moved = LiquidityMoved(
            pool: change.pool,
            market: pool.market,
            account: origin.sender,
            base: Amount(obol: value.base),
            quote: Amount(obol: value.quote),
            shares: change.shares
        )
        let market = pool.market
        try state.move(moved.base, from: .pool(moved.pool, market.base), to: origin.sender)
        try state.move(moved.quote, from: .pool(moved.pool, market.quote), to: origin.sender)
        pool.shares -= change.shares
        state.write(pool, .pool(change.pool))
        let left = had - change.shares
        state.write(left == 0 ? nil : LiquidityPosition(left), key)
        return [.liquidityRemoved(moved)]
    }

    /// Exchanges with a pool (EXC-13).
    mutating func swap(
        _ swap: PoolSwap,
        from origin: MessageOrigin
    ) throws(Refusal) -> [ExchangeEvent] {
        try checkTradable(swap.amount)
        let pool = try pool(swap.pool)
        let market = pool.market
        guard let wanted = market.other(swap.given) else {
            throw .exchange(.wrongDenomination)
        }
        guard origin.height <= swap.until else { throw .exchange(.expired) }
        let isBaseGiven = swap.given == market.base
        let out = reserves(of: pool).swapped(
            swap.amount.obol,
            isBaseGiven: isBaseGiven,
            feeBasisPoints: pool.feeBasisPoints
        )
        guard let out else { throw .exchange(.tooMuch) }
        guard out > 0 else { throw .exchange(.tooLittle) }
        guard out >= swap.wantedMin.obol else { throw .exchange(.slippage) }
        let got = Amount(obol: out)
        try state.move(swap.amount, from: origin.sender, to: .pool(swap.pool, swap.given))
        try state.move(got, from: .pool(swap.pool, wanted), to: origin.sender)
        return [
            .trade(
                Trade(
                    venue: .pool(swap.pool),
                    market: market,
                    base: isBaseGiven ? swap.amount : got,
                    quote: isBaseGiven ? got : swap.amount,
                    taker: origin.sender,
                    side: isBaseGiven ? .sell : .buy
                )
            )
        ]
    }

    private func pool(_ id: PoolID) throws(Refusal) -> Pool {
        guard let pool = state.read(Pool.self, .pool(id)) else {
            throw .exchange(.unknownPool)
        }
        return pool
    }

    /// What a pool consists of.
    func reserves(of pool: Pool) -> PoolReserves {
        let id = pool.id
        return PoolReserves(
            base: state.amount(in: .pool(id, pool.market.base)).obol,
            quote: state.amount(in: .pool(id, pool.market.quote)).obol,
            shares: pool.shares
        )
    }
}
