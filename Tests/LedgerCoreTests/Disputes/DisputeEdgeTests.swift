import CanonicalCoding
import MarketTypes
import Testing

@testable import LedgerCore

/// How many things are due at a height, as canonical bytes have it.
private struct Count: CanonicalCodable {
    let count: UInt16
    init(_ count: UInt16) { self.count = count }
    func encode(into encoder: inout CanonicalEncoder) { encoder.encode(count) }
    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        count = try decoder.decodeUInt16()
    }
}

extension Court {
    /// Leaves no place for anything that becomes due in the next blocks.
    mutating func fillDeadlines(_ blocks: UInt64) {
        pass(1)
        for further in 1...blocks {
            var key = CanonicalEncoder()
            key.encode(UInt8(0x09))
            key.encode(height + further)
            harness.plantNow(Count(Deadline.countMax), StateKey(bytes: key.bytes))
        }
    }

    fileprivate mutating func cast(_ id: DisputeID, _ people: [Person], _ vote: Verdict = .buyer) {
        for person in people {
            let sealed = Dispute.sealedVote(
                vote,
                salt: digest(21),
                by: person.id,
                in: id,
                round: 0
            )
            harness.send(person, .disputes(.castVote(id, sealed: sealed)))
        }
    }
}

@Suite("Disputes at their edges")
struct DisputeEdgeTests {
    @Test("LAW-3, DIS-40: a dispute goes on by itself where no message finds a place")
    func noPlace() {
        var court = Court()
        let (job, id) = court.seated()
        court.cast(id, [.carol])
        court.fillDeadlines(300)
        let refused = court.harness.send(.alice, .escrows(.lock(court.terms())))
        #expect(refused.refusal == .deadlines(.tooManyDue))
        court.pass(Court.vote)
        #expect(court.dispute(id)?.phase == .opening)
        court.pass(Court.vote + 1)
        #expect(court.dispute(id)?.phase == .decided)
        court.pass(Court.appeal + 1)
        #expect(court.dispute(id)?.phase == .ended)
        #expect(court.left(job, id) == 0)
    }

    @Test("DIS-20 to DIS-25: the last height of a phase is in time, and the next one is not")
    func heights() {
        var court = Court()
        let (_, id) = court.opened()
        court.pass(Court.speak)
        let answer = DisputeMessage.answer(id, evidence: digest(4), number: digest(12))
        #expect(court.harness.send(.bob, .disputes(answer)).isAccepted)
        court.pass(Court.speak)
        let reveal = DisputeMessage.reveal(id, number: digest(11))
        #expect(court.harness.send(.alice, .disputes(reveal)).isAccepted)
        court.pass(Court.vote)
        court.cast(id, [.carol, .dave])
        #expect(court.dispute(id)?.seats.count { $0.commitment != nil } == 2)
        court.pass(1)
        #expect(court.dispute(id)?.phase == .opening)
        court.cast(id, [.erin])
        #expect(court.dispute(id)?.seats.count { $0.commitment != nil } == 2)
        court.pass(Court.vote)
        let vote = DisputeMessage.openVote(id, .buyer, salt: digest(21))
        #expect(court.harness.send(.carol, .disputes(vote)).isAccepted)
        #expect(court.dispute(id)?.phase == .opening)
        court.pass(1)
        #expect(court.dispute(id)?.phase == .decided)
        let late = court.harness.send(.dave, .disputes(vote))
        #expect(late.refusal == .disputes(.wrongPhase))
        court.pass(Court.appeal)
        let commitment = Dispute.commitment(to: digest(13))
        let appeal = DisputeMessage.appeal(id, evidence: digest(5), commitment: commitment)
        #expect(court.harness.send(.bob, .disputes(appeal)).isAccepted)
        court.pass(Court.speak + 1)
        #expect(court.dispute(id)?.phase == .ended)
    }

