import Identity
import MarketTypes
import Testing

@testable import LedgerCore

/// One message about votes that must be refused, and why.
struct RefusedVote: Sendable, CustomTestStringConvertible {
    let refusal: Refusal
    let name: String
    let act: @Sendable (inout Assembly) -> TransactionResult

    var testDescription: String { "\(refusal.name): \(name)" }

    init(
        _ refusal: GovernanceRefusal,
        _ name: String,
        _ act: @escaping @Sendable (inout Assembly) -> TransactionResult
    ) {
        self.init(.governance(refusal), name, act)
    }

    init(
        _ refusal: Refusal,
        _ name: String,
        _ act: @escaping @Sendable (inout Assembly) -> TransactionResult
    ) {
        (self.refusal, self.name, self.act) = (refusal, name, act)
    }

    private static let obol = Amount(obol: 1)
    private static let stoa = Amount(obol: Assembly.stoa)
    private static let rich = Amount(obol: 2_000_000_000_000)

    static let stakes: [RefusedVote] = [
        RefusedVote(.invalidNumber, "locks nothing") { $0.send(.alice, .lockVotes(.zero)) },
        RefusedVote(.invalidNumber, "unlocks nothing") { $0.send(.alice, .unlockVotes(.zero)) },
        RefusedVote(.accounts(.insufficientBalance), "locks more than it has") {
            $0.send(.alice, .lockVotes(rich))
        },
        RefusedVote(.insufficientStake, "unlocks what it has not locked") {
            $0.send(.alice, .unlockVotes(obol))
        },
        RefusedVote(.insufficientStake, "unlocks what is on its way back") { town in
            town.lock(.alice, 1)
            town.have(.alice, .unlockVotes(stoa))
            return town.send(.alice, .unlockVotes(obol))
        },
        RefusedVote(.insufficientStake, "unlocks what another let it vote with") { town in
            town.lock(.bob, 1)
            town.have(.bob, .delegateVotes(Person.alice.id))
            return town.send(.alice, .unlockVotes(obol))
        },
        RefusedVote(.tooManyUnlockings, "a ninth part") { town in
            town.lock(.alice, 1)
            for _ in 0..<8 { town.have(.alice, .unlockVotes(obol)) }
            return town.send(.alice, .unlockVotes(obol))
        },
        RefusedVote(.nothingToWithdraw, "nothing was unlocked") { town in
            town.lock(.alice, 1)
            return town.send(.alice, .withdrawVotes)
        },
        RefusedVote(.nothingToWithdraw, "a block too early") { town in
            town.lock(.alice, 1)
            town.have(.alice, .unlockVotes(stoa))
            town.pass(Assembly.unlockDelay - 1)
            return town.send(.alice, .withdrawVotes)
        },
        RefusedVote(.nothingToWithdraw, "a second time") { town in
            town.lock(.alice, 1)
            town.have(.alice, .unlockVotes(stoa))
            town.pass(Assembly.unlockDelay)
            town.have(.alice, .withdrawVotes)
            return town.send(.alice, .withdrawVotes)
        },
        RefusedVote(.selfDelegation, "to itself") {
            $0.send(.alice, .delegateVotes(Person.alice.id))
        },
        RefusedVote(.invalidNumber, "gives the treasury nothing") {
            $0.send(.alice, .fundTreasury(.native, .zero))
        },
        RefusedVote(.unknownDenomination, "gives the treasury what nobody issued") {
            $0.send(.alice, .fundTreasury(.issued(digest(9)), obol))
        },
        RefusedVote(.accounts(.insufficientBalance), "gives the treasury more than it has") {
            $0.send(.alice, .fundTreasury(LedgerHarness.token, Amount(obol: 1_000_001)))
        },
    ]

    private static func proposes(
        _ refusal: GovernanceRefusal,
        _ name: String,
        title: String = "why not",
        link: String = "",
        deposit: Amount = stoa,
        _ action: ProposalAction
    ) -> RefusedVote {
        RefusedVote(refusal, name) {
            let content = ProposalContent(title: title, link: link, action: action)
            return $0.send(.alice, .propose(content, deposit: deposit))
        }
    }

    private static func changes(_ pairs: (UInt16, UInt64)...) -> ProposalAction {
        .numbers(pairs.map { NumberChange(number: $0.0, value: $0.1) })
    }

