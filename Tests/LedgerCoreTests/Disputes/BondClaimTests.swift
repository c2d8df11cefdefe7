import CanonicalCoding
import Identity
import MarketTypes
import SettlementCore
import Testing

@testable import LedgerCore

@Suite("Claims to bonds")
struct BondClaimTests {
    private static let all: UInt128 = 90_000_000_001
    private static let claim: UInt128 = 30_000_000_001
    private static let deposit = claim / 20

    private func court() -> Court {
        var court = Court()
        court.bond(Self.all)
        return court
    }

    @Test("DIS-50: what is claimed is held, and nobody else can have it meanwhile")
    func held() throws {
        var court = court()
        let channel = court.channel(.alice)
        let before = court.balance(.alice)
        let id = court.claimed(Self.claim, of: channel)
        let paid = before - court.balance(.alice)
        #expect(paid > Court.bond + Self.deposit && paid < Court.bond + Self.deposit + 1_000_000)
        #expect(court.bond().active.obol == Self.all - Self.claim)
        #expect(court.pot(id) == Self.claim + Self.deposit)
        #expect(court.held().map(\.amount.obol) == [Self.claim])
        let dispute = try #require(court.dispute(id))
        #expect(dispute.buyer == Person.alice.id && dispute.seller == Person.bob.id)
        #expect(dispute.until.rawValue == court.height + Court.claimSpeak)
        // The rest can be claimed by somebody else, asked for, and returned.
        _ = court.claimed(Court.claimMin, by: .carol)
        let rest = Self.all - Self.claim - Court.claimMin
        #expect(court.harness.send(.bob, .unbond(Amount(obol: rest))).isAccepted)
        court.pass(Court.delay)
        let seller = court.balance(.bob)
        #expect(court.harness.send(.bob, .withdrawBond).isAccepted)
        #expect(court.balance(.bob) > seller + rest - 1_000_000)
        #expect(court.balance(.bob) <= seller + rest)
    }

    @Test("DIS-50: a claim reaches what is on its way back, the last asked for first")
    func unbonding() {
        var court = court()
        for part in [10, 20, 30] as [UInt128] {
            court.harness.send(.bob, .unbond(Amount(obol: part * 1_000_000_000)))
            court.pass(1)
        }
        // 30 of it and an obol are active; 25 more are all of the last part but 5.
        let id = court.claimed(55_000_000_001)
        #expect(court.bond().active == .zero)
        let parts = court.bond().unbonding.map { $0.amount.obol / 1_000_000_000 }
        #expect(parts == [10, 20, 5])
        #expect(court.pot(id) == 55_000_000_001 * 21 / 20)
        court.pass(Court.claimSpeak + 1)
        _ = court.claimed(35_000_000_000, by: .carol)
        #expect(court.bond().atRisk == .zero)
    }

    @Test("DIS-52: the verdict says whose claim and deposit are", arguments: Verdict.allCases)
    func verdicts(_ verdict: Verdict) {
        var court = court()
        let id = court.claimed(Self.claim)
        court.seat(id)
        court.judge(id, [(.carol, verdict), (.dave, verdict), (.erin, verdict)])
        #expect(court.pot(id) == Self.claim + Self.deposit)
        let (alice, bob) = (court.balance(.alice), court.balance(.bob))
        court.pass(Court.appeal + 1)
        let (toBond, toBob): (UInt128, UInt128) =
            switch verdict {
            case .buyer: (0, 0)
            case .seller: (Self.claim, Self.deposit)
            case .split: (Self.claim / 2, Self.deposit / 2)
            }
        #expect(court.dispute(id)?.phase == .ended)
        #expect(court.bond().active.obol == Self.all - Self.claim + toBond)
        #expect(court.balance(.bob) == bob + toBob)
        let toAlice = Self.claim - toBond + Self.deposit - toBob
        #expect(court.balance(.alice) == alice + toAlice)
        #expect(court.pot(id) == 0 && court.held().isEmpty)
        #expect(court.state.amount(in: .dispute(id)) == .zero)
    }

    @Test("DIS-51: who keeps silent about its bond loses the claim; it has the longer time")
    func silence() {
        var court = court()
        let id = court.claimed(Self.claim)
        court.pass(Court.claimSpeak)
        #expect(court.dispute(id)?.phase == .answering)
        let alice = court.balance(.alice)
        court.pass(1)
        #expect(court.balance(.alice) == alice + Self.claim + Self.deposit + Court.bond)
        #expect(court.bond().active.obol == Self.all - Self.claim)
        #expect(court.held().isEmpty)
    }

    @Test("DIS-51: a claimant who keeps its number back loses deposit and bond to the seller")
    func withheld() {
        var court = court()
        let id = court.claimed(Self.claim)
        let answer = DisputeMessage.answer(id, evidence: digest(4), number: digest(12))
        court.harness.send(.bob, .disputes(answer))
        let bob = court.balance(.bob)
        court.pass(Court.claimSpeak + 1)
        #expect(court.balance(.bob) == bob + Self.deposit + 2 * Court.bond)
        #expect(court.bond().active.obol == Self.all)
    }

    @Test("DIS-30: where nobody judges, a bond stays whole", arguments: [true, false])
    func unjudged(_ isJury: Bool) {
        var court = Court(jurors: isJury ? [.carol] : [])
        court.bond(Self.all)
        let id = court.claimed(Self.claim)
        court.seat(id)
        if isJury {
            court.pass(Court.vote + 1)
            #expect(court.dispute(id)?.verdict == .seller)
            court.pass(Court.appeal + 1)
        }
        #expect(court.dispute(id)?.phase == .ended)
        #expect(court.bond().active.obol == Self.all)
        #expect(court.pot(id) == 0)
    }

