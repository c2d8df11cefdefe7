import CanonicalCoding
import MarketTypes
import Testing

@testable import LedgerCore

/// One message that breaks one rule; the harness checks that nothing but the fee changed.
struct RefusedDeal: Sendable, CustomTestStringConvertible {
    let refusal: Refusal
    let what: String
    let sender: Person
    let message: @Sendable (inout Court) -> Message

    init(
        _ refusal: Refusal,
        _ what: String,
        from sender: Person = .alice,
        _ message: @escaping @Sendable (inout Court) -> Message
    ) {
        self.refusal = refusal
        self.what = what
        self.sender = sender
        self.message = message
    }

    var testDescription: String { "\(refusal.name): \(what)" }

    static let jobs: [RefusedDeal] = [
        .init(.escrows(.zeroAmount), "nothing") { .escrows(.lock($0.terms(amount: 0))) },
        .init(.escrows(.sameParty), "oneself") { .escrows(.lock($0.terms(seller: .alice))) },
        .init(.escrows(.unknownDenomination), "a unit that nobody issued") {
            .escrows(.lock($0.terms(denomination: .issued(digest(99)))))
        },
        .init(.escrows(.notSellersAsset), "an asset of nobody's") {
            .escrows(.lock($0.terms(asset: AssetID(digest(98)))))
        },
        .init(.escrows(.invalidTimes), "accepting now") {
            .escrows(.lock($0.terms(acceptIn: 0)))
        },
        .init(.escrows(.invalidTimes), "delivering before accepting") {
            .escrows(.lock($0.terms(acceptIn: 5, deliverIn: 5)))
        },
        .init(.escrows(.invalidTimes), "a review that is too short") {
            .escrows(.lock($0.terms(review: 19)))
        },
        .init(.escrows(.invalidTimes), "a job of two years") {
            .escrows(.lock($0.terms(deliverIn: 70_000_000)))
        },
        .init(.accounts(.insufficientBalance), "more than one has") {
            .escrows(.lock($0.terms(amount: 1 << 100)))
        },
        .init(.escrows(.unknownEscrow), "no job") { _ in
            .escrows(.approve(EscrowID(digest(97))))
        },
        .init(.escrows(.notParty), "accepting one's own") { .escrows(.accept($0.lock())) },
        .init(.escrows(.notParty), "delivering as the buyer") { court in
            .escrows(.deliver(court.delivered(), content: digest(5)))
        },
        .init(.escrows(.notParty), "approving as the seller", from: .bob) {
            .escrows(.approve($0.delivered()))
        },
        .init(.escrows(.notParty), "cancelling another's", from: .carol) {
            .escrows(.cancel($0.lock()))
        },
        .init(.escrows(.wrongStatus), "accepting twice", from: .bob) {
            .escrows(.accept($0.delivered()))
        },
        .init(.escrows(.wrongStatus), "delivering before accepting", from: .bob) {
            .escrows(.deliver($0.lock(), content: digest(5)))
        },
        .init(.escrows(.wrongStatus), "approving what nobody took") {
            .escrows(.approve($0.lock()))
        },
        .init(.escrows(.wrongStatus), "taking an accepted job's pay back") {
            .escrows(.cancel($0.delivered()))
        },
        .init(.escrows(.wrongStatus), "approving what a jury decides") {
            .escrows(.approve($0.opened().0))
        },
    ]

