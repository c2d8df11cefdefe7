import Identity
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("STK-22: breaking consensus")
struct SlashingTests {
    @Test("costs a part of all stake, which goes to the fee pool, and bars for ever")
    func slash() throws {
        var network = Network()
        network.send(.carol, .delegate(validator: Person.alice.id, amount: Amount(obol: 4 * .stoa)))
        network.pass(2, .block(by: .bob))
        network.pass(1, .block(by: .bob, caught: [(.alice, 2)]))
        #expect(network.pool == .stoa / 2)
        #expect(network.harness.staked(.carol, with: .alice) == 3_800_000_000)
        #expect(network.harness.staked(.alice, with: .alice) == 5_700_000_000)
        let slashed = StakingEvent.slashed(
            Person.alice.id,
            amount: Amount(obol: .stoa / 2),
            infraction: BlockHeight(2)
        )
        #expect(network.harness.blockEvents.last == .staking(slashed))
        network.pass(1)
        #expect(network.power(.alice) == nil)
        for message in [
            .unjail, .delegate(validator: Person.alice.id, amount: Amount(obol: .stoa)),
        ] as [StakingMessage] {
            #expect(network.send(.alice, message).refusal == .staking(.tombstoned))
        }
        var again = RegistrationDraft(.erin, network.harness.chain)
        again.signer = Person.alice.consensusKey
        #expect(network.harness.send(.erin, again.message).refusal == .staking(.keyInUse))
        for person in [Person.alice, .carol] {
            let all = Amount(obol: network.harness.staked(person, with: .alice))
            let result = network.send(person, .undelegate(validator: Person.alice.id, amount: all))
            #expect(result.isAccepted, "who remains can leave")
        }
        let entry = try network.validator(.alice)
        #expect(entry.money == .zero && entry.shares == 0)
    }

    @Test("reaches stake that was asked back after it, until that is free, and none before")
    func unbonding() throws {
        var network = Network()
        let alice = Person.alice.id
        for person in [Person.carol, .dave, .erin] {
            network.send(person, .delegate(validator: alice, amount: Amount(obol: 2 * .stoa)))
        }
        network.pass(1)
        let part = StakingMessage.undelegate(validator: alice, amount: Amount(obol: .stoa))
        network.send(.carol, part)
        #expect(network.height == 2)
        network.pass(1)
        network.send(.dave, part)
        // Heard of at 10, when Carol's part from 2 is free at last, and Dave's from 3 is not.
        network.pass(7, .none)
        #expect(network.height == 10)
        network.pass(1, .block(by: nil, caught: [(.alice, 3)]))
        network.send(.erin, part)
        network.pass(9)
        func received(_ person: Person) -> UInt128 {
            let result = network.send(person, .withdrawStake(validator: alice))
            for case .staking(.stakeWithdrawn(_, _, let amount)) in result.events {
                return amount.obol
            }
            return 0
        }
        #expect(received(.carol) == .stoa, "it was done after that left")
        #expect(received(.dave) == .stoa, "it was heard of when that was free")
        #expect(received(.erin) == .stoa, "it had been heard of")
    }

    @Test("takes its part of what is on its way back when that is withdrawn", arguments: 3...5)
    func partly(infraction: UInt64) throws {
        var network = Network()
        let alice = Person.alice.id
        network.pass(3)
        network.send(.alice, .undelegate(validator: alice, amount: Amount(obol: .stoa)))
        #expect(network.height == 4)
        network.pass(2)
        network.pass(1, .block(by: nil, caught: [(.alice, infraction)]))
        network.pass(1, .block(by: nil, caught: [(.alice, infraction - 1)]))
        network.pass(8)
        let pool = network.pool
        let result = network.send(.alice, .withdrawStake(validator: alice))
        let left: UInt128 = infraction == 5 ? 950_000_000 : 902_500_000
        let withdrawn = StakingEvent.stakeWithdrawn(
            alice,
            delegator: alice,
            amount: Amount(obol: left)
        )
        #expect(result.events == [.staking(withdrawn)])
        #expect(network.pool >= pool + (.stoa - left), "what is lost goes to the pool")
    }

    @Test("counts once for each height, whatever and however often the engine says")
    func harmless() throws {
        var network = Network()
        network.pass(20)
        let before = network.harness.base.sorted
        let stranger = EngineReport(
            proposer: nil,
            votes: [],
            misbehavior: [
                EngineReport.Misbehavior(
                    kind: .lightClientAttack,
                    validator: Person.erin.address,
                    height: BlockHeight(20),
                    time: Timestamp(milliseconds: 0),
                    totalPower: 0
                )
            ]
        )
        network.pass(1, stranger)
        let next = network.height + 1
        network.pass(1, .block(by: nil, caught: [(.alice, next - 9), (.alice, 0), (.bob, 1)]))
        network.pass(1, .block(by: nil, caught: [(.alice, network.height + 2), (.bob, .max)]))
        network.pass(1)
        #expect(network.harness.base.sorted == before, "unknown, too old, not yet")
        let last = network.height
        network.pass(1, .block(by: nil, caught: [(.alice, last), (.alice, last)]))
        network.pass(3, .block(by: nil, caught: [(.alice, last)]))
        #expect(try network.validator(.alice).stake.obol == 5_700_000_000)
        network.pass(1, .block(by: nil, caught: [(.alice, last - 1), (.alice, last)]))
        #expect(try network.validator(.alice).stake.obol == 5_415_000_000)
        #expect(try network.validator(.alice).slashes.count == 2)
        for _ in 0..<30 {
            network.pass(1, .block(by: nil, caught: [(.alice, network.height)]))
        }
        #expect(try network.validator(.alice).slashes.count == Validator.slashesMax)
    }

    @Test("reaches a validator that has left the set, and one that nobody has stake with")
    func gone() throws {
        var network = Network()
        let bob = Person.bob.id
        network.send(.bob, .undelegate(validator: bob, amount: Amount(obol: 4 * .stoa)))
        network.pass(2)
        #expect(network.power(.bob) == nil)
        network.pass(1, .block(by: .bob, present: [.bob], absent: [.bob], caught: [(.bob, 1)]))
        #expect(try network.validator(.bob).isTombstoned)
        network.pass(8)
        let result = network.send(.bob, .withdrawStake(validator: bob))
        let back = StakingEvent.stakeWithdrawn(
            bob,
            delegator: bob,
            amount: Amount(obol: 3_800_000_000)
        )
        #expect(result.events == [.staking(back)])
    }
}
