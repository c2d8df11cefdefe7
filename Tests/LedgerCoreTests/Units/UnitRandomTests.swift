import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

/// People who issue, mint, pay, burn and redeem units as it comes, from one seed.
private struct Traders {
    var random: SplitMix64
    var harness = LedgerHarness()
    private var units: [Digest] = [digest(0x77), .zero]
    private var redemptions: [Digest] = [digest(1)]
    /// What everybody has of each unit, told once more.
    private var has: [Digest: [AccountID: UInt128]] = [:]
    private var locked: [Digest: (unit: Digest, holder: AccountID, amount: UInt128)] = [:]
    private var issuers: [Digest: AccountID] = [:]

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        harness.plant(StoredNumber(60), .governedNumber(.redemptionBlocks))
        for person in Person.all.dropLast() {
            let unit = UnitRecord.unit(issuer: person.id, ticker: "CHFC")
            harness.send(person, TermsDraft { $0.supplyMax = 10_000 }.message)
            units.append(unit)
            issuers[unit] = person.id
            has[unit] = [:]
        }
    }

    private mutating func somebody() -> Person { random.pick(Person.all) ?? .alice }

    private mutating func someUnit() -> Digest { random.pick(units) ?? .zero }

    private mutating func amount() -> Amount {
        Amount(obol: random.once(in: 20) ? .max : UInt128(random.below(4000)))
    }

    /// As a rule the one who may do it.
    private mutating func issuer(of unit: Digest) -> Person {
        guard !random.once(in: 5), let known = issuers[unit].flatMap(Person.of) else {
            return somebody()
        }
        return known
    }

    mutating func step() {
        switch random.below(12) {
        case 0...2: mint()
        case 3...4: give()
        case 5...6: burn()
        case 7...8: redeem()
        case 9: settle()
        case 10: takeBack()
        default: harness.endBlock(blocks: UInt64(1 + random.below(40)))
        }
        check()
    }

    private mutating func mint() {
        let unit = someUnit()
        let (person, to) = (issuer(of: unit), somebody())
        let amount = amount()
        let result = harness.send(person, .units(.mintUnit(unit, amount, to: to.id)))
        let supply = self.supply(of: unit)
        let right = issuers[unit] == person.id && !amount.isZero
        let fits = amount.obol <= 10_000 && supply + amount.obol <= 10_000
        #expect(result.isAccepted == (right && fits))
        if result.isAccepted { has[unit]?[to.id, default: 0] += amount.obol }
    }

    private mutating func give() {
        let (unit, from, to) = (someUnit(), somebody(), somebody())
        guard issuers[unit] != nil else { return }
        let amount = amount()
        let gift = Message.transfer(to: to.id, denomination: .issued(unit), amount: amount)
        let mine = has[unit]?[from.id] ?? 0
        let result = harness.send(from, gift)
        #expect(result.isAccepted == (!amount.isZero && amount.obol <= mine))
        guard result.isAccepted else { return }
        has[unit]?[from.id] = mine - amount.obol
        has[unit]?[to.id, default: 0] += amount.obol
    }

    private mutating func burn() {
        let (unit, person, amount) = (someUnit(), somebody(), amount())
        let mine = has[unit]?[person.id] ?? 0
        let result = harness.send(person, .units(.burnUnit(unit, amount)))
        #expect(result.isAccepted == (!amount.isZero && amount.obol <= mine))
        if result.isAccepted { has[unit]?[person.id] = mine - amount.obol }
    }

    private mutating func redeem() {
        let (unit, person, amount) = (someUnit(), somebody(), amount())
        let mine = has[unit]?[person.id] ?? 0
        let id = Redemption.id(
            holder: person.id,
            sequence: harness.account(person).sequence + 1,
            messageIndex: 0
        )
        let message = UnitMessage.redeemUnit(unit, amount, reference: .zero)
        let result = harness.send(person, .units(message))
        let may = issuers[unit] != nil && issuers[unit] != person.id
        #expect(result.isAccepted == (may && !amount.isZero && amount.obol <= mine))
        guard result.isAccepted else { return }
        has[unit]?[person.id] = mine - amount.obol
        locked[id] = (unit, person.id, amount.obol)
        redemptions.append(id)
    }

    private mutating func settle() {
        let id = random.pick(redemptions) ?? .zero
        let person = issuer(of: locked[id]?.unit ?? .zero)
        let result = harness.send(person, .units(.settleRedemption(id)))
        #expect(result.isAccepted == (locked[id].map { issuers[$0.unit] == person.id } ?? false))
        if result.isAccepted { locked[id] = nil }
    }

    private mutating func takeBack() {
        let id = random.pick(redemptions) ?? .zero
        let person =
            random.once(in: 4) ? somebody() : locked[id].flatMap { Person.of($0.holder) } ?? .bob
        let result = harness.send(person, .units(.cancelRedemption(id)))
        guard result.isAccepted, let redemption = locked[id] else {
            #expect(!result.isAccepted, "what is not there was returned")
            return
        }
        #expect(person.id == redemption.holder || person.id == issuers[redemption.unit])
        has[redemption.unit]?[redemption.holder, default: 0] += redemption.amount
        locked[id] = nil
    }

    private func supply(of unit: Digest) -> UInt128 {
        let owned = (has[unit] ?? [:]).values.reduce(0, +)
        return locked.values.filter { $0.unit == unit }.reduce(owned) { $0 + $1.amount }
    }

    private func check() {
        let count = DenominationCount(harness)
        count.check()
        let state = harness.ledger.state
        #expect(count.supplies[.native] == harness.genesis.supply.obol, "native money was made")
        for (unit, owners) in has {
            let record = state.read(UnitRecord.self, .unit(unit))
            #expect(count.supplies[.issued(unit)] == supply(of: unit))
            #expect((record?.minted.obol ?? 0) - (record?.burned.obol ?? 0) == supply(of: unit))
            for person in Person.all {
                let balance = state.balance(person.id, .issued(unit)).obol
                #expect(balance == owners[person.id] ?? 0)
            }
        }
        for (id, redemption) in locked {
            let pot = Redemption.pot(id, of: redemption.unit)
            #expect(state.amount(in: pot).obol == redemption.amount)
        }
    }
}

@Suite("Units, whatever happens")
struct UnitRandomTests {
    @Test("UNI-1, P1: are conserved, and are what a model of them says", arguments: Soak.seeds)
    func random(_ seed: UInt64) {
        var traders = Traders(seed: seed)
        for _ in 0..<100 { traders.step() }
    }
}
