import LedgerCore
import SettlementCore
import Testing

@Suite("Refusals")
struct RefusalCodeTests {
    private static let all: [Refusal] =
        TransactionRefusal.allCases.map { .transaction($0) }
        + AccountRefusal.allCases.map { .accounts($0) }
        + AssetRefusal.allCases.map { .assets($0) }
        + OfferRefusal.allCases.map { .offers($0) }
        + ChannelRefusal.allCases.map { .channels($0) }
        + BondRefusal.allCases.map { .bonds($0) }
        + SettlementRefusal.allCases.map { .settlement($0) }
        + StakingRefusal.allCases.map { .staking($0) }

    @Test("P10: each has a code of its own, which leads back to it")
    func codes() {
        #expect(Set(Self.all.map(\.code)).count == Self.all.count)
        for refusal in Self.all {
            #expect(Refusal(code: refusal.code) == refusal)
            #expect(refusal.code != 0)
        }
    }

    @Test("P10: each has a name, and says whether the fee was charged")
    func names() {
        #expect(Set(Self.all.map(\.name)).count == Self.all.count)
        for refusal in Self.all {
            let isBeforeTheFee = if case .transaction = refusal { true } else { false }
            #expect(refusal.feeCharged == !isBeforeTheFee)
        }
    }

    @Test(
        "P10: a number that is no refusal's is none",
        arguments: [0, 1, 99, 100, 199, 800, 815, 900, 65_535]
    )
    func unknown(_ code: UInt32) {
        #expect(Refusal(code: code) == nil)
    }
}
