import CanonicalCoding
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("Disputes")
struct DisputeLifeTests {
    @Test("DIS-31, DIS-32: the majority decides; the minority and the loser pay it")
    func majority() {
        var court = Court()
        let (job, id) = court.seated()
        #expect(court.dispute(id)?.seats.count == 3)
        let before = Person.all.map(court.balance)
        court.judge(id, [(.carol, .seller), (.dave, .seller), (.erin, .buyer)])
        #expect(court.dispute(id)?.phase == .decided)
        #expect(court.dispute(id)?.verdict == .seller)
        // Bob has his bond back; Carol and Dave share Alice's, and what Erin lost.
        #expect(court.balance(.bob) == before[1] + Court.bond)
        let reward = (Court.bond + Court.penalty) / 2
        #expect(court.balance(.carol) > before[2] + reward - 100_000)
        #expect(court.balance(.dave) > before[3] + reward - 100_000)
        #expect(court.state.jurors.stake(of: Person.erin.id)?.obol == Court.stake - Court.penalty)
        let bob = court.balance(.bob)
        court.pass(Court.appeal)
        #expect(court.dispute(id)?.phase == .decided)
        court.pass(1)
        #expect(court.dispute(id)?.phase == .ended)
        #expect(court.escrow(job)?.status == .ended(.paid))
        #expect(court.balance(.bob) == bob + Court.pay)
        #expect(court.left(job, id) == 0)
    }

    @Test("DIS-40: who does not answer loses", arguments: [false, true])
    func silence(_ isAnswered: Bool) {
        var court = Court()
        let (job, id) = court.opened()
        if isAnswered {
            court.harness.send(
                .bob,
                .disputes(.answer(id, evidence: digest(4), number: digest(12)))
            )
        }
        let (alice, bob) = (court.balance(.alice), court.balance(.bob))
        court.pass(Court.speak + 1)
        #expect(court.dispute(id)?.phase == .ended)
        // Answered, it is the opener who kept her number back, and her bond is Bob's.
        #expect(court.escrow(job)?.status == .ended(isAnswered ? .paid : .refunded))
        let toAlice = isAnswered ? 0 : Court.pay + Court.bond
        let toBob = isAnswered ? Court.pay + 2 * Court.bond : 0
        #expect(court.balance(.alice) == alice + toAlice)
        #expect(court.balance(.bob) == bob + toBob)
        #expect(court.left(job, id) == 0)
    }

    @Test("DIS-25: an appeal asks a larger jury with a doubled bond, twice at most")
    func appeals() {
        var court = Court()
        let (job, id) = court.seated()
        court.judge(id, [(.carol, .seller), (.dave, .seller), (.erin, .seller)])
        for round in UInt8(1)...2 {
            let loser: Person = round == 1 ? .alice : .bob
            let winner: Person = round == 1 ? .bob : .alice
            let verdict: Verdict = round == 1 ? .buyer : .seller
            let before = court.balance(loser)
            let number = digest(30 + round)
            let result = court.harness.send(
                loser,
                .disputes(
                    .appeal(
                        id,
                        evidence: digest(5),
                        commitment: Dispute.commitment(to: number)
                    )
                )
            )
            #expect(result.isAccepted)
            #expect(court.balance(loser) < before - (Court.bond << UInt128(round)))
            court.harness.send(
                winner,
                .disputes(.answer(id, evidence: digest(6), number: digest(40)))
            )
            court.harness.send(loser, .disputes(.reveal(id, number: number)))
            #expect(court.dispute(id)?.round == round)
            court.judge(
                id,
                [(.carol, verdict), (.dave, verdict), (.erin, verdict)],
                round: round
            )
        }
        // The third verdict is the last.
        #expect(court.dispute(id)?.phase == .ended)
        #expect(court.escrow(job)?.status == .ended(.paid))
        #expect(court.left(job, id) == 0)
    }

    @Test("DIS-31: a tie is nobody's loss, and each party gets half")
    func tie() {
        var court = Court(jurors: [.carol, .dave])
        let (job, id) = court.seated()
        let stakes = court.state.jurors
        court.judge(id, [(.carol, .seller), (.dave, .buyer)])
        #expect(court.dispute(id)?.verdict == .split)
        #expect(court.state.jurors == stakes)
        court.pass(Court.appeal + 1)
        #expect(court.escrow(job)?.status == .ended(.split))
        #expect(court.left(job, id) == 0)
    }

    @Test("DIS-31: a jury that does not judge is fined, and the bonds go back")
    func silentJury() {
        var court = Court()
        let (job, id) = court.seated()
        let (alice, bob) = (court.balance(.alice), court.balance(.bob))
        court.pass(Court.vote + 1)
        #expect(court.dispute(id)?.phase == .decided)
        #expect(court.balance(.alice) == alice + Court.bond)
        #expect(court.balance(.bob) == bob + Court.bond)
        #expect(court.state.amount(in: Pot(.treasury, .zero)).obol == 3 * Court.penalty)
        court.pass(Court.appeal + 1)
        #expect(court.escrow(job)?.status == .ended(.split))
        #expect(court.left(job, id) == 0)
    }

