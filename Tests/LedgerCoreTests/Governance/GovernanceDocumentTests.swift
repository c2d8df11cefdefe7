import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("Documents of governance")
struct GovernanceDocumentTests {
    private static let proposal = ProposalID(digest(7))
    private static let one = Amount(obol: 1)
    private static let payment = TreasuryPayment(
        to: Person.bob.id,
        denomination: LedgerHarness.token,
        amount: Amount(obol: 1 << 100)
    )
    private static let actions: [ProposalAction] = [
        .text, .payment(payment),
        .numbers((1...8).map { NumberChange(number: $0, value: .max) }),
    ]

    @Test("a message has one encoding, which leads back to it")
    func messages() throws {
        let contents = Self.actions.map {
            ProposalContent(title: "ť", document: digest(3), link: "https://a", action: $0)
        }
        var messages: [GovernanceMessage] = [
            .lockVotes(Self.one), .unlockVotes(Self.one), .withdrawVotes, .delegateVotes(nil),
            .delegateVotes(Person.bob.id), .fundTreasury(.native, Self.one),
            .fundTreasury(LedgerHarness.token, Self.one),
        ]
        messages += contents.map { .propose($0, deposit: Self.one) }
        messages += VoteChoice.allCases.map { .vote(Self.proposal, $0) }
        for message in messages.map(Message.governance) {
            #expect(try Message(canonicalBytes: message.canonicalBytes) == message)
            #expect(GovernanceMessage.tags.contains(message.canonicalBytes[1]))
        }
    }

    @Test("what is too long, or means nothing, is not read")
    func malformed() {
        func bytes(_ message: GovernanceMessage) -> [UInt8] {
            Message.governance(message).canonicalBytes
        }
        func content(
            _ title: String,
            _ link: String,
            _ action: ProposalAction = .text
        ) -> [UInt8] {
            let content = ProposalContent(title: title, link: link, action: action)
            return bytes(.propose(content, deposit: Self.one))
        }
        let long = String(repeating: "a", count: 257)
        let nine = (1...9).map { NumberChange(number: $0, value: 1) }
        var vote = bytes(.vote(Self.proposal, .veto))
        vote[vote.count - 1] = 5
        for bytes in [
            content(String(long.prefix(129)), ""), content("a", long),
            content("a", "", .numbers(nine)), vote,
        ] {
            #expect(throws: CanonicalError.self) { try Message(canonicalBytes: bytes) }
        }
        for tag in UInt8(109)...115 {
            #expect(throws: CanonicalError.unknownTag) { try Message(canonicalBytes: [1, tag]) }
        }
    }

    @Test("votes whose sum fits no number are not read")
    func tallies() throws {
        func tally(_ no: UInt8) -> [UInt8] {
            let most = [UInt8](repeating: 0xff, count: 16)
            let zero = [UInt8](repeating: 0, count: 15)
            return [1] + most + zero + [no] + zero + [0] + zero + [0]
        }
        #expect(try VoteTally(canonicalBytes: tally(0)).cast.obol == .max)
        #expect(throws: CanonicalError.invalidValue) { try VoteTally(canonicalBytes: tally(1)) }
    }

    private static let allEvents: [GovernanceEvent] = [
        .votesChanged(Person.bob.id, own: one, received: .zero),
        .unlockBegan(Person.bob.id, amount: one, releasedAt: BlockHeight(9)),
        .votesWithdrawn(Person.bob.id, amount: one), .delegated(Person.bob.id, to: nil),
        .delegated(Person.bob.id, to: Person.alice.id),
        .proposed(proposal, by: Person.bob.id, kind: 2, opensAt: BlockHeight(4)),
        .voted(proposal, by: Person.bob.id, .veto, weight: one),
        .overridden(proposal, delegate: Person.bob.id, amount: one),
        .ended(proposal, .noQuorum, deposit: one), .executed(proposal),
        .executionFailed(proposal, code: 1616),
        .numberChanged(proposal, number: 101, from: 1, to: 2), .treasuryPaid(proposal, payment),
        .treasuryFunded(by: nil, .native, one),
        .treasuryFunded(by: Person.bob.id, LedgerHarness.token, one),
    ]

    @Test("an event has one encoding, which leads back to it, and a record", arguments: allEvents)
    func events(_ event: GovernanceEvent) throws {
        let whole = Event.governance(event)
        #expect(try Event(canonicalBytes: whole.canonicalBytes) == whole)
        #expect(event.record.name.hasPrefix("governance."))
        #expect(Set(event.record.fields.map(\.name)).count == event.record.fields.count)
        #expect(!event.record.fields.isEmpty)
    }

    @Test("the records of the state lead back to themselves")
    func records() throws {
        var town = Assembly()
        town.lock(.alice, 10)
        town.have(.alice, .unlockVotes(Self.one), .delegateVotes(Person.bob.id))
        for action in Self.actions.prefix(2) {
            let statuses: [ProposalStatus] = [
                .open, .waiting, .ended(.vetoed), .executed, .failed(code: 1617),
            ]
            town.propose(action)
            var proposal = try town.proposal()
            for status in statuses {
                proposal.status = status
                #expect(try Proposal(canonicalBytes: proposal.canonicalBytes) == proposal)
            }
        }
        let voter = town.state.voter(Person.alice.id)
        #expect(try Voter(canonicalBytes: voter.canonicalBytes) == voter)
        for choice in VoteChoice.allCases + [nil] {
            let ballot = Ballot(choice: choice, weight: Self.one, overridden: Self.one)
            #expect(try Ballot(canonicalBytes: ballot.canonicalBytes) == ballot)
        }
    }
}
