import CanonicalCoding
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("Jobs")
struct EscrowLifeTests {
    @Test("ESC-13: the buyer approves, and the seller is paid")
    func approved() {
        var court = Court()
        let id = court.delivered()
        let before = court.balance(.bob)
        court.harness.send(.alice, .escrows(.approve(id)))
        #expect(court.balance(.bob) == before + Court.pay)
        #expect(court.escrow(id)?.status == .ended(.paid))
        #expect(court.state.amount(in: .escrow(id, .native)) == .zero)
    }

    @Test("ESC-20: what nobody accepts in time goes back by itself")
    func notAccepted() {
        var court = Court()
        let before = court.balance(.alice)
        let id = court.lock()
        let locked = court.balance(.alice)
        #expect(locked < before - Court.pay)
        court.pass(4)
        #expect(court.escrow(id)?.status == .offered)
        court.pass(1)
        #expect(court.escrow(id)?.status == .ended(.refunded))
        #expect(court.balance(.alice) == locked + Court.pay)
    }

    @Test("ESC-20: what is not delivered in time goes back by itself")
    func notDelivered() {
        var court = Court()
        let id = court.lock()
        court.harness.send(.bob, .escrows(.accept(id)))
        court.pass(10)
        #expect(court.escrow(id)?.status == .accepted)
        court.pass(1)
        #expect(court.escrow(id)?.status == .ended(.refunded))
    }

    @Test("ESC-20: what the buyer says nothing about in time is paid by itself")
    func notReviewed() {
        var court = Court()
        let before = court.balance(.bob)
        let id = court.delivered()
        court.pass(Court.review + 20)
        guard case .delivered = court.escrow(id)?.status else {
            Issue.record("paid too early")
            return
        }
        court.pass(1)
        #expect(court.escrow(id)?.status == .ended(.paid))
        #expect(court.balance(.bob) > before)
    }

    @Test("ESC-12, ESC-13: where nothing more can be due, a seller delivers and ends it itself")
    func full() {
        var court = Court()
        let id = court.lock()
        court.harness.send(.bob, .escrows(.accept(id)))
        court.fillDeadlines(200)
        let refused = court.harness.send(.alice, .escrows(.lock(court.terms())))
        #expect(refused.refusal == .deadlines(.tooManyDue))
        let delivery = EscrowMessage.deliver(id, content: digest(2))
        #expect(court.harness.send(.bob, .escrows(delivery)).isAccepted)
        court.pass(Court.review + 20)
        let early = court.harness.send(.bob, .escrows(.approve(id)))
        #expect(early.refusal == .escrows(.notParty), "the buyer can still dispute it")
        court.pass(1)
        guard case .delivered = court.escrow(id)?.status else {
            Issue.record("something ended it")
            return
        }
        let strange = court.harness.send(.carol, .escrows(.approve(id)))
        #expect(strange.refusal == .escrows(.notParty))
        let before = court.balance(.bob)
        let approval = Message.escrows(.approve(id))
        let fee = court.harness.transaction(.bob, [approval]).fee.obol
        #expect(court.harness.send(.bob, approval).isAccepted)
        #expect(court.escrow(id)?.status == .ended(.paid))
        #expect(court.balance(.bob) == before + Court.pay - fee)
        #expect(court.harness.send(.bob, approval).refusal == .escrows(.notParty))
    }

    @Test("ESC-14: the buyer may leave before, the seller until it is paid")
    func cancelled() {
        var court = Court()
        let first = court.lock()
        court.harness.send(.alice, .escrows(.cancel(first)))
        #expect(court.escrow(first)?.status == .ended(.refunded))
        let second = court.delivered()
        court.harness.send(.bob, .escrows(.cancel(second)))
        #expect(court.escrow(second)?.status == .ended(.refunded))
    }

    @Test("ESC-10, ESC-21: jobs are paid in issued units too")
    func issued() {
        var court = Court()
        let id = court.lock(court.terms(denomination: LedgerHarness.token, amount: 77))
        let before = court.harness.tokens(.bob)
        court.harness.send(.bob, .escrows(.accept(id)))
        court.harness.send(.alice, .escrows(.approve(id)))
        #expect(court.harness.tokens(.bob) == before + 77)
    }

    @Test("LAW-2: the pay of a job that names an asset is the asset's income")
    func income() {
        var court = Court()
        let asset = Asset.id(owner: Person.bob.id, name: "tune")
        court.harness.send(
            .bob,
            .publishAsset(
                AssetPublication(
                    name: "tune",
                    kind: .model,
                    licence: "MIT",
                    version: AssetVersion(content: digest(9), metadataLink: "")
                )
            ),
            .shares(.issueShares(asset, count: 10, income: []))
        )
        let id = court.lock(court.terms(asset: asset))
        court.harness.send(.bob, .escrows(.accept(id)))
        let before = court.balance(.bob)
        court.harness.send(.alice, .escrows(.approve(id)))
        #expect(court.balance(.bob) == before)
        #expect(court.state.amount(in: .dividends(of: asset, .native)).obol == Court.pay)
    }

    @Test("a job is listed with its parties until it has ended")
    func listed() {
        var court = Court()
        let id = court.lock()
        #expect(court.state.contains(.escrow(id, of: Person.alice.id)))
        #expect(court.state.contains(.escrow(id, of: Person.bob.id)))
        court.harness.send(.bob, .escrows(.cancel(id)))
        #expect(!court.state.contains(.escrow(id, of: Person.alice.id)))
        #expect(!court.state.contains(.escrow(id, of: Person.bob.id)))
    }
}
