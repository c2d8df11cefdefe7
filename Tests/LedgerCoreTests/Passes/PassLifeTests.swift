import CanonicalCoding
import Identity
import MarketTypes
import SettlementCore
import Testing

@testable import LedgerCore

extension PassTown {
    /// The name of the pass that somebody has of a plan.
    func name(_ person: Person, _ plan: PlanID) -> PassID? {
        harness.ledger.state.read(StoredDigest.self, .pass(of: person.id, plan)).map {
            PassID($0.digest)
        }
    }

    /// What happened to passes at the beginnings of blocks since somebody last looked.
    mutating func takeEvents() -> [PassEvent] {
        defer { harness.blockEvents = [] }
        return harness.blockEvents.compactMap {
            if case .passes(let event) = $0 { event } else { nil }
        }
    }
}

@Suite("A pass")
struct PassLifeTests {
    private static let fee = LedgerHarness.parameters.feeMinimum.obol
    private static let most = Amount(obol: .max)

    @Test("PAS-20, PAS-30: is paid for at once, runs so many blocks, and ends")
    func runs() {
        var town = PassTown.start
        let before = (town.balance(.alice), town.balance(.bob))
        let start = town.harness.context.height.rawValue
        let result = town.buy(.alice, town.monthly)
        #expect(result.isAccepted)
        let fee = before.0 - town.balance(.alice) - 5000
        #expect(fee > 0 && fee < 5000)
        #expect(town.balance(.bob) == before.1 + 5000)
        let pass = town.pass(.alice, town.monthly)
        #expect(pass?.periods.map(\.startsAt.rawValue) == [start])
        #expect(pass?.periods.map(\.endsAt.rawValue) == [start + 10])
        #expect(pass?.period(at: BlockHeight(start)) != nil)
        #expect(pass?.period(at: BlockHeight(start + 9)) != nil)
        #expect(pass?.period(at: BlockHeight(start + 10)) == nil)
        town.endBlocks(9)
        #expect(town.pass(.alice, town.monthly) == pass)
        #expect(town.takeEvents().isEmpty)
        town.endBlocks(1)
        #expect(town.pass(.alice, town.monthly) == nil)
        guard case .ended(let names)? = town.takeEvents().first else {
            Issue.record("nothing ended")
            return
        }
        #expect(names.holder == Person.alice.id && names.plan == town.monthly)
        #expect(town.buy(.alice, town.monthly).isAccepted, "it can be bought again")
        #expect(town.plan(town.monthly)?.sales == 2)
    }

    @Test("PAS-21: has the periods paid for ahead one after the other")
    func ahead() {
        var town = PassTown.start
        let start = town.harness.context.height.rawValue
        town.buy(.alice, town.monthly)
        town.endBlocks(3)
        let result = town.send(.alice, .renewPass(town.monthly, priceMax: Self.most))
        #expect(result.isAccepted)
        let pass = town.pass(.alice, town.monthly)
        #expect(pass?.periods.map(\.startsAt.rawValue) == [start, start + 10])
        #expect(pass?.periods.map(\.endsAt.rawValue) == [start + 10, start + 20])
        let bob = town.balance(.bob)
        town.endBlocks(7)
        #expect(town.pass(.alice, town.monthly)?.periods.map(\.startsAt.rawValue) == [start + 10])
        #expect(town.takeEvents().isEmpty)
        #expect(town.balance(.bob) == bob, "it is paid once")
        town.endBlocks(10)
        #expect(town.pass(.alice, town.monthly) == nil)
    }

    @Test("PAS-31: goes on by itself as often as its holder said, for a fee")
    func standing() {
        var town = PassTown.start
        let start = town.harness.context.height.rawValue
        town.buy(.alice, town.monthly)
        #expect(town.send(.alice, .authorizeRenewal(town.monthly, PassTown.renewal(2))).isAccepted)
        let before = (town.balance(.alice), town.balance(.bob))
        town.endBlocks(10)
        #expect(town.balance(.alice) == before.0 - 5000 - Self.fee)
        #expect(town.balance(.bob) == before.1 + 5000)
        #expect(town.pass(.alice, town.monthly)?.periods.map(\.endsAt.rawValue) == [start + 20])
        #expect(town.pass(.alice, town.monthly)?.renewal?.renewals == 1)
        town.endBlocks(10)
        #expect(town.balance(.bob) == before.1 + 10_000)
        #expect(town.pass(.alice, town.monthly)?.renewal == nil)
        let kinds = town.takeEvents().map(\.record.name)
        #expect(kinds == ["passes.renewed", "passes.renewed"])
        town.endBlocks(10)
        #expect(town.pass(.alice, town.monthly) == nil)
        #expect(town.takeEvents().map(\.record.name) == ["passes.ended"])
    }