    /// Bonds stay at risk for 60 blocks here.
    private func slowCourt() -> Court {
        var court = court()
        let old = LedgerHarness.parameters
        court.harness.plant(
            LedgerParameters(
                feeMinimum: old.feeMinimum,
                feePerByte: old.feePerByte,
                closingDelayBlocks: old.closingDelayBlocks,
                unbondingDelayBlocks: 60
            ),
            .parameters
        )
        return court
    }

    @Test("DIS-53: an award is paid when the bond itself could have been, and not before")
    func waits() throws {
        var court = slowCourt()
        let opened = court.height
        let channel = court.channel(.alice)
        let id = court.claimed(Self.claim, of: channel)
        court.pass(Court.claimSpeak + 1)
        #expect(court.dispute(id)?.phase == .ended)
        #expect(court.held().map(\.isAwarded) == [true])
        #expect(court.pot(id) == Self.claim)
        let again = court.harness.send(.alice, Court.claim(channel, Court.claimMin))
        #expect(again.refusal == .disputes(.alreadyClaimed))
        court.pass(opened + 60 - court.height - 1)
        #expect(court.pot(id) == Self.claim)
        let alice = court.balance(.alice)
        court.harness.blockEvents = []
        court.pass(1)
        #expect(court.balance(.alice) == alice + Self.claim)
        #expect(court.pot(id) == 0 && court.held().isEmpty)
        let paid = DisputeEvent.claimPaid(id, to: Person.alice.id, Amount(obol: Self.claim))
        #expect(court.harness.blockEvents == [.disputes(paid)])
        let later = court.harness.send(.alice, Court.claim(channel, Court.claimMin))
        #expect(later.isAccepted)
    }

    @Test("LED-53, DIS-54: a proof of fraud takes what is claimed too, before and after a verdict")
    func fraud() throws {
        var court = slowCourt()
        let offer = court.offer()
        let channel = court.channel(.alice)
        let awarded = court.claimed(Self.claim, by: .carol)
        court.pass(Court.claimSpeak + 1)
        let open = court.claimed(Court.claimMin, of: channel)
        #expect(court.held().map(\.isAwarded) == [true, false])
        let before = [Person.alice, .dave].map(court.balance)
        let result = court.harness.send(.dave, court.fraud(channel, offer))
        #expect(result.isAccepted)
        #expect(court.balance(.alice) == before[0] + Self.all / 4)
        #expect(court.balance(.dave) > before[1] + Self.all / 8 - 1_000_000)
        #expect(court.bond().atRisk == .zero)
        #expect(court.pot(awarded) == 0)
        #expect(court.pot(open) == Court.claimMin / 20, "the deposit is nobody's bond")
        #expect(court.held().map(\.amount) == [.zero])
        // Nothing is left to punish, and the jury goes on about the parties' own stakes.
        let again = court.harness.send(.dave, court.fraud(channel, offer, call: 2))
        #expect(again.refusal == .bonds(.nothingToSlash))
        court.seat(open)
        court.judge(open, [(.carol, .buyer), (.dave, .buyer), (.erin, .buyer)])
        let alice = court.balance(.alice)
        court.pass(Court.appeal + 1)
        #expect(court.balance(.alice) == alice + Court.claimMin / 20)
        #expect(court.pot(open) == 0 && court.held().isEmpty)
        court.pass(60)
        #expect(court.balance(.alice) == alice + Court.claimMin / 20)
    }

    @Test("DIS-52, LED-53: what was restored after a fraud is a bond like any other")
    func restored() {
        var court = court()
        let (offer, channel) = (court.offer(), court.channel(.alice))
        let id = court.claimed(Self.all, of: channel)
        court.seat(id)
        #expect(court.bond().atRisk == .zero)
        court.judge(id, [(.carol, .seller), (.dave, .seller), (.erin, .seller)])
        court.pass(Court.appeal + 1)
        #expect(court.bond().active.obol == Self.all)
        let result = court.harness.send(.dave, court.fraud(channel, offer))
        let isSlashed = result.events.contains { event in
            if case .bondSlashed(Person.bob.id, Amount(obol: Self.all), _) = event {
                true
            } else {
                false
            }
        }
        #expect(isSlashed)
    }

    @Test("DIS-25: appeals about a bond double the parties' bonds and leave the claim alone")
    func appeals() {
        var court = court()
        let id = court.claimed(Self.claim)
        court.seat(id)
        court.judge(id, [(.carol, .buyer), (.dave, .buyer), (.erin, .buyer)])
        let commitment = Dispute.commitment(to: digest(11))
        let message = DisputeMessage.appeal(id, evidence: digest(5), commitment: commitment)
        let result = court.harness.send(.bob, .disputes(message))
        let opened = DisputeEvent.claimOpened(
            id,
            court.dispute(id).flatMap {
                if case .bond(let claim) = $0.subject { claim.channel } else { nil }
            }
                ?? ChannelID(.zero),
            by: Person.bob.id,
            round: 1
        )
        #expect(result.events.contains(.disputes(opened)))
        #expect(court.state.amount(in: .dispute(id)).obol == 2 * Court.bond)
        court.seat(id, opener: .bob, other: .alice)
        court.judge(id, [(.carol, .seller), (.dave, .seller), (.erin, .seller)], round: 1)
        #expect(court.pot(id) == Self.claim + Self.deposit)
        court.pass(Court.appeal + 1)
        #expect(court.bond().active.obol == Self.all)
        #expect(court.state.amount(in: .dispute(id)) == .zero)
    }
}
