import Identity
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("Who may act for an account: random lives")
struct AuthorizationPropertyTests {
    /// P1 is checked by the harness after every step.
    @Test("the ledger and a model agree on every transaction", arguments: Soak.seeds)
    func agree(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var house = Household()
        var model = AuthorizationModel()
        var accepted = 0
        for step in 0..<100 {
            if random.once(in: 4) { house.pass(1) }
            let height = house.harness.context.height.rawValue
            let account = random.pick([Person.alice, .bob]) ?? .alice
            let key = signer(&random, account, model, height)
            let act = act(&random, account, height)
            let fee = house.harness.transaction(account, [act.message]).fee.obol
            let expected = model.apply(act, account: account, key: key, fee: fee, at: height)
            let result = house.send([act.message], for: account, by: key)
            #expect(result.refusal == expected, "step \(step): \(act)")
            accepted += result.isAccepted ? 1 : 0
            check(house, model, height)
        }
        #expect(accepted > 10)
    }

    private func signer(
        _ random: inout SplitMix64,
        _ account: Person,
        _ model: AuthorizationModel,
        _ height: UInt64
    ) -> Person {
        switch random.below(10) {
        case 0..<4: model.signer(of: account, at: height)
        case 4..<8:
            random.pick(model.permits.filter { $0.account.id == account.id }.map(\.key)) ?? account
        default: random.pick(Person.all) ?? account
        }
    }

    private func act(_ random: inout SplitMix64, _ account: Person, _ height: UInt64) -> RandomAct {
        let other = random.pick(Person.all) ?? .erin
        switch random.below(12) {
        case 0, 1:
            var draft = Household.Draft()
            draft.session = other.id
            draft.messages = random.pick([[1], [1, 6], [6], [1, 7, 9]]) ?? [1]
            if random.once(in: 3) { draft.payees = [Person.carol.id, Person.dave.id] }
            let most = UInt128(2000 + random.below(20_000))
            draft.limits = [SessionLimit(.native, Amount(obol: most))]
            if random.once(in: 2) {
                let units = Amount(obol: UInt128(1 + random.below(50)))
                draft.limits.append(SessionLimit(Household.token, units))
            }
            draft.periodBlocks = UInt64(1 + random.below(6))
            draft.validUntil = height + UInt64(random.below(12)) - (random.once(in: 6) ? 1 : 0)
            return .grant(draft, key: other)
        case 2: return .revoke(other)
        case 3: return random.once(in: 2) ? .rotate(other) : .cancel
        case 4, 5: return .pay(other, UInt128(random.below(20)), Household.token)
        default:
            let amount = random.once(in: 10) ? 0 : random.below(8000)
            return .pay(other, UInt128(amount), .native)
        }
    }

    /// What the ledger says of each session and key is what the model found.
    private func check(_ house: Household, _ model: AuthorizationModel, _ height: UInt64) {
        let state = house.harness.ledger.state
        for account in [Person.alice, .bob] {
            let signer = state.authority(of: account.id).signer(at: BlockHeight(height))
            #expect(signer == model.signer(of: account, at: height).id)
            for key in Person.all {
                let session = state.read(Session.self, .session(account.id, key.id))
                guard let place = model.permit(account, key) else {
                    #expect(session == nil)
                    continue
                }
                let permit = model.permits[place]
                let period = permit.periods.last ?? 0
                #expect(session?.periodStart.rawValue == period)
                for (limit, spent) in zip(permit.draft.limits, session?.spent ?? []) {
                    let sum = permit.spendings
                        .filter { $0.height >= period && $0.unit == limit.denomination }
                        .reduce(0) { $0 + $1.amount }
                    #expect(spent.obol == sum)
                    #expect(spent <= limit.amount)
                }
            }
        }
    }
}
