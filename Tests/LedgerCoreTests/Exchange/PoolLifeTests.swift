import Identity
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("The life of a pool")
struct PoolLifeTests {
    @Test("EXC-10: whoever makes a pool gets its shares, but for those that nobody gets")
    func creation() throws {
        var town = ExchangeTown.empty()
        let before = (town.has(.alice), town.has(.alice, .native))
        let opening = PoolOpening(
            ExchangeTown.market,
            feeBasisPoints: 5,
            base: Amount(obol: 2000),
            quote: Amount(obol: 8000)
        )
        let result = town.send(.alice, .createPool(opening))
        let id = PoolID(ExchangeTown.market, feeBasisPoints: 5)
        #expect(
            result.events == [
                .exchange(.poolCreated(id, ExchangeTown.market, feeBasisPoints: 5)),
                .exchange(
                    .liquidityAdded(
                        LiquidityMoved(
                            pool: id,
                            market: ExchangeTown.market,
                            account: Person.alice.id,
                            base: Amount(obol: 2000),
                            quote: Amount(obol: 8000),
                            shares: 3000
                        )
                    )
                ),
            ]
        )
        #expect(town.reserves(id) == PoolReserves(base: 2000, quote: 8000, shares: 4000))
        #expect(town.shares(.alice, id) == 3000)
        #expect(town.has(.alice) == before.0 - 2000)
        #expect(town.has(.alice, .native) < before.1 - 8000)
        let record = town.harness.ledger.state.read(
            MarketRecord.self,
            .market(ExchangeTown.market.id)
        )
        #expect(record == MarketRecord(ExchangeTown.market))
    }

    @Test("EXC-2: a market has one name, whichever denomination is told first")
    func markets() {
        let token = ExchangeTown.token
        #expect(Market(token, .native) == Market(.native, token))
        #expect(Market(token, .native)?.quote == .native)
        #expect(Market(token, token) == nil)
        let other = Denomination.issued(digest(0x11))
        #expect(Market(other, token)?.base == token)
        #expect(Market(other, token)?.quote == other)
        #expect(Market(other, token)?.other(.native) == nil)
    }

    @Test("EXC-13: a swap gives what the formula says, and the fee stays")
    func swap() {
        var town = ExchangeTown.start
        let swap = PoolSwap(
            ExchangeTown.pool,
            given: ExchangeTown.token,
            amount: Amount(obol: 1000),
            wantedMin: Amount(obol: 3984),
            until: BlockHeight(2)
        )
        let result = town.send(.bob, .swap(swap))
        let trade = Trade(
            venue: .pool(ExchangeTown.pool),
            market: ExchangeTown.market,
            base: Amount(obol: 1000),
            quote: Amount(obol: 3984),
            taker: Person.bob.id,
            side: .sell
        )
        #expect(result.events == [.exchange(.trade(trade))])
        #expect(
            town.reserves()
                == PoolReserves(base: 1_001_000, quote: 3_996_016, shares: 2_000_000)
        )
        let back = PoolSwap(
            ExchangeTown.pool,
            given: .native,
            amount: Amount(obol: 3984),
            wantedMin: .zero,
            until: BlockHeight(.max)
        )
        guard case .exchange(.trade(let second)) = town.send(.bob, .swap(back)).events.first
        else {
            Issue.record("no trade")
            return
        }
        #expect(second.base.obol == 994 && second.side == .buy)
        #expect(second.quote.obol == 3984)
    }

    @Test("EXC-11, EXC-12: what is added comes back, with the fees since, less what rounds")
    func liquidity() {
        var town = ExchangeTown.start
        let add = LiquidityChange(
            ExchangeTown.pool,
            base: Amount(obol: 500_001),
            quote: Amount(obol: 2_000_100),
            shares: 1_000_002
        )
        let before = (town.has(.bob), town.has(.bob, .native))
        #expect(town.send(.bob, .addLiquidity(add)).refusal == nil)
        #expect(town.shares(.bob) == 1_000_002)
        #expect(town.has(.bob) == before.0 - 500_001)
        #expect(
            town.reserves()
                == PoolReserves(base: 1_500_001, quote: 6_000_004, shares: 3_000_002)
        )
        #expect(town.has(.bob, .native) > before.1 - 2_000_004 - 4000, "no more than needed")
        let swap = PoolSwap(
            ExchangeTown.pool,
            given: ExchangeTown.token,
            amount: Amount(obol: 1_000_000),
            wantedMin: .zero,
            until: BlockHeight(2)
        )
        #expect(town.send(.carol, .swap(swap)).refusal == nil)
        let remove = LiquidityChange(
            ExchangeTown.pool,
            base: Amount(obol: 833_334),
            quote: Amount(obol: 1_200_000),
            shares: 1_000_002
        )
        #expect(town.send(.bob, .removeLiquidity(remove)).refusal == nil)
        #expect(town.shares(.bob) == 0)
        let key = StateKey.liquidity(of: Person.bob.id, in: ExchangeTown.pool)
        #expect(!town.harness.ledger.state.contains(key), "no entry for nothing")
    }

    @Test("EXC-4: who takes all out leaves the locked shares, and the pool goes on")
    func last() {
        var town = ExchangeTown.start
        let all = LiquidityChange(
            ExchangeTown.pool,
            base: .zero,
            quote: .zero,
            shares: 1_999_000
        )
        #expect(town.send(.alice, .removeLiquidity(all)).refusal == nil)
        #expect(town.reserves() == PoolReserves(base: 500, quote: 2000, shares: 1000))
        let again = LiquidityChange(
            ExchangeTown.pool,
            base: Amount(obol: 1000),
            quote: Amount(obol: 4000),
            shares: 2000
        )
        #expect(town.send(.bob, .addLiquidity(again)).refusal == nil)
        #expect(town.shares(.bob) == 2000)
    }

    @Test("EXC-4: whoever gives to a pool to make its shares dear loses it")
    func inflation() {
        var town = ExchangeTown.empty()
        let opening = PoolOpening(
            ExchangeTown.market,
            feeBasisPoints: 5,
            base: Amount(obol: 1001),
            quote: Amount(obol: 1001)
        )
        town.send(.alice, .createPool(opening))
        let id = PoolID(ExchangeTown.market, feeBasisPoints: 5)
        #expect(town.shares(.alice, id) == 1)
        // Alice's one share of 1001 is all she has of whatever else comes in.
        let huge = PoolSwap(
            id,
            given: ExchangeTown.token,
            amount: Amount(obol: 1_000_000),
            wantedMin: .zero,
            until: BlockHeight(9)
        )
        town.send(.alice, .swap(huge))
        let add = LiquidityChange(
            id,
            base: Amount(obol: 2_000_000),
            quote: Amount(obol: 2_000_000),
            shares: 1
        )
        #expect(town.send(.bob, .addLiquidity(add)).refusal == nil)
        let bobs = town.shares(.bob, id)
        let worth = town.reserves(id)?.value(ofShares: bobs)
        #expect(worth.map { $0.base > 1_990_000 } == true)
        let alices = town.reserves(id)?.value(ofShares: 1)
        #expect(alices.map { $0.base < 2000 } == true)
    }

    @Test("EXC-10: the three fees make three pools")
    func tiers() {
        var town = ExchangeTown.start
        for fee in [5, 100] as [UInt16] {
            let opening = PoolOpening(
                ExchangeTown.market,
                feeBasisPoints: fee,
                base: Amount(obol: 10_000),
                quote: Amount(obol: 10_000)
            )
            #expect(town.send(.bob, .createPool(opening)).refusal == nil)
        }
        let pools = Set(Pool.feeTiers.map { PoolID(ExchangeTown.market, feeBasisPoints: $0) })
        #expect(pools.count == 3)
        for id in pools { #expect(town.reserves(id) != nil) }
    }
}