    @Test("PAS-31: ends when what was authorized is over or taken back")
    func over() {
        var town = PassTown.start
        let end = town.harness.context.height.rawValue + 10
        town.buy(.alice, town.monthly)
        town.send(.alice, .authorizeRenewal(town.monthly, PassTown.renewal(9, until: end)))
        town.buy(.carol, town.monthly)
        town.send(.carol, .authorizeRenewal(town.monthly, PassTown.renewal(9)))
        #expect(town.send(.carol, .cancelRenewal(town.monthly)).isAccepted)
        town.endBlocks(10)
        #expect(town.pass(.alice, town.monthly) != nil)
        #expect(town.pass(.carol, town.monthly) == nil)
        town.endBlocks(10)
        #expect(town.pass(.alice, town.monthly) == nil)
    }

    @Test("PAS-31: ends, and says why, when its renewal cannot be paid or is not sold")
    func failures() {
        var town = PassTown.start
        town.buy(.alice, town.priced)
        town.send(.alice, .authorizeRenewal(town.priced, PassTown.renewal(9)))
        let gift = Message.transfer(
            to: Person.erin.id,
            denomination: LedgerHarness.token,
            amount: Amount(obol: town.harness.tokens(.alice) - 699)
        )
        town.harness.send(.alice, gift)
        town.buy(.carol, town.monthly)
        town.send(.carol, .authorizeRenewal(town.monthly, PassTown.renewal(9)))
        town.send(.bob, .retirePlan(town.monthly))
        let balances = (town.balance(.alice), town.balance(.carol), town.harness.tokens(.bob))
        town.endBlocks(10)
        let events = town.takeEvents()
        let codes = events.compactMap { event -> UInt32? in
            if case .renewalFailed(_, let code) = event { code } else { nil }
        }
        #expect(codes == [202, 1213])
        #expect(events.count == 4)
        #expect(town.pass(.alice, town.priced) == nil)
        #expect(town.pass(.carol, town.monthly) == nil)
        let after = (town.balance(.alice), town.balance(.carol), town.harness.tokens(.bob))
        #expect(balances == after, "a renewal that fails costs nothing")
    }

    @Test("PAS-22, PAS-32: a trial holds its bond, and gives it back")
    func tries() {
        var town = PassTown.start
        let before = town.balance(.alice)
        #expect(town.send(.alice, .startTrial(town.trial)).isAccepted)
        guard let name = town.name(.alice, town.trial) else {
            Issue.record("no trial began")
            return
        }
        let pot = Pot(.trial, name.digest)
        #expect(town.harness.ledger.state.amount(in: pot).obol == 2_000_000)
        let during = town.balance(.alice)
        #expect(before - during > 2_000_000)
        town.endBlocks(10)
        #expect(town.balance(.alice) == during + 2_000_000)
        #expect(town.harness.ledger.state.amount(in: pot).isZero)
        #expect(town.takeEvents().map(\.record.name) == ["passes.trialEnded"])
        #expect(town.pass(.alice, town.trial) == nil)
    }

    @Test("PAS-25: is given away with what is left, but not with its holder's money")
    func given() {
        var town = PassTown.start
        town.buy(.alice, town.monthly)
        town.send(.alice, .authorizeRenewal(town.monthly, PassTown.renewal(9)))
        let name = town.name(.alice, town.monthly)
        let periods = town.pass(.alice, town.monthly)?.periods
        town.endBlocks(4)
        #expect(town.send(.alice, .transferPass(town.monthly, to: Person.erin.id)).isAccepted)
        #expect(town.name(.alice, town.monthly) == nil)
        #expect(town.name(.erin, town.monthly) == name, "its units stay used")
        #expect(town.pass(.erin, town.monthly)?.periods == periods)
        #expect(town.pass(.erin, town.monthly)?.renewal == nil)
        let balances = (town.balance(.alice), town.balance(.erin))
        town.endBlocks(6)
        #expect(town.pass(.erin, town.monthly) == nil)
        #expect(balances == (town.balance(.alice), town.balance(.erin)))
        #expect(town.buy(.alice, town.monthly).isAccepted)
    }

    @Test("PAS-11: runs on when its plan is retired, ahead too")
    func retired() {
        var town = PassTown.start
        town.buy(.alice, town.monthly)
        town.send(.alice, .renewPass(town.monthly, priceMax: Self.most))
        #expect(town.send(.bob, .retirePlan(town.monthly)).isAccepted)
        town.endBlocks(19)
        #expect(town.pass(.alice, town.monthly) != nil)
        town.endBlocks(1)
        #expect(town.pass(.alice, town.monthly) == nil)
    }

