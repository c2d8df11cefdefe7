import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

extension PassTown {
    /// Leaves no room for anything that is due at some heights.
    mutating func fill(_ heights: ClosedRange<UInt64>) {
        for height in heights {
            let key = StateKey(.deadlineCount) { $0.encode(height) }
            harness.plant(DueCount(Deadline.countMax), key)
        }
    }

    var height: UInt64 { harness.context.height.rawValue }
}

@Suite("A pass where too much is due")
struct PassSpillTests {
    @Test("PAS-4: lasts until there is room for its end, and never less than was paid for")
    func spills() {
        var town = PassTown.start
        // Planting ends blocks, so the heights are ahead of where planting ends.
        let first = town.height + 13
        town.fill(first...(first + 2))
        town.endBlocks(first - 10 - town.height)
        #expect(town.buy(.alice, town.monthly).isAccepted)
        let period = town.pass(.alice, town.monthly)?.periods.first
        #expect(period?.startsAt.rawValue == first - 10)
        #expect(period?.endsAt.rawValue == first + 3)
        town.endBlocks(12)
        #expect(town.pass(.alice, town.monthly) != nil)
        town.endBlocks(1)
        #expect(town.pass(.alice, town.monthly) == nil)
    }

    @Test("PAS-31: is not sold where there is none, and ends rather than being renewed")
    func full() {
        var town = PassTown.start
        let plan = town.publish(
            PlanDraft {
                $0.included = PassTown.included(7)
                $0.periodBlocks = 200
            }
        )
        let end = town.height + 200
        town.buy(.carol, plan)
        town.send(.carol, .authorizeRenewal(plan, PassTown.renewal(3)))
        let left = town.balance(.carol)
        town.fill((end + 200)...(end + 200 + Deadline.spillBlocksMax))
        town.endBlocks(end - town.height)
        let codes = town.takeEvents().compactMap { event -> UInt32? in
            if case .renewalFailed(_, let code) = event { code } else { nil }
        }
        #expect(codes == [Refusal.deadlines(.tooManyDue).code])
        #expect(town.pass(.carol, plan) == nil)
        #expect(town.balance(.carol) == left)
        #expect(town.buy(.alice, plan).refusal == .deadlines(.tooManyDue))
    }
}
