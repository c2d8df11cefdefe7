import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("A session of an issuer's")
struct UnitSessionTests {
    private static let unit = UnitRecord.unit(issuer: Person.alice.id, ticker: "CHFC")

    private static func mint(_ amount: UInt128) -> Message {
        .units(.mintUnit(unit, Amount(obol: amount), to: Person.carol.id))
    }

    /// Carol's key may mint Alice's unit, up to a limit.
    private static func household(limit: UInt128?) -> Household {
        var house = Household()
        house.send(.alice, TermsDraft().message)
        house.grant { draft in
            draft.messages = [49]
            guard let limit else { return }
            draft.limits.append(SessionLimit(.issued(unit), Amount(obol: limit)))
        }
        return house
    }

    @Test("UNI-11: cannot mint more than it may spend")
    func limit() {
        var house = Self.household(limit: 100)
        #expect(house.carol(Self.mint(60)).isAccepted)
        #expect(house.carol(Self.mint(41)).refusal == .authorization(.sessionLimit))
        #expect(house.carol(Self.mint(40)).isAccepted)
        #expect(house.carol(Self.mint(1)).refusal == .authorization(.sessionLimit))
        #expect(house.harness.ledger.state.supply(.issued(Self.unit)).obol == 100)
    }

    @Test("UNI-11: cannot mint at all without a limit for the unit")
    func none() {
        var house = Self.household(limit: nil)
        #expect(house.carol(Self.mint(1)).refusal == .authorization(.sessionLimit))
    }
}