    @Test("DIS-30: who stakes after a round opened, or stakes more, changes nothing of its draw")
    func grinding() {
        var seats: [[AccountID]] = []
        for joins in 0..<6 {
            var court = Court(jurors: [.carol, .dave])
            let (_, id) = court.opened()
            let stake = Amount(obol: Court.stake + UInt128(joins))
            if joins > 0 { court.harness.send(.erin, .disputes(.joinJury(stake))) }
            court.harness.send(
                .bob,
                .disputes(.answer(id, evidence: digest(4), number: digest(12)))
            )
            if joins > 2 {
                let more = Amount(obol: UInt128(joins) * 77_777)
                #expect(court.harness.send(.carol, .disputes(.joinJury(more))).isAccepted)
            }
            court.harness.send(.alice, .disputes(.reveal(id, number: digest(11))))
            seats.append(court.dispute(id)?.seats.map(\.juror) ?? [])
            #expect(!court.state.contains(.juryHeight(id)))
        }
        #expect(seats.allSatisfy { $0 == seats[0] && $0.count == 2 })
    }

    @Test("DIS-11, DIS-30: who has left is not seated; the next takes the place")
    func left() {
        var order: [AccountID] = []
        for leaves in [false, true] {
            var court = Court(jurors: [.carol, .dave, .erin])
            let (_, id) = court.opened()
            if leaves, let first = order.first, let person = Person.of(first) {
                court.harness.send(person, .disputes(.leaveJury))
            }
            court.harness.send(
                .bob,
                .disputes(.answer(id, evidence: digest(4), number: digest(12)))
            )
            court.harness.send(.alice, .disputes(.reveal(id, number: digest(11))))
            let seats = court.dispute(id)?.seats.map(\.juror) ?? []
            #expect(seats == (leaves ? Array(order.dropFirst()) : seats))
            order = seats
        }
        #expect(order.count == 2)
    }

    @Test("DIS-30: rounds of one height share the jurors of it, and leave none behind")
    func shared() {
        var court = Court()
        let jobs = [court.delivered(), court.delivered()]
        let ids = jobs.map { job in
            let sequence = court.harness.account(.alice).sequence + 1
            let commitment = Dispute.commitment(to: digest(11))
            court.harness.send(
                .alice,
                .disputes(.open(job, evidence: digest(3), commitment: commitment))
            )
            return DisputeID(opener: Person.alice.id, sequence: sequence, messageIndex: 0)
        }
        let height = BlockHeight(court.height)
        #expect(court.state.read(KeptJurors.self, .keptJurors(height))?.rounds == 2)
        court.seat(ids[0])
        #expect(court.state.read(KeptJurors.self, .keptJurors(height))?.rounds == 1)
        court.pass(Court.speak + 1)
        #expect(court.dispute(ids[1])?.phase == .ended)
        #expect(!court.state.contains(.keptJurors(height)))
    }

