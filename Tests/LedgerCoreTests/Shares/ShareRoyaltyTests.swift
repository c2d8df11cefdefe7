import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("Shares of an asset that others were made from")
struct ShareRoyaltyTests {
    /// Dave's base model has three shares: Dave's, Alice's and Bob's; it earns a fifth of what
    /// Bob's fine-tune of it earns, of which a tenth is the corpus'.
    private static func family(count: UInt64 = 3) -> Family {
        var family = Family.start
        let issue = SharesMessage.issueShares(Family.base, count: count, income: [])
        #expect(family.harness.send(.dave, .shares(issue)).isAccepted)
        for person in [Person.alice, .bob] {
            let gift = Message.transfer(
                to: person.id,
                denomination: ShareUnit.denomination(of: Family.base),
                amount: Amount(obol: UInt128(count / 3))
            )
            #expect(family.harness.send(.dave, gift).isAccepted)
        }
        return family
    }

    private static func owed(
        _ person: Person,
        _ family: Family,
        _ denomination: Denomination = .native
    ) -> UInt128 {
        let unit = ShareUnit.unit(of: Family.base)
        let state = family.harness.ledger.state
        guard let record = state.read(ShareRecord.self, .shares(unit)),
            let place = record.place(of: denomination)
        else { return 0 }
        var holding = state.holding(of: person.id, unit)
        holding.settle(record, shares: UInt64(state.balance(person.id, .issued(unit)).obol))
        return holding.entitlements[place].owed
    }

    @Test("SHA-20: a royalty is divided among the shareholders of the asset that earns it")
    func royalty() {
        var family = Self.family()
        let dave = family.harness.account(.dave).balance
        let result = family.sell(Family.tune, by: .bob, for: 10_000)
        #expect(result.isAccepted)
        let part = result.parts.first { $0.earner == Family.base }
        #expect(part?.amount.obol == 1800)
        #expect([Person.alice, .bob, .dave].map { Self.owed($0, family) } == [600, 600, 600])
        #expect(family.harness.account(.dave).balance == dave, "the owner has only his share")
        let withdraw = SharesMessage.withdrawDividends(Family.base, .native)
        for person in [Person.alice, .bob, .dave] {
            #expect(family.harness.send(person, .shares(withdraw)).isAccepted)
        }
        DenominationCount(family.harness).check()
    }

    @Test("SHA-3: a royalty in a unit that is not shared is the owner's, which an event says")
    func otherUnit() {
        var family = Self.family()
        let before = family.harness.tokens(.dave)
        let result = family.sell(Family.tune, by: .bob, for: 10_000, LedgerHarness.token)
        let missed = SharesEvent.incomeNotShared(
            Family.base,
            Amount(obol: 1800),
            LedgerHarness.token,
            to: Person.dave.id
        )
        #expect(result.events.contains(.shares(missed)))
        #expect(family.harness.tokens(.dave) == before + 1800)
        let admit = SharesMessage.admitIncome(Family.base, LedgerHarness.token)
        #expect(family.harness.send(.dave, .shares(admit)).isAccepted)
        #expect(
            family.claim([.init(asset: Family.tune, amount: 10_000)], by: .bob, LedgerHarness.token)
                .isAccepted
        )
        #expect(Self.owed(.alice, family, LedgerHarness.token) == 600)
        #expect(family.harness.tokens(.dave) == before + 1800)
    }

    @Test("SHA-1, SHA-20: with as many shares as there can be, an obol is still divided")
    func many() {
        let count = ShareUnit.countMax
        var family = Self.family(count: count)
        for _ in 0..<3 { #expect(family.sell(Family.tune, by: .bob, for: 10).isAccepted) }
        let unit = ShareUnit.unit(of: Family.base)
        let record = family.harness.ledger.state.read(ShareRecord.self, .shares(unit))
        #expect(record?.scale == UInt128(count))
        #expect(record?.streams[0].rest == 0, "all shares are in accounts")
        let pot = family.harness.ledger.state.amount(in: .dividends(of: Family.base, .native))
        let whole = [Person.alice, .bob, .dave].map { Self.owed($0, family) }
        #expect(whole.reduce(0, +) <= pot.obol && whole.reduce(0, +) + 2 >= pot.obol)
        #expect(pot.obol >= 3)
    }
}
