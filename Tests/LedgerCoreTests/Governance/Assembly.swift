import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

/// A town in which votes are short, and what people do in it.
struct Assembly: Sendable {
    static let stoa: UInt128 = 1_000_000_000
    static let votingDelay: UInt64 = 2
    static let votingPeriod: UInt64 = 5
    static let timelock: UInt64 = 3
    static let unlockDelay: UInt64 = 4

    var harness: LedgerHarness
    /// The last proposal that somebody made.
    private(set) var last = ProposalID(.zero)

    init(staking: StakingParameters = .standard, validators: [Genesis.Validator] = []) {
        harness = LedgerHarness(staking: staking, validators: validators)
        let numbers: [(GovernedNumber, UInt64)] = [
            (.proposalDeposit, UInt64(Self.stoa)), (.votingDelayBlocks, Self.votingDelay),
            (.votingPeriodBlocks, Self.votingPeriod), (.timelockBlocks, Self.timelock),
            (.unlockDelayBlocks, Self.unlockDelay), (.supplyQuorum, 10),
        ]
        for (number, value) in numbers {
            harness.plant(StoredNumber(value), .governedNumber(number))
        }
    }

    var height: UInt64 { harness.context.height.rawValue }
    var state: StagedState<MemoryState> { harness.ledger.state }

    @discardableResult
    mutating func send(_ person: Person, _ messages: GovernanceMessage...) -> TransactionResult {
        let transaction = harness.transaction(person, messages.map { .governance($0) })
        return harness.apply(person.key.sign(transaction).signed.canonicalBytes)
    }

    /// Sends what must be accepted.
    @discardableResult
    mutating func have(_ person: Person, _ messages: GovernanceMessage...) -> [Event] {
        let transaction = harness.transaction(person, messages.map { .governance($0) })
        let result = harness.apply(person.key.sign(transaction).signed.canonicalBytes)
        #expect(result.isAccepted, "\(result.refusal?.name ?? "")")
        return result.events
    }

    mutating func lock(_ person: Person, _ stoa: UInt128) {
        have(person, .lockVotes(Amount(obol: stoa * Self.stoa)))
    }

    /// Proposes something that can be proposed.
    @discardableResult
    mutating func propose(
        _ action: ProposalAction = .text,
        by person: Person = .erin,
        deposit: UInt128 = Self.stoa
    ) -> ProposalID {
        let content = ProposalContent(title: "a proposal", action: action)
        let sequence = harness.account(person).sequence + 1
        have(person, .propose(content, deposit: Amount(obol: deposit)))
        last = ProposalID(proposer: person.id, sequence: sequence, messageIndex: 0)
        return last
    }

    @discardableResult
    mutating func vote(
        _ person: Person,
        _ choice: VoteChoice,
        _ proposal: ProposalID? = nil
    ) -> TransactionResult {
        send(person, .vote(proposal ?? last, choice))
    }

    mutating func pass(_ blocks: UInt64) {
        for _ in 0..<blocks { harness.endBlock() }
    }

    /// Goes on until votes count.
    mutating func open() { pass(Self.votingDelay) }

    /// Goes on until the block that counts the votes, from the one in which they began to count.
    mutating func end() { pass(Self.votingPeriod) }

    /// Goes on until the block that executes.
    mutating func execute() { pass(Self.timelock) }

    /// Everybody for something, up to its execution.
    mutating func decide(_ action: ProposalAction, by person: Person = .alice) {
        let proposal = propose(action)
        open()
        vote(person, .yes, proposal)
        end()
        execute()
    }

    func proposal(_ id: ProposalID? = nil) throws -> Proposal {
        try #require(state.read(Proposal.self, .proposal(id ?? last)))
    }

    func balance(_ person: Person) -> UInt128 { harness.account(person).balance.obol }
    var treasury: UInt128 { state.amount(in: .treasury(.native)).obol }

    /// The events of blocks since somebody last looked that are about proposals.
    mutating func governanceEvents() -> [GovernanceEvent] {
        defer { harness.blockEvents = [] }
        return harness.blockEvents.compactMap {
            guard case .governance(let event) = $0 else { return nil }
            return event
        }
    }

    static func tally(
        yes: UInt128 = 0,
        no: UInt128 = 0,
        abstain: UInt128 = 0,
        veto: UInt128 = 0
    ) -> VoteTally {
        var tally = VoteTally()
        tally[.yes] = Amount(obol: yes * stoa)
        tally[.no] = Amount(obol: no * stoa)
        tally[.abstain] = Amount(obol: abstain * stoa)
        tally[.veto] = Amount(obol: veto * stoa)
        return tally
    }
}
