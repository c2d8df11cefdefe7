import Identity
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("Nobody gains by rounding")
struct StakingRoundingTests {
    private func validator(stake: UInt128, shares: UInt128) -> Validator {
        var validator = Validator(
            consensusKey: Person.alice.consensusKey.publicKey,
            commission: .standard,
            at: BlockHeight(0)
        )
        validator.stake = Amount(obol: stake)
        validator.shares = shares
        return validator
    }

    @Test("STK-12: who leaves in parts gets no more than who leaves at once, the rest no less")
    func leaving() {
        var random = SplitMix64(seed: 7)
        for _ in 0..<2000 {
            let shares = UInt128(2 + random.below(random.once(in: 2) ? 30 : 1_000_000))
            let stake = shares - UInt128(random.below(Int(shares)))
            var validator = validator(stake: stake, shares: shares)
            let mine = UInt128(1 + random.below(Int(shares) - 1))
            let others = shares - mine
            let worth = validator.value(of: mine).obol
            let theirs = validator.value(of: others).obol
            var (left, received) = (mine, UInt128(0))
            while validator.value(of: left).obol > 0 {
                let most = Int(validator.value(of: left).obol)
                let part = UInt128(random.once(in: 6) ? most : 1 + random.below(most))
                left -= validator.remove(Amount(obol: part), of: left)
                received += part
            }
            #expect(received <= worth)
            #expect(validator.value(of: others).obol >= theirs)
            #expect(validator.stake.obol + received == stake)
        }
    }

    @Test("STK-12: the last to leave takes everything that is there")
    func last() {
        var validator = validator(stake: 7, shares: 10)
        let first = validator.value(of: 3)
        #expect(first.obol == 2)
        let cost = validator.remove(first, of: 3)
        #expect(cost == 3)
        #expect(validator.value(of: 7).obol == 5)
        let rest = validator.remove(Amount(obol: 5), of: 7)
        #expect(rest == 7)
        #expect(validator.stake == .zero && validator.shares == 0)
        #expect(validator.value(of: 0) == .zero)
        var poor = self.validator(stake: 5, shares: 10)
        let all = poor.remove(poor.value(of: 3), of: 3)
        #expect(all == 3, "shares that are worth nothing alone do not stay behind")
    }

    @Test("STK-21: what is withdrawn and what is kept is what was earned, to the obol")
    func index() {
        var random = SplitMix64(seed: 11)
        for _ in 0..<300 {
            let holders = (0..<5).map { _ in UInt128(1 + random.next() % (1 << 50)) }
            let shares = holders.reduce(0, +)
            var validator = validator(stake: shares, shares: shares)
            var (earned, paid) = (UInt128(0), UInt128(0))
            var delegations = holders.map { Delegation(shares: $0, paidIndex: 0, unbonding: []) }
            for _ in 0..<20 {
                let reward = UInt128(random.next() >> (random.next() % 60))
                if validator.share(Amount(obol: reward)) { earned += reward }
                #expect(validator.rewardRest < shares)
                let index = random.below(5)
                let due = validator.rewards(of: delegations[index]).obol
                delegations[index].paidIndex = validator.rewardIndex
                validator.rewards = Amount(obol: validator.rewards.obol - due)
                paid += due
            }
            let owed = delegations.reduce(UInt128(0)) { $0 + validator.rewards(of: $1).obol }
            #expect(paid + validator.rewards.obol == earned)
            #expect(owed <= validator.rewards.obol)
            #expect(validator.rewards.obol - owed <= 25, "less than an obol for each payment")
        }
    }

    @Test("STK-21: a reward that the index cannot hold is not taken; the whole supply it can")
    func limits() {
        let supply = UInt128(UInt64.max) * .stoa
        var validator = validator(stake: .stoa, shares: .stoa)
        let taken = validator.share(Amount(obol: supply >> 1))
        #expect(taken)
        #expect(validator.rewards(of: .init(shares: .stoa, paidIndex: 0, unbonding: [])).obol > 1)
        let before = validator
        var refused = false
        for _ in 0..<4 where !validator.share(Amount(obol: supply >> 1)) { refused = true }
        #expect(refused)
        #expect(before.rewardIndex <= validator.rewardIndex)
        var whole = self.validator(stake: supply, shares: supply)
        let isWhole = whole.share(Amount(obol: supply))
        #expect(isWhole)
        let all = Delegation(shares: supply, paidIndex: 0, unbonding: [])
        #expect(whole.rewards(of: all).obol == supply)
        #expect(whole.value(of: supply).obol == supply)
    }

    @Test("staking and asking back at once returns the same, and no more", arguments: UInt64(0)..<8)
    func roundTrip(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var network = Network()
        let bob = Person.bob.id
        for _ in 0..<10 {
            let amount = Amount(obol: UInt128(1 + random.below(3_000_000_000)))
            #expect(network.send(.erin, .delegate(validator: bob, amount: amount)).isAccepted)
            network.pass(1, .block(by: random.once(in: 2) ? .bob : .alice))
            let more = Amount(obol: amount.obol + 1)
            #expect(
                network.send(.erin, .undelegate(validator: bob, amount: more)).refusal
                    == .staking(.insufficientStake)
            )
            #expect(network.send(.erin, .undelegate(validator: bob, amount: amount)).isAccepted)
            #expect(network.harness.staked(.erin, with: .bob) == amount.obol)
            network.pass(8)
            let before = network.balance(.erin)
            let result = network.send(.erin, .withdrawStake(validator: bob))
            #expect(result.isAccepted)
            #expect(network.balance(.erin) < before + amount.obol)
        }
        #expect(try network.validator(.bob).stake.obol == 4 * .stoa)
    }
}