    static let disputes: [RefusedDeal] = [
        .init(.disputes(.stakeTooSmall), "a small stake") { _ in
            .disputes(.joinJury(Amount(obol: 1)))
        },
        .init(.disputes(.stakeTooSmall), "adding nothing", from: .carol) { _ in
            .disputes(.joinJury(.zero))
        },
        .init(.disputes(.tooManyJurors), "one more than the table has") { court in
            var table = JurorTable.empty
            for number in 0..<JurorTable.jurorsMax {
                let account = AccountID(Digest(sha256: [UInt8(number)]))
                table.set(Amount(obol: Court.stake), of: account)
            }
            court.harness.plant(table, .jurors)
            return .disputes(.joinJury(Amount(obol: Court.stake)))
        },
        .init(.disputes(.exitPending), "joining while leaving", from: .carol) { court in
            court.harness.send(.carol, .disputes(.leaveJury))
            return .disputes(.joinJury(Amount(obol: Court.stake)))
        },
        .init(.accounts(.insufficientBalance), "more than can be counted", from: .carol) { _ in
            .disputes(.joinJury(Amount(obol: .max)))
        },
        .init(.disputes(.notJuror), "leaving as no juror") { _ in .disputes(.leaveJury) },
        .init(.disputes(.nothingToWithdraw), "too early", from: .carol) { court in
            court.harness.send(.carol, .disputes(.leaveJury))
            return .disputes(.withdrawJury)
        },
        .init(.disputes(.notParty), "disputing another's job", from: .carol) { court in
            .disputes(.open(court.delivered(), evidence: digest(1), commitment: digest(2)))
        },
        .init(.disputes(.wrongStatus), "disputing what nobody took") { court in
            .disputes(.open(court.lock(), evidence: digest(1), commitment: digest(2)))
        },
        .init(.disputes(.wrongStatus), "disputing twice") { court in
            .disputes(.open(court.opened().0, evidence: digest(1), commitment: digest(2)))
        },
        .init(.disputes(.notParty), "disputing one's own work", from: .bob) { court in
            .disputes(.open(court.delivered(), evidence: digest(1), commitment: digest(2)))
        },
        .init(.disputes(.unknownDispute), "no dispute") { _ in
            .disputes(.reveal(DisputeID(digest(90)), number: digest(1)))
        },
        .init(.disputes(.notParty), "answering oneself") { court in
            .disputes(.answer(court.opened().1, evidence: digest(1), number: digest(2)))
        },
        .init(.disputes(.wrongPhase), "revealing before the answer") { court in
            .disputes(.reveal(court.opened().1, number: digest(11)))
        },
        .init(.disputes(.wrongNumber), "another number than the bound one") { court in
            let id = court.opened().1
            court.harness.send(
                .bob,
                .disputes(.answer(id, evidence: digest(4), number: digest(12)))
            )
            return .disputes(.reveal(id, number: digest(13)))
        },
        .init(.disputes(.notSeated), "voting as a party") { court in
            .disputes(.castVote(court.seated().1, sealed: digest(1)))
        },
        .init(.disputes(.alreadyDone), "voting twice", from: .carol) { court in
            let id = court.seated().1
            court.harness.send(.carol, .disputes(.castVote(id, sealed: digest(1))))
            return .disputes(.castVote(id, sealed: digest(2)))
        },
        .init(.disputes(.wrongPhase), "opening before all have voted", from: .carol) { court in
            let id = court.seated().1
            court.harness.send(.carol, .disputes(.castVote(id, sealed: digest(1))))
            return .disputes(.openVote(id, .buyer, salt: digest(1)))
        },
        .init(.disputes(.wrongVote), "opening what was not sealed", from: .carol) { court in
            let id = court.seated().1
            for juror in [Person.carol, .dave, .erin] {
                court.harness.send(juror, .disputes(.castVote(id, sealed: digest(1))))
            }
            return .disputes(.openVote(id, .buyer, salt: digest(1)))
        },
        .init(.disputes(.nothingToAppeal), "appealing one's own victory", from: .bob) { court in
            let id = court.seated().1
            court.judge(id, [(.carol, .seller), (.dave, .seller), (.erin, .seller)])
            return .disputes(.appeal(id, evidence: digest(1), commitment: digest(2)))
        },
        .init(.disputes(.notParty), "appealing another's verdict", from: .erin) { court in
            let id = court.seated().1
            court.judge(id, [(.carol, .seller), (.dave, .seller), (.erin, .seller)])
            return .disputes(.appeal(id, evidence: digest(1), commitment: digest(2)))
        },
        .init(.disputes(.wrongPhase), "a verdict that is final") { court in
            let id = court.seated().1
            court.judge(id, [(.carol, .seller), (.dave, .seller), (.erin, .seller)])
            court.pass(Court.appeal + 1)
            return .disputes(.appeal(id, evidence: digest(1), commitment: digest(2)))
        },
    ]

