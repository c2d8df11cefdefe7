import CanonicalCoding
import MarketTypes
import Testing

@testable import LedgerCore

/// Alice buys from Bob; Carol, Dave and Erin may judge.
struct Court {
    var harness = LedgerHarness(each: 1_000_000_000_000)
    private(set) var names: [EscrowID] = []

    static let pay: UInt128 = 7_000_000_001
    static let bond: UInt128 = 10_000_000_000
    static let penalty: UInt128 = 5_000_000_000
    static let stake: UInt128 = 100_000_000_000
    static let speak: UInt64 = 5
    static let vote: UInt64 = 6
    static let appeal: UInt64 = 7
    static let exit: UInt64 = 20
    static let review: UInt64 = 8
    static let claimSpeak: UInt64 = 9
    static let claimMin: UInt128 = 10_000_000_000
    /// How long a bond stays at risk.
    static let delay = LedgerHarness.parameters.unbondingDelayBlocks

    init(jurors: [Person] = [.carol, .dave, .erin]) {
        let numbers: [(GovernedNumber, UInt64)] = [
            (.disputeSpeakBlocks, Self.speak), (.disputeVoteBlocks, Self.vote),
            (.disputeAppealBlocks, Self.appeal), (.jurorExitBlocks, Self.exit),
            (.bondClaimSpeakBlocks, Self.claimSpeak),
        ]
        for (number, value) in numbers {
            harness.plant(StoredNumber(value), .governedNumber(number))
        }
        for juror in jurors {
            harness.send(juror, .disputes(.joinJury(Amount(obol: Self.stake))))
        }
    }

    var height: UInt64 { harness.context.height.rawValue }
    var state: StagedState<MemoryState> { harness.ledger.state }

    mutating func pass(_ blocks: UInt64) { for _ in 0..<blocks { harness.endBlock() } }

    func balance(_ person: Person) -> UInt128 { state.account(person.id).balance.obol }

    func terms(
        seller: Person = .bob,
        asset: AssetID? = nil,
        denomination: Denomination = .native,
        amount: UInt128 = Court.pay,
        acceptIn: UInt64 = 4,
        deliverIn: UInt64 = 10,
        review: UInt64 = Court.review + 20
    ) -> JobTerms {
        JobTerms(
            seller: seller.id,
            asset: asset,
            denomination: denomination,
            amount: Amount(obol: amount),
            document: digest(1),
            acceptBy: BlockHeight(height + acceptIn),
            deliverBy: BlockHeight(height + deliverIn),
            reviewBlocks: review
        )
    }

    /// Locks a job's pay; returns its name.
    mutating func lock(_ terms: JobTerms? = nil) -> EscrowID {
        let sequence = harness.account(.alice).sequence + 1
        let result = harness.send(.alice, .escrows(.lock(terms ?? self.terms())))
        #expect(result.isAccepted)
        return EscrowID(buyer: Person.alice.id, sequence: sequence, messageIndex: 0)
    }

    /// A job that was accepted and delivered.
    mutating func delivered() -> EscrowID {
        let id = lock()
        harness.send(.bob, .escrows(.accept(id)))
        harness.send(.bob, .escrows(.deliver(id, content: digest(2))))
        return id
    }

    /// Alice disputes a delivered job; her number is digest(11).
    mutating func opened() -> (EscrowID, DisputeID) {
        let job = delivered()
        let sequence = harness.account(.alice).sequence + 1
        let result = harness.send(
            .alice,
            .disputes(
                .open(job, evidence: digest(3), commitment: Dispute.commitment(to: digest(11)))
            )
        )
        #expect(result.isAccepted)
        return (
            job, DisputeID(opener: Person.alice.id, sequence: sequence, messageIndex: 0)
        )
    }

    /// A dispute whose jury is drawn.
    mutating func seated() -> (EscrowID, DisputeID) {
        let (job, id) = opened()
        harness.send(.bob, .disputes(.answer(id, evidence: digest(4), number: digest(12))))
        harness.send(.alice, .disputes(.reveal(id, number: digest(11))))
        return (job, id)
    }

    /// Casts and opens a vote each.
    mutating func judge(_ id: DisputeID, _ votes: [(Person, Verdict)], round: UInt8 = 0) {
        for (juror, vote) in votes {
            let sealed = Dispute.sealedVote(
                vote,
                salt: digest(21),
                by: juror.id,
                in: id,
                round: round
            )
            #expect(harness.send(juror, .disputes(.castVote(id, sealed: sealed))).isAccepted)
        }
        if dispute(id)?.phase == .voting { pass(Self.vote + 1) }
        for (juror, vote) in votes {
            let result = harness.send(juror, .disputes(.openVote(id, vote, salt: digest(21))))
            #expect(result.isAccepted)
        }
    }

    func escrow(_ id: EscrowID) -> Escrow? { state.read(Escrow.self, .escrow(id)) }
    func dispute(_ id: DisputeID) -> Dispute? { state.read(Dispute.self, .dispute(id)) }

    /// What is in pots that nobody may be left with once everything has ended.
    func left(_ job: EscrowID, _ id: DisputeID) -> UInt128 {
        state.amount(in: .escrow(job, .native)).obol + state.amount(in: .dispute(id)).obol
    }
}
