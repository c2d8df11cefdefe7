import CanonicalCoding
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("What is written of jobs and disputes")
struct DisputeCodingTests {
    private static let job = EscrowID(digest(1))
    private static let id = DisputeID(digest(2))
    private static let channel = ChannelID(digest(3))
    private static let one = Amount(obol: 1)
    private static let two = Amount(obol: 2)
    private static let bob = AccountID(digest(4))

    static let messages: [DisputeMessage] = [
        .joinJury(one), .leaveJury, .withdrawJury,
        .open(job, evidence: digest(5), commitment: digest(6)),
        .answer(id, evidence: digest(5), number: digest(6)), .reveal(id, number: digest(7)),
        .castVote(id, sealed: digest(8)), .openVote(id, .split, salt: digest(9)),
        .appeal(id, evidence: digest(5), commitment: digest(6)),
        .claimBond(channel, two, evidence: digest(5), commitment: digest(6)),
    ]

    @Test("DIS-1: each message reads back, under its tag", arguments: messages)
    func message(_ message: DisputeMessage) throws {
        var encoder = CanonicalEncoder()
        encoder.encode(Message.disputes(message))
        #expect(encoder.bytes.first == message.tag)
        var decoder = CanonicalDecoder(encoder.bytes)
        #expect(try Message(from: &decoder) == .disputes(message))
        #expect(decoder.isAtEnd)
    }

    @Test("DIS-50: a claim to a bond is its tag, channel, amount, evidence and commitment")
    func claim() throws {
        var encoder = CanonicalEncoder()
        encoder.encode(Message.disputes(Self.messages[9]))
        let expected =
            [99] + digest(3).bytes + [UInt8](repeating: 0, count: 15) + [2] + digest(5).bytes
            + digest(6).bytes
        #expect(encoder.bytes == expected)
        #expect(Self.messages.map(\.tag) == Array(90...99))
    }

    static let events: [DisputeEvent] = [
        .jurorChanged(bob, stake: one), .opened(id, job, by: bob, round: 2),
        .answered(id, by: bob), .seated(id, juror: bob, round: 1),
        .moved(id, .opening, until: BlockHeight(9)), .decided(id, .seller, round: 2),
        .jurorPaid(id, juror: bob, two), .jurorFined(id, juror: bob, one),
        .claimOpened(id, channel, by: bob, round: 1),
        .claimHeld(id, seller: bob, one, deposit: two),
        .claimEnded(id, awarded: one, restored: two), .claimPaid(id, to: bob, two),
    ]

    @Test("each event reads back under its tag, and has a name and fields")
    func event() throws {
        for (place, event) in Self.events.enumerated() {
            let bytes = Event.disputes(event).canonicalBytes
            #expect(bytes[1] == UInt8(90 + place))
            #expect(try Event(canonicalBytes: bytes) == .disputes(event))
            #expect(event.record.name.hasPrefix("disputes."))
            #expect(event.record.fields.count >= 2)
        }
        #expect(Set(Self.events.map(\.record.name)).count == Self.events.count)
    }

    private func dispute(_ subject: DisputeSubject) -> Dispute {
        Dispute(
            subject: subject,
            buyer: AccountID(digest(10)),
            seller: AccountID(digest(11)),
            rules: DisputeRules(
                speakBlocks: 1,
                voteBlocks: 2,
                appealBlocks: 3,
                bond: Amount(obol: 4),
                penalty: Amount(obol: 5)
            ),
            round: 1,
            phase: .voting,
            until: BlockHeight(6),
            opener: AccountID(digest(11)),
            commitment: digest(12),
            answer: digest(13),
            evidence: [digest(14)],
            seats: [JurorSeat(AccountID(digest(15)))],
            verdict: .split
        )
    }

    @Test("a dispute about a job ends with its verdict; about a bond, with what is claimed")
    func entry() throws {
        func word(_ value: UInt8) -> [UInt8] { [UInt8](repeating: 0, count: 7) + [value] }
        func amount(_ value: UInt8) -> [UInt8] { [UInt8](repeating: 0, count: 15) + [value] }
        let common: [UInt8] =
            digest(10).bytes + digest(11).bytes + word(1) + word(2) + word(3) + amount(4)
            + amount(5) + [1, 3] + word(6) + digest(11).bytes + digest(12).bytes
            + digest(13).bytes + [1] + digest(14).bytes + [0, 0, 0, 1] + digest(15).bytes + [0, 0]
            + [3]
        let job = dispute(.job(Self.job))
        #expect(job.canonicalBytes == [1] + digest(1).bytes + common)
        #expect(try Dispute(canonicalBytes: job.canonicalBytes) == job)
        let claim = BondClaim(
            channel: Self.channel,
            amount: Amount(obol: 7),
            deposit: Amount(obol: 8),
            releasedAt: BlockHeight(9)
        )
        let bond = dispute(.bond(claim))
        let tail: [UInt8] = [1] + amount(7) + amount(8) + word(9)
        #expect(bond.canonicalBytes == [1] + digest(3).bytes + common + tail)
        #expect(try Dispute(canonicalBytes: bond.canonicalBytes) == bond)
        for wrong in [
            job.canonicalBytes + [0], job.canonicalBytes + [1],
            job.canonicalBytes + [2] + tail.dropFirst(),
            bond.canonicalBytes + [0], Array(bond.canonicalBytes.dropLast()),
        ] {
            #expect(throws: CanonicalError.self) { try Dispute(canonicalBytes: wrong) }
        }
    }

    @Test("claims and kept jurors read back; one claim more than there can be does not")
    func tables() throws {
        let claim = HeldClaim(
            dispute: Self.id,
            claimant: Self.bob,
            amount: Self.one,
            isAwarded: true
        )
        let held = HeldClaims(claims: [claim])
        let bytes: [UInt8] =
            [1, 0, 0, 0, 1] + digest(2).bytes + digest(4).bytes
            + [UInt8](repeating: 0, count: 15) + [1, 1]
        #expect(held.canonicalBytes == bytes)
        #expect(try HeldClaims(canonicalBytes: bytes) == held)
        let many = HeldClaims(claims: .init(repeating: claim, count: HeldClaims.claimsMax + 1))
        #expect(throws: CanonicalError.self) { try HeldClaims(canonicalBytes: many.canonicalBytes) }
        let table = JurorTable(jurors: [Juror(account: Self.bob, stake: Self.two)])
        let kept = try KeptJurors(
            canonicalBytes: KeptJurors(rounds: 3, table: table).canonicalBytes
        )
        #expect(kept.rounds == 3 && kept.table == table)
    }
}
