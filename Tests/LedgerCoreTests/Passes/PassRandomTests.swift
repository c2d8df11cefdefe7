import CanonicalCoding
import Identity
import MarketTypes
import SettlementCore
import Testing

@testable import LedgerCore

/// People who sell, buy, try, renew and give passes as it comes, from one seed.
private struct Visitors {
    var random: SplitMix64
    var town = PassTown.start
    var model = PassModel()
    private var plans: [PlanID] = []
    private var offersLeft: [UInt32] = [4, 5, 6, 7]

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        for person in Person.all {
            model.native[person.id] = town.balance(person)
            model.tokens[person.id] = town.harness.tokens(person)
        }
        for id in [town.monthly, town.scarce, town.priced, town.trial] { note(id) }
    }

    private mutating func note(_ id: PlanID) {
        guard let plan = town.plan(id), let seller = Person.of(plan.seller) else { return }
        plans.append(id)
        model.plans[id] = PassModel.Plan(
            seller: seller,
            kind: plan.terms.kind,
            denomination: plan.terms.denomination,
            price: plan.terms.price.obol,
            blocks: plan.terms.periodBlocks,
            isTransferable: plan.terms.isTransferable,
            salesMax: plan.terms.salesMax ?? .max,
            bond: plan.terms.trialBond.obol
        )
    }

    private mutating func somebody() -> Person { random.pick(Person.all) ?? .alice }

    private mutating func somePlan() -> PlanID {
        random.once(in: 40) ? PlanID(digest(1)) : random.pick(plans) ?? PlanID(digest(1))
    }

    /// Somebody's pass, as a rule.
    private mutating func somePass() -> (Person, PlanID) {
        guard !random.once(in: 8), let pass = random.pick(model.passes),
            let holder = Person.of(pass.holder)
        else { return (somebody(), somePlan()) }
        return (holder, pass.plan)
    }

    private mutating func renewal() -> StandingRenewal {
        let now = town.harness.context.height.rawValue
        return PassTown.renewal(
            random.once(in: 12) ? UInt32(random.pick([0, 121]) ?? 0) : UInt32(1 + random.below(4)),
            priceMax: random.once(in: 10) ? 600 : 5000,
            until: random.once(in: 3) ? now + UInt64(random.below(40)) : .max
        )
    }

    private mutating func message() -> (Person, PassMessage) {
        let most = Amount(obol: random.once(in: 20) ? 600 : .max)
        switch random.below(20) {
        case 0...5:
            let person = somebody()
            return (person, .buyPass(somePlan(), priceMax: most))
        case 6...7:
            let person = somebody()
            return (person, .startTrial(random.once(in: 6) ? somePlan() : town.trial))
        case 8...10:
            let (person, plan) = somePass()
            return (person, .renewPass(plan, priceMax: most))
        case 11...14:
            let (person, plan) = somePass()
            return (person, .authorizeRenewal(plan, renewal()))
        case 15:
            let (person, plan) = somePass()
            return (person, .cancelRenewal(plan))
        case 16...18:
            let (person, plan) = somePass()
            return (person, .transferPass(plan, to: somebody().id))
        default:
            return (random.once(in: 3) ? somebody() : .bob, .retirePlan(somePlan()))
        }
    }

    /// Sends a message about passes, and checks that model and ledger say the same.
    mutating func talk() {
        let (person, message) = message()
        let transaction = town.harness.transaction(person, [.passes(message)])
        guard town.balance(person) >= transaction.fee.obol else { return }
        let result = town.send(person, message)
        model.native[person.id, default: 0] -= transaction.fee.obol
        let height = town.harness.context.height.rawValue
        #expect(result.code == model.apply(message, from: person.id, at: height), "\(message)")
    }

    /// Publishes another plan, while there are offers for it.
    mutating func publish() {
        guard let index = offersLeft.popLast() else { return }
        var draft = random.once(in: 3) ? PlanDraft.trial() : PlanDraft()
        draft.included = PassTown.included(index)
        draft.periodBlocks = UInt64(10 + random.below(12))
        draft.salesMax = random.once(in: 2) ? UInt32(1 + random.below(3)) : nil
        if draft.kind != .trial {
            draft.price = UInt128(1 + random.below(4000))
            draft.denomination = random.once(in: 2) ? .native : LedgerHarness.token
        }
        let fee = town.harness.transaction(.bob, [draft.message]).fee.obol
        guard town.balance(.bob) >= fee else { return }
        note(town.publish(draft))
        model.native[Person.bob.id, default: 0] -= fee
    }

    /// Leaves somebody with next to nothing, so that renewals fail.
    mutating func ruin() {
        let person = random.pick([Person.alice, .carol, .erin]) ?? .alice
        let unit = random.once(in: 2) ? Denomination.native : LedgerHarness.token
        let kept = UInt128(random.below(20_000))
        let has = unit == .native ? town.balance(person) : town.harness.tokens(person)
        guard has > kept + 10_000 else { return }
        let gift = Message.transfer(
            to: Person.dave.id,
            denomination: unit,
            amount: Amount(obol: has - kept - 10_000)
        )
        let fee = town.harness.transaction(person, [gift]).fee.obol
        guard town.balance(person) >= fee, town.harness.send(person, gift).isAccepted else {
            return
        }
        model.native[person.id, default: 0] -= fee
        let amount = has - kept - 10_000
        if unit == .native {
            model.native[person.id, default: 0] -= amount
            model.native[Person.dave.id, default: 0] += amount
        } else {
            model.tokens[person.id, default: 0] -= amount
            model.tokens[Person.dave.id, default: 0] += amount
        }
    }

    mutating func endBlock() {
        town.harness.endBlock()
        model.begin(town.harness.context.height.rawValue)
    }

    /// Compares all there is: balances, passes, who holds them, and what trials hold.
    func compare() {
        for person in Person.all {
            #expect(town.balance(person) == model.native[person.id], "\(person.name)")
            #expect(town.harness.tokens(person) == model.tokens[person.id], "\(person.name)")
        }
        for id in plans {
            #expect(town.plan(id)?.sales == model.plans[id]?.sales)
            for person in Person.all {
                let found = town.pass(person, id)
                let expected = model.place(person.id, id).map { model.passes[$0] }
                #expect(found?.holder == expected?.holder)
                #expect(found?.periods.map(\.endsAt.rawValue) == expected?.ends)
                #expect(found?.renewal?.renewals ?? 0 == expected?.renewals ?? 0)
                guard let found, let name = town.name(person, id) else { continue }
                let starts = found.periods.dropFirst().map(\.startsAt)
                #expect(starts == found.periods.dropLast().map(\.endsAt))
                #expect(found.period(at: town.harness.context.height) == found.periods.first)
                let held = town.harness.ledger.state.amount(in: Pot(.trial, name.digest))
                #expect(held == found.bond)
            }
        }
    }
}

@Suite("Passes, whatever happens")
struct PassRandomTests {
    @Test("are what a model of them says", arguments: Soak.seeds)
    func random(_ seed: UInt64) {
        var visitors = Visitors(seed: seed)
        for _ in 0..<100 {
            switch visitors.random.below(20) {
            case 0...9: visitors.talk()
            case 10: visitors.publish()
            case 11: if visitors.random.once(in: 3) { visitors.ruin() }
            default: visitors.endBlock()
            }
            visitors.compare()
        }
        for _ in 0..<30 { visitors.endBlock() }
        visitors.compare()
        let pots = visitors.town.harness.base.entries.filter { $0.key.money == .pot }
        let running = visitors.model.passes.filter { visitors.model.plans[$0.plan]?.bond ?? 0 > 0 }
        #expect(pots.count == running.count)
    }
}