    @Test("DIS-31: who seals a vote and does not open it is in the minority")
    func unopened() {
        var court = Court()
        let (_, id) = court.seated()
        for juror in [Person.carol, .dave] {
            let sealed = Dispute.sealedVote(
                .buyer,
                salt: digest(21),
                by: juror.id,
                in: id,
                round: 0
            )
            court.harness.send(juror, .disputes(.castVote(id, sealed: sealed)))
        }
        court.pass(Court.vote + 1)
        #expect(court.dispute(id)?.phase == .opening)
        court.harness.send(.carol, .disputes(.openVote(id, .buyer, salt: digest(21))))
        court.pass(Court.vote + 1)
        #expect(court.dispute(id)?.verdict == .buyer)
        let stakes = court.state.jurors
        #expect(stakes.stake(of: Person.carol.id)?.obol == Court.stake)
        #expect(stakes.stake(of: Person.dave.id)?.obol == Court.stake - Court.penalty)
        #expect(stakes.stake(of: Person.erin.id)?.obol == Court.stake - Court.penalty)
    }

    @Test("DIS-30: without a juror each party gets half and its bond")
    func noJury() {
        var court = Court(jurors: [])
        let (alice, bob) = (court.balance(.alice), court.balance(.bob))
        let (job, id) = court.seated()
        #expect(court.escrow(job)?.status == .ended(.split))
        #expect(court.balance(.bob) > bob + Court.pay / 2 - 1_000_000)
        #expect(court.balance(.alice) > alice - Court.pay / 2 - 1_000_000)
        #expect(court.left(job, id) == 0)
    }

    @Test("DIS-11, DIS-12: a juror's stake comes back after its delay, and is at risk until then")
    func exit() {
        var court = Court()
        let (_, id) = court.seated()
        court.harness.send(.erin, .disputes(.leaveJury))
        #expect(court.state.jurors.jurors.count == 2)
        court.judge(id, [(.carol, .seller), (.dave, .seller)])
        court.pass(Court.vote + 1)
        let exit = court.state.read(JurorExit.self, .jurorExit(Person.erin.id))
        #expect(exit?.amount.obol == Court.stake - Court.penalty)
        court.pass(Court.exit)
        let before = court.balance(.erin)
        let result = court.harness.send(.erin, .disputes(.withdrawJury))
        #expect(result.isAccepted)
        #expect(court.balance(.erin) > before + Court.stake - Court.penalty - 1_000_000)
    }

    @Test("DIS-30: a draw follows stake, takes nobody twice, and is the same everywhere")
    func draws() {
        var table = JurorTable.empty
        let accounts = (UInt8(1)...20).map { AccountID(digest($0)) }
        for (place, account) in accounts.enumerated() {
            table.set(Amount(obol: UInt128(place + 1) << 60), of: account)
        }
        let jurors = table
        func draw(_ count: Int, _ seed: Digest, _ excluded: [AccountID]) -> [AccountID] {
            jurors.draw(count, seed: seed, excluding: excluded, present: jurors)
        }
        var seen = [Int](repeating: 0, count: accounts.count)
        for number in 0..<4_000 {
            let seed = Digest(sha256: [UInt8(number & 255), UInt8(number >> 8)])
            let drawn = draw(3, seed, [accounts[19]])
            #expect(drawn.count == 3 && Set(drawn).count == 3 && !drawn.contains(accounts[19]))
            #expect(draw(3, seed, [accounts[19]]) == drawn)
            for account in drawn { seen[accounts.firstIndex(of: account) ?? 0] += 1 }
        }
        // The first nineteen have 190 parts: who has 19 is drawn far more often than who has 1.
        #expect(seen[18] > 8 * seen[0] && seen[0] > 10)
        #expect(draw(30, digest(1), []).count == 20)
        #expect(draw(1, digest(1), accounts).isEmpty)
    }

    @Test("a remainder of 256 bits is what long division gives")
    func remainders() {
        for (number, divisor) in [(UInt8(0xff), UInt128(7)), (0x80, .max), (0x01, 1 << 100)] {
            let digest = digest(number)
            var rest: UInt128 = 0
            for byte in digest.bytes {
                for bit in (0..<8).reversed() {
                    let next = rest.addingReportingOverflow(rest)
                    var sum = next.partialValue | UInt128(byte >> UInt8(bit) & 1)
                    if next.overflow || sum >= divisor { sum &-= divisor }
                    rest = sum
                }
            }
            #expect(digest.remainder(dividingBy: divisor) == rest)
        }
    }
}