    static let claims: [RefusedDeal] = [
        .init(.channels(.unknownChannel), "no channel") { court in
            court.bond(Court.claimMin)
            return Court.claim(ChannelID(digest(91)), Court.claimMin)
        },
        .init(.disputes(.notParty), "another's channel", from: .carol) { court in
            court.bond(Court.claimMin)
            return Court.claim(court.channel(.alice), 1)
        },
        .init(.disputes(.notParty), "one's own bond", from: .bob) { court in
            court.bond(Court.claimMin)
            return Court.claim(court.channel(.alice), Court.claimMin)
        },
        .init(.disputes(.claimTooSmall), "next to nothing") { court in
            court.bond(Court.claimMin)
            return Court.claim(court.channel(.alice), Court.claimMin - 1)
        },
        .init(.disputes(.alreadyClaimed), "twice, by another channel") { court in
            court.bond(3 * Court.claimMin)
            _ = court.claimed(Court.claimMin)
            return Court.claim(court.channel(.alice), Court.claimMin)
        },
        .init(.disputes(.tooManyClaims), "one more than a bond can have") { court in
            court.bond(3 * Court.claimMin)
            let claims = (UInt8(0)..<16).map { number in
                HeldClaim(
                    dispute: DisputeID(digest(number)),
                    claimant: AccountID(digest(number)),
                    amount: .zero,
                    isAwarded: false
                )
            }
            court.harness.plant(HeldClaims(claims: claims), .heldClaims(Person.bob.id))
            return Court.claim(court.channel(.alice), Court.claimMin)
        },
        .init(.disputes(.claimTooLarge), "more than is at risk") { court in
            court.bond(2 * Court.claimMin)
            court.harness.send(.bob, .unbond(Amount(obol: Court.claimMin)))
            return Court.claim(court.channel(.alice), 2 * Court.claimMin + 1)
        },
        .init(.disputes(.claimTooLarge), "a bond that nobody has") { court in
            Court.claim(court.channel(.alice), Court.claimMin)
        },
        .init(.disputes(.claimTooLarge), "what another claims") { court in
            court.bond(2 * Court.claimMin)
            _ = court.claimed(Court.claimMin + 1, by: .carol)
            return Court.claim(court.channel(.alice), Court.claimMin)
        },
        .init(.bonds(.insufficientBond), "asking for what is claimed", from: .bob) { court in
            court.bond(2 * Court.claimMin)
            _ = court.claimed(Court.claimMin)
            return .unbond(Amount(obol: Court.claimMin + 1))
        },
    ]

    static let all = jobs + disputes + claims
}

@Suite("Jobs and disputes refuse")
struct JobRefusalTests {
    @Test("a message that breaks a rule", arguments: RefusedDeal.all)
    func refused(_ deal: RefusedDeal) {
        var court = Court()
        let message = deal.message(&court)
        let result = court.harness.send(deal.sender, message)
        #expect(result.refusal == deal.refusal)
    }

    @Test("every refusal but those that a deadline beats is provoked")
    func all() {
        let codes = Set(RefusedDeal.all.map(\.refusal.code))
        // A phase ends by itself at the height after its last: nobody can come too late for it.
        let beaten: [Refusal] = [.escrows(.tooLate), .disputes(.tooLate)]
        let known =
            EscrowRefusal.allCases.map { Refusal.escrows($0) }
            + DisputeRefusal.allCases.map { .disputes($0) }
        let missing = known.filter { !codes.contains($0.code) && !beaten.contains($0) }
        #expect(missing.isEmpty)
    }