    @Test("PAS-26: pays royalties up the asset's lineage")
    func royalties() throws {
        var family = Family.start
        let asset = Family.tune
        let offer = family.offer(of: asset, by: .bob, .native)
        family.harness.send(.bob, .publishOffer(offer))
        let draft = PlanDraft {
            $0.asset = asset
            $0.included = offer
        }
        let sequence = family.harness.account(.bob).sequence + 1
        #expect(family.harness.send(.bob, draft.message).refusal == nil)
        let plan = Plan.id(seller: Person.bob.id, sequence: sequence, messageIndex: 0)
        let before = (family.harness.account(.bob).balance, family.harness.account(.dave).balance)
        let result = family.harness.send(.alice, .passes(.buyPass(plan, priceMax: Self.most)))
        #expect(result.isAccepted)
        #expect(family.harness.account(.dave).balance > before.1)
        #expect(family.harness.account(.bob).balance.obol < before.0.obol + 5000)
        #expect(result.events.contains { $0.record.name == "lineage.royaltyPaid" })
    }

    @Test("PAS-23: a session's key pays at once for what it lets the ledger renew")
    func session() {
        var town = PassTown.start
        let key = Person.erin.voucherKey
        let grant = SessionGrant(
            session: key.accountID,
            scope: SessionScope(messages: [58, 61]),
            limits: [SessionLimit(.native, Amount(obol: 30_000))],
            periodBlocks: 1000,
            validUntil: BlockHeight(1000)
        )
        let opened = town.harness.send(.alice, .authorization(.grantSession(grant)))
        #expect(opened.refusal == nil)
        town.buy(.alice, town.monthly)
        func signed(_ renewals: UInt32) -> [UInt8] {
            let message = PassMessage.authorizeRenewal(town.monthly, PassTown.renewal(renewals))
            return key.sign(town.harness.transaction(.alice, [.passes(message)])).signed
                .canonicalBytes
        }
        let tooMuch = signed(5)
        #expect(town.harness.apply(tooMuch).refusal == .authorization(.sessionLimit))
        let fitting = signed(3)
        #expect(town.harness.apply(fitting).refusal == nil)
        let again = signed(3)
        #expect(town.harness.apply(again).refusal == .authorization(.sessionLimit))
    }

    @Test("messages, records and events are what their bytes say")
    func codings() throws {
        var town = PassTown.start
        let plan = town.monthly
        let messages: [PassMessage] = [
            .publishPlan(PlanDraft { $0.salesMax = 3 }.terms),
            .publishPlan(PlanDraft.trial { $0.overage = PassTown.ordinary }.terms),
            .retirePlan(plan), .buyPass(plan, priceMax: Self.most),
            .renewPass(plan, priceMax: .zero), .startTrial(plan),
            .authorizeRenewal(plan, PassTown.renewal(3)), .cancelRenewal(plan),
            .transferPass(plan, to: Person.erin.id),
        ]
        for message in messages {
            let bytes = Message.passes(message).canonicalBytes
            #expect(try Message(canonicalBytes: bytes) == .passes(message))
        }
        town.buy(.alice, plan)
        town.send(.alice, .authorizeRenewal(plan, PassTown.renewal(1)))
        town.send(.carol, .startTrial(town.trial))
        let pass = try #require(town.pass(.alice, plan))
        #expect(try Pass(canonicalBytes: pass.canonicalBytes) == pass)
        let name = try #require(town.name(.alice, plan))
        let names = PassNames(name, pass)
        let paid = PaidPeriod(pass.periods[0], Amount(obol: 7), LedgerHarness.token)
        let events: [PassEvent] = [
            .planPublished(plan, seller: Person.bob.id, asset: PassTown.asset),
            .planRetired(plan), .bought(names, paid), .renewed(names, paid, isStanding: true),
            .ended(names), .renewalFailed(names, code: 202),
            .transferred(names, to: Person.erin.id),
            .trialStarted(names, pass.periods[0], bond: Amount(obol: 1)),
            .trialEnded(names, bond: Amount(obol: 1)),
            .renewalAuthorized(names, PassTown.renewal(1)), .renewalCancelled(names),
        ]
        #expect(Set(events.map(\.record.name)).count == events.count)
        for event in events {
            let bytes = Event.passes(event).canonicalBytes
            #expect(try Event(canonicalBytes: bytes) == .passes(event))
        }
    }
}
