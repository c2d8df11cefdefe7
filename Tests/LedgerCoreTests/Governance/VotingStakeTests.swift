import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("Stake that votes")
struct VotingStakeTests {
    private typealias Votes = (Person, VoteChoice)

    /// Alice has 1, Bob 2, Carol 4 and Dave 8 STOA to vote with.
    private func town(_ delegations: [(Person, Person)]) -> Assembly {
        var town = Assembly()
        for (person, stoa) in zip([Person.alice, .bob, .carol, .dave], [1, 2, 4, 8]) {
            town.lock(person, UInt128(stoa))
        }
        for (person, delegate) in delegations {
            town.have(person, .delegateVotes(delegate.id))
        }
        town.propose()
        town.open()
        return town
    }

    private func tally(
        _ delegations: [(Person, Person)],
        _ votes: (Person, VoteChoice)...
    ) throws -> VoteTally {
        var town = town(delegations)
        for (person, choice) in votes {
            let result = town.vote(person, choice)
            #expect(result.isAccepted, "\(person.name): \(result.refusal?.name ?? "")")
        }
        return try town.proposal().tally
    }

    @Test("GOV-22: a delegate votes with what it received; who votes itself takes its own back")
    func overriding() throws {
        let toDave: [(Person, Person)] = [(.alice, .dave), (.bob, .dave)]
        #expect(try tally(toDave, (.dave, .yes)) == Assembly.tally(yes: 11))
        let after = try tally(toDave, (.dave, .yes), (.alice, .no))
        #expect(after == Assembly.tally(yes: 10, no: 1))
        let before = try tally(toDave, (.alice, .no), (.dave, .yes))
        #expect(before == after)
        let again = try tally(toDave, (.alice, .no), (.dave, .yes), (.alice, .veto), (.dave, .no))
        #expect(again == Assembly.tally(no: 10, veto: 1))
        let all = try tally(toDave, (.bob, .yes), (.dave, .no), (.alice, .yes), (.bob, .no))
        #expect(all == Assembly.tally(yes: 1, no: 10))
    }

    @Test("GOV-22: what was received is not delegated further, and a loop counts nothing twice")
    func loops() throws {
        let chain: [(Person, Person)] = [(.alice, .bob), (.bob, .carol)]
        #expect(try tally(chain, (.carol, .yes)) == Assembly.tally(yes: 6))
        #expect(try tally(chain, (.carol, .yes), (.bob, .no)) == Assembly.tally(yes: 4, no: 3))
        let loop: [(Person, Person)] = [(.alice, .bob), (.bob, .alice)]
        #expect(try tally(loop, (.alice, .yes)) == Assembly.tally(yes: 3))
        #expect(try tally(loop, (.alice, .yes), (.bob, .no)) == Assembly.tally(yes: 1, no: 2))
        let three: [(Person, Person)] = [(.alice, .bob), (.bob, .carol), (.carol, .alice)]
        let votes = try tally(three, (.bob, .yes), (.alice, .no), (.carol, .abstain))
        #expect(votes == Assembly.tally(yes: 2, no: 1, abstain: 4))
    }

    @Test("GOV-21: what moves once the vote has begun counts where it was")
    func snapshot() throws {
        var town = town([(.alice, .bob)])
        town.have(.alice, .delegateVotes(nil))
        town.have(.dave, .unlockVotes(Amount(obol: 8 * Assembly.stoa)))
        town.lock(.carol, 100)
        town.vote(.bob, .yes)
        town.vote(.carol, .no)
        town.vote(.dave, .abstain)
        #expect(try town.proposal().tally == Assembly.tally(yes: 3, no: 4, abstain: 8))
        town.pass(Assembly.unlockDelay)
        town.have(.dave, .withdrawVotes)
        let gift = Message.transfer(
            to: Person.erin.id,
            denomination: .native,
            amount: Amount(obol: 8 * Assembly.stoa)
        )
        town.harness.send(.dave, gift)
        town.lock(.erin, 8)
        let late = town.vote(.erin, .no)
        #expect(late.refusal == .governance(.noVotes))
        #expect(try town.proposal().total == Amount(obol: 15 * Assembly.stoa))
    }

    @Test("GOV-11, GOV-12: stake comes back at the height that was said when it was unlocked")
    func unlocking() throws {
        var town = Assembly()
        town.lock(.alice, 10)
        town.lock(.bob, 1)
        let amount = Amount(obol: 3 * Assembly.stoa)
        let events = town.have(.bob, .lockVotes(amount), .unlockVotes(amount))
        let released = BlockHeight(town.height + Assembly.unlockDelay)
        let unlocking = GovernanceEvent.unlockBegan(
            Person.bob.id,
            amount: amount,
            releasedAt: released
        )
        #expect(events.last == .governance(unlocking))
        town.harness.plant(StoredNumber(1000), .governedNumber(.unlockDelayBlocks))
        town.have(.bob, .unlockVotes(Amount(obol: Assembly.stoa)))
        town.pass(Assembly.unlockDelay - 1)
        let before = town.balance(.bob)
        town.have(.bob, .withdrawVotes)
        #expect(town.balance(.bob) + 2000 > before + 3 * Assembly.stoa)
        let pot = Pot(.votes, Person.bob.id.digest)
        #expect(town.state.amount(in: pot).obol == Assembly.stoa)
        #expect(town.state.voter(Person.bob.id).unlockings.count == 1)
        #expect(town.state.voter(Person.bob.id).own.isZero)
    }

    @Test("GOV-5: a block leaves one checkpoint, however much happens in it")
    func checkpoints() {
        var town = Assembly()
        let (alice, bob) = (Person.alice.id, Person.bob.id)
        var heights: [UInt64] = []
        for round in 1...9 {
            town.lock(.alice, 1)
            town.lock(.alice, 2)
            town.have(.alice, .delegateVotes(round.isMultiple(of: 2) ? nil : bob))
            heights.append(town.height)
            town.pass(UInt64(round))
        }
        #expect(town.state.voter(alice).checkpoints == 9)
        #expect(town.state.voter(bob).checkpoints == 9)
        for height in 0...town.height {
            let rounds = UInt128(heights.count { $0 < height })
            let votes = town.state.votes(of: alice, before: BlockHeight(height))
            #expect(votes.own.obol == 3 * rounds * Assembly.stoa)
            #expect(votes.delegate == (rounds.isMultiple(of: 2) ? nil : bob))
            let received = town.state.votes(of: bob, before: BlockHeight(height)).received
            #expect(received.obol == (rounds.isMultiple(of: 2) ? 0 : votes.own.obol))
            let total = town.state.totalLocked(before: BlockHeight(height))
            #expect(total == votes.own)
        }
    }
}
