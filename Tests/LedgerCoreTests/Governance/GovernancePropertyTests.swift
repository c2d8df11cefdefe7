import Identity
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("Votes: random lives")
struct GovernancePropertyTests {
    private let people = Person.all

    /// P1 is checked by the harness after every step.
    @Test("the ledger and a model agree on every vote", arguments: Soak.seeds)
    func agree(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var town = Assembly()
        var model = GovernanceModel(people: people.count, height: town.height, supplyStoa: 5000)
        var proposals: [ProposalID] = []
        var accepted = 0
        for step in 0..<100 {
            if random.once(in: 4) {
                town.pass(1)
                model.next()
            }
            let person = random.below(people.count)
            let act = act(&random, model)
            let sequence = town.harness.account(people[person]).sequence + 1
            let result = town.send(people[person], message(act, proposals))
            let expected = model.apply(act, by: person).map { Refusal.governance($0) }
            #expect(result.refusal == expected, "step \(step): \(act)")
            if case .propose = act, result.isAccepted {
                let name = ProposalID(
                    proposer: people[person].id,
                    sequence: sequence,
                    messageIndex: 0
                )
                proposals.append(name)
            }
            accepted += result.isAccepted ? 1 : 0
            try check(town, model, proposals)
        }
        for _ in 0..<(Assembly.votingDelay + Assembly.votingPeriod + Assembly.timelock) {
            town.pass(1)
            model.next()
            try check(town, model, proposals)
        }
        #expect(!town.state.contains(.openProposals))
        #expect(accepted > 30)
    }

    private func act(_ random: inout SplitMix64, _ model: GovernanceModel) -> RandomVote {
        switch random.below(20) {
        case 0...3: return .lock(random.once(in: 12) ? 0 : 1 + random.below(9))
        case 4, 5: return .unlock(random.below(6))
        case 6: return .withdraw
        case 7...9: return .delegate(to: random.once(in: 5) ? nil : random.below(people.count))
        case 10, 11: return .propose
        default:
            let choice = random.pick([.yes, .yes, .no, .abstain, .veto] as [VoteChoice]) ?? .yes
            // Mostly on one of the last, which may not have begun, or may be over.
            let count = model.votes.count
            let index = random.once(in: 20) ? count : max(0, count - 1 - random.below(4))
            return .vote(on: index, choice)
        }
    }

    private func message(_ act: RandomVote, _ proposals: [ProposalID]) -> GovernanceMessage {
        func amount(_ stoa: Int) -> Amount { Amount(obol: UInt128(stoa) * Assembly.stoa) }
        switch act {
        case .lock(let stoa): return .lockVotes(amount(stoa))
        case .unlock(let stoa): return .unlockVotes(amount(stoa))
        case .withdraw: return .withdrawVotes
        case .delegate(let person): return .delegateVotes(person.map { people[$0].id })
        case .propose:
            return .propose(ProposalContent(title: "any", action: .text), deposit: amount(1))
        case .vote(let index, let choice):
            let known = proposals.indices.contains(index)
            return .vote(known ? proposals[index] : ProposalID(.zero), choice)
        }
    }

    private func check(
        _ town: Assembly,
        _ model: GovernanceModel,
        _ proposals: [ProposalID]
    ) throws {
        let state = town.state
        func stoa(_ amount: Amount) -> Int { Int(amount.obol / Assembly.stoa) }
        var sum = 0
        for (index, person) in people.enumerated() {
            let voter = state.voter(person.id)
            let standing = model.standings[index]
            #expect(stoa(voter.own) == standing.own)
            let received = model.standings.filter { $0.delegate == index }
            #expect(stoa(voter.received) == received.reduce(0) { $0 + $1.own })
            let held = standing.own + model.unlocking[index].reduce(0) { $0 + $1.stoa }
            #expect(stoa(state.amount(in: Pot(.votes, person.id.digest))) == held)
            sum += standing.own
        }
        #expect(stoa(state.totalLocked(before: BlockHeight(.max))) == sum)
        #expect(Int(town.treasury / Assembly.stoa) == model.treasury)
        for (id, vote) in zip(proposals, model.votes) {
            let proposal = try #require(state.read(Proposal.self, .proposal(id)))
            let tally = vote.tally()
            for choice in VoteChoice.allCases {
                #expect(stoa(proposal.tally[choice]) == tally[choice] ?? 0)
            }
            if let total = proposal.total {
                #expect(proposal.tally.cast <= total, "more votes than stake")
                #expect(stoa(total) == vote.standings?.reduce(0) { $0 + $1.own })
            }
            #expect(proposal.status == status(of: vote))
        }
    }

    private func status(of vote: GovernanceModel.Vote) -> ProposalStatus {
        switch vote.outcome {
        case nil: .open
        case .passed: vote.isDone ? .executed : .waiting
        case .some(let outcome): .ended(outcome)
        }
    }
}