    @Test("too late is refused where a deadline had to wait for its turn")
    func tooLate() {
        var court = Court()
        let (job, id) = (court.lock(), court.seated().1)
        guard var dispute = court.dispute(id) else { return }
        dispute.until = BlockHeight(court.height - 1)
        court.harness.plant(dispute, .dispute(id))
        let late = court.harness.send(.carol, .disputes(.castVote(id, sealed: digest(1))))
        #expect(late.refusal == .disputes(.tooLate))
        guard let escrow = court.escrow(job) else { return }
        let terms = court.terms()
        let passed = JobTerms(
            seller: terms.seller,
            asset: nil,
            denomination: .native,
            amount: terms.amount,
            document: terms.document,
            acceptBy: BlockHeight(1),
            deliverBy: BlockHeight(2),
            reviewBlocks: 20
        )
        court.harness.plant(
            Escrow(buyer: escrow.buyer, terms: passed, status: .offered),
            .escrow(job)
        )
        let accepted = court.harness.send(.bob, .escrows(.accept(job)))
        #expect(accepted.refusal == .escrows(.tooLate))
    }
}

@Suite("Jobs and disputes: random lives")
struct JobPropertyTests {
    /// P1 is checked by the harness after every step.
    @Test(
        "all money comes back to somebody, whatever is said and left unsaid",
        arguments: Soak.seeds
    )
    func lives(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var court = Court()
        var jobs: [EscrowID] = []
        var disputes: [(DisputeID, Digest)] = []
        for _ in 0..<100 {
            if random.once(in: 3) { court.pass(UInt64(random.below(4))) }
            let person = Person.all[random.below(Person.all.count)]
            let sequence = court.harness.account(person).sequence + 1
            let number = digest(UInt8(random.below(4)))
            let message = message(&random, court, jobs, disputes, number)
            guard court.harness.send(person, message).isAccepted else { continue }
            switch message {
            case .escrows(.lock):
                jobs.append(EscrowID(buyer: person.id, sequence: sequence, messageIndex: 0))
            case .disputes(.open):
                let id = DisputeID(opener: person.id, sequence: sequence, messageIndex: 0)
                disputes.append((id, number))
            default: break
            }
        }
        court.pass(200)
        for job in jobs {
            guard case .ended? = court.escrow(job)?.status else {
                Issue.record("a job never ended")
                continue
            }
            #expect(court.state.amount(in: .escrow(job, .native)) == .zero)
        }
        for (id, _) in disputes {
            #expect(court.dispute(id)?.phase == .ended)
            #expect(court.state.amount(in: .dispute(id)) == .zero)
        }
    }

    private func message(
        _ random: inout SplitMix64,
        _ court: Court,
        _ jobs: [EscrowID],
        _ disputes: [(DisputeID, Digest)],
        _ number: Digest
    ) -> Message {
        let job = random.pick(jobs) ?? EscrowID(digest(1))
        let (id, bound) = random.pick(disputes) ?? (DisputeID(digest(1)), digest(0))
        let vote = random.pick(Verdict.allCases) ?? .split
        let juror = random.pick([Person.carol, .dave, .erin]) ?? .carol
        switch random.below(16) {
        case 0, 1:
            let seller: Person = random.once(in: 2) ? .bob : .alice
            return .escrows(.lock(court.terms(seller: seller, deliverIn: 20)))
        case 2, 3: return .escrows(.accept(job))
        case 4: return .escrows(.deliver(job, content: number))
        case 5: return .escrows(random.once(in: 3) ? .approve(job) : .cancel(job))
        case 6, 7:
            let commitment = Dispute.commitment(to: number)
            return .disputes(.open(job, evidence: number, commitment: commitment))
        case 8, 9: return .disputes(.answer(id, evidence: number, number: number))
        case 10: return .disputes(.reveal(id, number: bound))
        case 11, 12:
            let sealed = Dispute.sealedVote(
                vote,
                salt: digest(7),
                by: juror.id,
                in: id,
                round: court.dispute(id)?.round ?? 0
            )
            return .disputes(.castVote(id, sealed: sealed))
        case 13: return .disputes(.openVote(id, vote, salt: digest(7)))
        case 14:
            let commitment = Dispute.commitment(to: bound)
            return .disputes(.appeal(id, evidence: number, commitment: commitment))
        default: return .disputes(random.once(in: 2) ? .leaveJury : .withdrawJury)
        }
    }
}