    @Test("DIS-10: the 257th juror comes in only by staking more than the least, who leaves")
    func displaced() throws {
        var court = Court(jurors: [.carol])
        var table = court.state.jurors
        for number in 0..<JurorTable.jurorsMax - 1 {
            let account = AccountID(Digest(sha256: [UInt8(number)]))
            table.set(Amount(obol: Court.stake + 10), of: account)
        }
        court.harness.plant(table, .jurors)
        let same = court.harness.send(.dave, .disputes(.joinJury(Amount(obol: Court.stake))))
        #expect(same.refusal == .disputes(.tooManyJurors))
        let more = Amount(obol: Court.stake + 1)
        let result = court.harness.send(.dave, .disputes(.joinJury(more)))
        #expect(
            result.events == [
                .disputes(.jurorChanged(Person.carol.id, stake: .zero)),
                .disputes(.jurorChanged(Person.dave.id, stake: more)),
            ]
        )
        #expect(court.state.jurors.jurors.count == JurorTable.jurorsMax)
        let exit = try #require(court.state.read(JurorExit.self, .jurorExit(Person.carol.id)))
        #expect(exit.amount.obol == Court.stake)
        #expect(exit.releasedAt.rawValue == court.height + Court.exit)
        court.pass(Court.exit)
        #expect(court.harness.send(.carol, .disputes(.withdrawJury)).isAccepted)
        // A juror adds to its stake without a new place.
        #expect(court.harness.send(.dave, .disputes(.joinJury(more))).isAccepted)
    }

    @Test("DIS-31: a juror pays as long as it has something, in as many juries as it sits")
    func poorJuror() {
        var court = Court()
        let first = court.seated()
        let second = court.seated()
        var table = court.state.jurors
        table.set(Amount(obol: Court.penalty * 3 / 2), of: Person.erin.id)
        court.harness.plant(table, .jurors)
        for (_, id) in [first, second] { court.cast(id, [.carol, .dave]) }
        court.pass(Court.vote + 1)
        for (_, id) in [first, second] {
            for person in [Person.carol, .dave] {
                let vote = DisputeMessage.openVote(id, .buyer, salt: digest(21))
                #expect(court.harness.send(person, .disputes(vote)).isAccepted)
            }
            #expect(court.dispute(id)?.verdict == .buyer)
        }
        #expect(court.state.jurors.stake(of: Person.erin.id) == nil)
        let left = court.state.amount(in: .juror(Person.erin.id)).obol
        #expect(left == Court.stake - Court.penalty * 3 / 2, "what the test took out of the table")
        court.pass(Court.appeal + 1)
        for (job, id) in [first, second] { #expect(court.left(job, id) == 0) }
    }

    @Test("DIS-11: a juror that has withdrawn all has nothing to be fined")
    func withdrawn() {
        var court = Court()
        court.harness.plant(StoredNumber(1), .governedNumber(.jurorExitBlocks))
        let (job, id) = court.seated()
        court.harness.send(.erin, .disputes(.leaveJury))
        court.pass(1)
        #expect(court.harness.send(.erin, .disputes(.withdrawJury)).isAccepted)
        court.cast(id, [.carol, .dave])
        court.pass(Court.vote + 1)
        for person in [Person.carol, .dave] {
            let vote = DisputeMessage.openVote(id, .buyer, salt: digest(21))
            #expect(court.harness.send(person, .disputes(vote)).isAccepted)
        }
        #expect(court.dispute(id)?.verdict == .buyer)
        court.pass(Court.appeal + 1)
        #expect(court.left(job, id) == 0)
    }

    @Test("DIS-31: an odd bond is split to the last obol", arguments: Verdict.allCases)
    func odd(_ verdict: Verdict) {
        var court = Court()
        court.harness.plant(StoredNumber(100_000_001), .governedNumber(.disputeBond))
        let (job, id) = court.seated()
        court.judge(id, [(.carol, verdict), (.dave, verdict), (.erin, verdict)])
        #expect(court.state.amount(in: .dispute(id)) == .zero)
        court.pass(Court.appeal + 1)
        #expect(court.left(job, id) == 0)
    }

    @Test("DIS-20: whose time is over by itself cannot be disputed, though its turn is to come")
    func tooLate() {
        for isDelivered in [false, true] {
            var court = Court()
            let job = isDelivered ? court.delivered() : court.lock()
            if !isDelivered { court.harness.send(.bob, .escrows(.accept(job))) }
            guard let escrow = court.escrow(job) else { return }
            let old = escrow.terms
            let passed = JobTerms(
                seller: old.seller,
                asset: nil,
                denomination: .native,
                amount: old.amount,
                document: old.document,
                acceptBy: BlockHeight(1),
                deliverBy: BlockHeight(court.height - 1),
                reviewBlocks: old.reviewBlocks
            )
            let status: Escrow.Status =
                isDelivered
                ? .delivered(content: digest(2), reviewBy: BlockHeight(court.height - 1))
                : .accepted
            court.harness.plant(
                Escrow(buyer: escrow.buyer, terms: passed, status: status),
                .escrow(job)
            )
            let message = DisputeMessage.open(job, evidence: digest(3), commitment: digest(2))
            let result = court.harness.send(.alice, .disputes(message))
            #expect(result.refusal == .disputes(.tooLate))
        }
    }

    @Test("DIS-20, DIS-25: three rounds bring six pieces of evidence, which fit")
    func evidence() throws {
        var court = Court()
        let (_, id) = court.seated()
        court.judge(id, [(.carol, .buyer), (.dave, .buyer), (.erin, .buyer)])
        for round in UInt8(1)...2 {
            let commitment = Dispute.commitment(to: digest(11))
            let message = DisputeMessage.appeal(id, evidence: digest(9), commitment: commitment)
            #expect(court.harness.send(.bob, .disputes(message)).isAccepted)
            court.seat(id, opener: .bob, other: .alice)
            court.judge(
                id,
                [(.carol, .buyer), (.dave, .buyer), (.erin, .buyer)],
                round: round
            )
        }
        let dispute = try #require(court.dispute(id))
        #expect(dispute.evidence.count == Dispute.evidenceMax)
        #expect(try Dispute(canonicalBytes: dispute.canonicalBytes) == dispute)
    }
}
