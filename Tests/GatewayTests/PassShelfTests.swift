import CanonicalCoding
import Identity
import LedgerClient
import MarketTypes
import SettlementCore
import Testing

@testable import Gateway
@testable import LedgerCore

@Suite("The passes of a gateway")
struct PassShelfTests {
    private static let offer = OfferID(Digest(sha256: [1]))
    private static let other = OfferID(Digest(sha256: [2]))
    private static let id = PlanID(Digest(sha256: [3]))
    private static let holder = AccountID(Digest(sha256: [4]))

    private static func plan() -> Plan {
        var units = UnitCounts()
        units[.call] = 10
        let terms = PlanTerms(
            name: "club",
            asset: AssetID(.zero),
            kind: .subscription,
            denomination: .native,
            price: Amount(obol: 1),
            periodBlocks: 10,
            includedUnits: units,
            includedOffer: offer,
            overageOffer: nil,
            isTransferable: true,
            salesMax: nil,
            trialBond: .zero
        )
        return Plan(
            seller: holder,
            terms: terms,
            publishedAt: BlockHeight(1),
            sales: 1,
            retiredAt: nil
        )
    }

    private static func pass(_ bounds: [UInt64]) -> (id: PassID, pass: Pass) {
        let periods = zip(bounds, bounds.dropFirst()).map {
            PassPeriod(startsAt: BlockHeight($0), endsAt: BlockHeight($1))
        }
        let pass = Pass(plan: id, holder: holder, periods: periods, renewal: nil, bond: .zero)
        return (PassID(.zero), pass)
    }

    private static func units(_ calls: UInt64, tokens: UInt64? = nil) -> UnitCounts {
        var units = UnitCounts()
        units[.call] = calls
        units[.outputToken] = tokens
        return units
    }

    @Test("PAS-45: included offers are for holders only, ordinary ones for everybody")
    func holders() {
        let shelf = PassShelf(plansMax: 10)
        #expect(shelf.admits(Self.offer))
        shelf.setPlans([(Self.id, Self.plan())])
        #expect(!shelf.admits(Self.offer))
        #expect(shelf.serves(Self.offer, Self.units(1)) == false)
        #expect(shelf.admits(Self.other))
        #expect(shelf.serves(Self.other, Self.units(1)) == nil)
        shelf.setPasses([Self.pass([5, 15])], at: BlockHeight(7))
        #expect(shelf.admits(Self.offer))
        #expect(shelf.serves(Self.offer, Self.units(1)) == true)
        #expect(!shelf.advance(to: BlockHeight(14)))
        #expect(shelf.advance(to: BlockHeight(15)), "the period ended: is there another?")
        #expect(shelf.serves(Self.offer, Self.units(1)) == false)
        shelf.setPasses([], at: BlockHeight(15))
        #expect(!shelf.admits(Self.offer))
    }

    @Test("PAS-45: what was refused is not asked for again, but less is, and the next period")
    func refusals() {
        let shelf = PassShelf(plansMax: 10)
        shelf.setPlans([(Self.id, Self.plan())])
        shelf.setPasses([Self.pass([5, 15, 25])], at: BlockHeight(7))
        shelf.refused(Self.offer, Self.units(1, tokens: 500))
        #expect(shelf.serves(Self.offer, Self.units(1, tokens: 500)) == false)
        #expect(shelf.serves(Self.offer, Self.units(1, tokens: 501)) == false)
        #expect(shelf.serves(Self.offer, Self.units(1, tokens: 499)) == true)
        #expect(!shelf.advance(to: BlockHeight(15)))
        #expect(shelf.serves(Self.offer, Self.units(1, tokens: 500)) == true)
        shelf.refused(Self.offer, nil)
        #expect(shelf.serves(Self.offer, UnitCounts()) == false)
        #expect(shelf.advance(to: BlockHeight(25)))
    }
}
