import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("A proposal")
struct GovernanceLifeTests {
    @Test("GOV-20 to GOV-24: is voted on, waits, and is executed once by the ledger itself")
    func number() throws {
        var town = Assembly()
        town.lock(.alice, 10)
        let before = town.balance(.erin)
        let change = NumberChange(number: GovernedNumber.feeMinimumID, value: 5000)
        let id = town.propose(.numbers([change]))
        let proposed = town.height
        #expect(town.balance(.erin) < before - Assembly.stoa)
        var proposal = try town.proposal()
        #expect(proposal.opensAt.rawValue == proposed + 2)
        #expect(proposal.endsAt.rawValue == proposed + 7)
        #expect(proposal.executesAt.rawValue == proposed + 10)
        town.open()
        let result = town.vote(.alice, .yes)
        let ten = Amount(obol: 10 * Assembly.stoa)
        let voted = GovernanceEvent.voted(id, by: Person.alice.id, .yes, weight: ten)
        #expect(result.events == [.governance(voted)])
        town.end()
        proposal = try town.proposal()
        #expect(proposal.status == .waiting)
        #expect(proposal.total == ten)
        #expect(proposal.tally == Assembly.tally(yes: 10))
        #expect(town.balance(.erin) + 3000 > before, "the deposit came back")
        town.pass(Assembly.timelock - 1)
        #expect(town.harness.ledger.parameters.feeMinimum.obol == 1000)
        town.pass(1)
        #expect(try town.proposal().status == .executed)
        town.pass(1)
        #expect(town.harness.ledger.parameters.feeMinimum.obol == 5000)
        let events = town.governanceEvents()
        let deposit = Amount(obol: Assembly.stoa)
        #expect(
            events == [
                .ended(id, .passed, deposit: deposit),
                .numberChanged(id, number: 101, from: 1000, to: 5000), .executed(id),
            ]
        )
        town.pass(100)
        #expect(town.governanceEvents().isEmpty, "it is not executed again")
        #expect(!town.state.contains(.openProposals))
    }

    @Test("GOV-24: a channel keeps the closing delay that it opened with")
    func closingDelay() throws {
        var town = Assembly()
        town.lock(.alice, 10)
        func opening() -> Message {
            .openChannel(
                ChannelOpening(
                    payee: Person.bob.id,
                    denomination: .native,
                    deposit: Amount(obol: 1000),
                    voucherKey: Person.carol.voucherKey.publicKey,
                    lanes: 1
                )
            )
        }
        func channel(_ town: inout Assembly) throws -> ChannelID {
            let result = town.harness.send(.carol, opening())
            guard case .channelOpened(let id, _, _) = result.events.first else {
                throw CanonicalError.invalidValue
            }
            return id
        }
        let old = try channel(&town)
        town.decide(.numbers([NumberChange(number: 501, value: 300)]))
        town.pass(1)
        let new = try channel(&town)
        for (id, delay) in [(old, UInt64(5)), (new, 300)] {
            town.harness.send(.carol, .closeChannel(id))
            let entry = try #require(town.state.read(Channel.self, .channel(id)))
            #expect(entry.closingDelayBlocks == delay)
            #expect(entry.status == .closing(at: BlockHeight(town.height + delay)))
        }
    }

    @Test("GOV-30, GOV-24: the treasury pays what was voted, in any unit")
    func payment() throws {
        var town = Assembly()
        town.lock(.alice, 10)
        let amount = Amount(obol: 77)
        town.have(.carol, .fundTreasury(LedgerHarness.token, Amount(obol: 100)))
        let payment = TreasuryPayment(
            to: Person.dave.id,
            denomination: LedgerHarness.token,
            amount: amount
        )
        let before = town.harness.tokens(.dave)
        town.decide(.payment(payment))
        #expect(town.harness.tokens(.dave) == before + 77)
        #expect(town.state.amount(in: .treasury(LedgerHarness.token)).obol == 23)
        #expect(town.governanceEvents().contains(.treasuryPaid(town.last, payment)))
        town.decide(.payment(payment))
        #expect(town.harness.tokens(.dave) == before + 77, "there is not enough left")
    }

    @Test("GOV-23: a veto costs the deposit, and nothing else does")
    func veto() throws {
        var town = Assembly()
        town.lock(.alice, 66)
        town.lock(.bob, 34)
        for (choice, outcome) in [
            (VoteChoice.veto, ProposalOutcome.vetoed), (.no, .passed), (.abstain, .passed),
        ] {
            let treasury = town.treasury
            let id = town.propose()
            town.open()
            town.vote(.alice, .yes)
            town.vote(.bob, choice)
            town.end()
            let deposit = Amount(obol: Assembly.stoa)
            #expect(town.governanceEvents().last == .ended(id, outcome, deposit: deposit))
            let isVetoed = outcome == .vetoed
            #expect(town.treasury == treasury + (isVetoed ? Assembly.stoa : 0))
            #expect(try town.proposal().status == (isVetoed ? .ended(.vetoed) : .waiting))
        }
    }

    @Test("GOV-23: outcomes at their limits")
    func limits() {
        func rules(_ votesMin: UInt128 = 0) -> ProposalRules {
            ProposalRules(
                quorum: 3340,
                votesMin: Amount(obol: votesMin * Assembly.stoa),
                threshold: 5000,
                veto: 3340
            )
        }
        func outcome(
            _ tally: VoteTally,
            of total: UInt128 = 10_000,
            _ votesMin: UInt128 = 0
        ) -> ProposalOutcome {
            tally.outcome(of: Amount(obol: total * Assembly.stoa), rules(votesMin))
        }
        #expect(outcome(Assembly.tally(yes: 3339)) == .noQuorum)
        #expect(outcome(Assembly.tally(yes: 3340)) == .passed)
        #expect(outcome(Assembly.tally(yes: 1, abstain: 3339)) == .passed)
        #expect(outcome(Assembly.tally(abstain: 3340)) == .rejected)
        #expect(outcome(Assembly.tally(yes: 2000, no: 2000)) == .rejected)
        #expect(outcome(Assembly.tally(yes: 2001, no: 2000)) == .passed)
        #expect(outcome(Assembly.tally(yes: 6661, veto: 3339)) == .passed)
        #expect(outcome(Assembly.tally(yes: 6660, veto: 3340)) == .vetoed)
        #expect(outcome(Assembly.tally(yes: 3000, no: 1, veto: 2999)) == .vetoed)
        #expect(outcome(Assembly.tally(veto: 3339)) == .noQuorum)
        #expect(outcome(Assembly.tally(), of: 0) == .noQuorum)
        #expect(outcome(Assembly.tally(yes: 9), of: 9, 10) == .noQuorum)
        #expect(outcome(Assembly.tally(yes: 10), of: 10, 10) == .passed)
    }

    @Test("GOV-23: one obol decides nothing while nobody else has locked any")
    func supplyQuorum() throws {
        var town = Assembly()
        town.lock(.alice, 4)
        town.decide(.text)
        #expect(try town.proposal().status == .ended(.noQuorum), "0.1 % of 5000 STOA is 5")
        town.lock(.alice, 1)
        town.decide(.text)
        #expect(try town.proposal().status == .executed)
    }

    @Test("GOV-20: a proposal keeps the numbers that it opened with")
    func ownRules() throws {
        var town = Assembly()
        town.lock(.alice, 10)
        let changes = [
            NumberChange(number: 1602, value: 1000), NumberChange(number: 1605, value: 9000),
            NumberChange(number: 1607, value: 600),
        ]
        let first = town.propose(.numbers(changes))
        let second = town.propose()
        town.open()
        town.vote(.alice, .yes, first)
        town.pass(Assembly.votingPeriod - 1)
        let third = town.propose()
        town.vote(.alice, .yes, second)
        let other = try town.proposal(third)
        town.pass(Assembly.timelock + 2)
        #expect(try town.proposal(first).status == .executed)
        #expect(try town.proposal(second).status == .executed)
        #expect(try town.proposal(third) == other)
        #expect(other.rules.threshold == 5000)
        town.propose()
        let fourth = try town.proposal()
        #expect(fourth.rules.threshold == 9000)
        #expect(fourth.opensAt.rawValue == town.height + 1000)
        #expect(fourth.executesAt.rawValue == town.height + 1000 + 5 + 600)
    }

    @Test("GOV-23: the outcome is found by the numbers that a proposal opened with")
    func outcomeByOwnRules() throws {
        var town = Assembly()
        for (person, stoa) in zip([Person.alice, .bob, .carol], [60, 20, 20]) {
            town.lock(person, UInt128(stoa))
        }
        town.propose()
        town.open()
        town.vote(.alice, .yes)
        town.vote(.bob, .no)
        town.vote(.carol, .veto)
        for (number, value) in [
            (GovernedNumber.threshold, UInt64(9000)), (.veto, 1000), (.supplyQuorum, 5000),
        ] {
            town.harness.plant(StoredNumber(value), .governedNumber(number))
        }
        town.end()
        #expect(try town.proposal().status != .open)
        #expect(try town.proposal().status != .ended(.vetoed))
        town.execute()
        #expect(try town.proposal().status == .executed)
    }

    @Test("GOV-20: three of an account at once; a place is free when one has ended")
    func places() throws {
        var town = Assembly()
        for _ in 0..<3 { town.propose() }
        let content = ProposalContent(title: "one more", action: .text)
        let message = GovernanceMessage.propose(content, deposit: Amount(obol: Assembly.stoa))
        let fourth = town.send(.erin, message)
        #expect(fourth.refusal == .governance(.tooManyOfAccount))
        town.propose(by: .dave)
        town.open()
        town.end()
        town.propose()
        #expect(try town.proposal().status == .open)
    }
}

extension GovernedNumber {
    static let feeMinimumID: UInt16 = 101
}