    static let proposals: [RefusedVote] = [
        proposes(.invalidProposal, "no title", title: "", .text),
        proposes(.invalidProposal, "a title of two lines", title: "yes\nstatus passed", .text),
        proposes(.invalidProposal, "a link that clears the screen", link: "\u{1b}[2J", .text),
        proposes(.invalidProposal, "no number", .numbers([])),
        proposes(.invalidProposal, "descending", changes((1602, 5), (1601, 1_000_000_000))),
        proposes(.invalidProposal, "a number twice", changes((1602, 5), (1602, 6))),
        proposes(
            .invalidProposal,
            "pays nothing",
            .payment(.init(to: Person.bob.id, denomination: .native, amount: .zero))
        ),
        proposes(.unknownNumber, "no such number", changes((1600, 5))),
        proposes(.unknownNumber, "what slashing costs", changes((807, 5))),
        proposes(.invalidNumber, "too short to leave", changes((501, 99))),
        proposes(.invalidNumber, "too long to wait", changes((501, 100_001))),
        proposes(.invalidNumber, "a timelock too short", changes((1607, 599))),
        proposes(.invalidNumber, "a quorum too low", changes((1604, 999))),
        proposes(.invalidNumber, "fees too high", changes((101, 1_000_000_001))),
        proposes(
            .unknownDenomination,
            "pays what nobody issued",
            .payment(.init(to: Person.bob.id, denomination: .issued(digest(9)), amount: obol))
        ),
        proposes(
            .depositTooSmall,
            "an obol too little",
            deposit: Amount(obol: Assembly.stoa - 1),
            .text
        ),
        RefusedVote(.accounts(.insufficientBalance), "a deposit that it does not have") {
            let content = ProposalContent(title: "big", action: .text)
            return $0.send(.alice, .propose(content, deposit: rich))
        },
        RefusedVote(.tooManyOfAccount, "a fourth") { town in
            for _ in 0..<3 { town.propose(by: .alice) }
            let content = ProposalContent(title: "one more", action: .text)
            return town.send(.alice, .propose(content, deposit: stoa))
        },
        RefusedVote(.tooManyProposals, "as many as may be") { town in
            town.harness.plant(StoredNumber(64), .openProposals)
            let content = ProposalContent(title: "one more", action: .text)
            return town.send(.alice, .propose(content, deposit: stoa))
        },
    ]

    static let votes: [RefusedVote] = [
        RefusedVote(.unknownProposal, "on nothing") { $0.vote(.alice, .yes) },
        RefusedVote(.tooEarly, "a block too early") { town in
            town.lock(.alice, 1)
            town.propose()
            town.pass(Assembly.votingDelay - 1)
            return town.vote(.alice, .yes)
        },
        RefusedVote(.tooLate, "a block too late") { town in
            town.lock(.alice, 1)
            town.propose()
            town.open()
            town.end()
            return town.vote(.alice, .yes)
        },
        RefusedVote(.tooLate, "when it was executed") { town in
            town.lock(.alice, 10)
            town.decide(.text)
            return town.vote(.alice, .no)
        },
        RefusedVote(.noVotes, "with nothing") { town in
            town.propose()
            town.open()
            return town.vote(.alice, .yes)
        },
        RefusedVote(.noVotes, "with what was locked in the block that opened the vote") { town in
            town.propose()
            town.open()
            town.lock(.alice, 1)
            return town.vote(.alice, .yes)
        },
        RefusedVote(.noVotes, "with what was locked and unlocked in one block") { town in
            town.propose()
            town.pass(1)
            town.lock(.alice, 1)
            town.have(.alice, .unlockVotes(stoa))
            town.pass(1)
            return town.vote(.alice, .yes)
        },
        RefusedVote(.noVotes, "with what was delegated when the vote had begun") { town in
            town.lock(.bob, 1)
            town.propose()
            town.open()
            town.have(.bob, .delegateVotes(Person.alice.id))
            return town.vote(.alice, .yes)
        },
        RefusedVote(.noVotes, "with what its owner voted with") { town in
            town.lock(.bob, 1)
            town.have(.bob, .delegateVotes(Person.alice.id))
            town.propose()
            town.open()
            town.vote(.bob, .yes)
            return town.vote(.alice, .no)
        },
        RefusedVote(.noVotes, "with what was delegated to its delegator") { town in
            town.lock(.carol, 1)
            town.have(.carol, .delegateVotes(Person.bob.id))
            town.have(.bob, .delegateVotes(Person.alice.id))
            town.propose()
            town.open()
            return town.vote(.alice, .yes)
        },
    ]

    static let all = stakes + proposals + votes
}

@Suite("The ledger refuses of governance")
struct GovernanceRefusalTests {
    /// That nothing but sequence number and fee changes is checked by the harness.
    @Test("a message that breaks a rule, with its number", arguments: RefusedVote.all)
    func message(_ refused: RefusedVote) {
        var town = Assembly()
        let result = refused.act(&town)
        #expect(result.refusal == refused.refusal)
        #expect(result.messageIndex == 0)
    }

    @Test("every refusal that there is stands in the table, or in an event")
    func covered() {
        let codes = Set(RefusedVote.all.map(\.refusal.code))
        let atExecution: [GovernanceRefusal] = [.treasuryTooSmall, .inconsistentNumbers]
        for refusal in GovernanceRefusal.allCases where !atExecution.contains(refusal) {
            #expect(codes.contains(Refusal.governance(refusal).code), "\(refusal)")
        }
    }

    @Test("GOV-24: what cannot be executed is an event, and changes nothing else")
    func execution() throws {
        var town = Assembly()
        town.lock(.alice, 10)
        let payment = TreasuryPayment(to: Person.bob.id, denomination: .native, amount: Self.one)
        let changes = [NumberChange(number: 801, value: 200), NumberChange(number: 802, value: 9)]
        for (action, refusal) in [
            (ProposalAction.payment(payment), GovernanceRefusal.treasuryTooSmall),
            (.numbers(changes), .inconsistentNumbers),
        ] {
            _ = town.governanceEvents()
            town.decide(action)
            let code = Refusal.governance(refusal).code
            #expect(try town.proposal().status == .failed(code: code))
            #expect(town.governanceEvents().last == .executionFailed(town.last, code: code))
        }
        #expect(town.state.stakingParameters == .standard)
        #expect(!town.state.contains(.openProposals))
    }

    private static let one = Amount(obol: 1)
}
