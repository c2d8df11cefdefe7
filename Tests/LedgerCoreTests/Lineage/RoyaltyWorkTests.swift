import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("What a block's royalties take")
struct RoyaltyWorkTests {
    private static let alice = Person.alice.id

    private static func id(_ name: String) -> AssetID { Asset.id(owner: alice, name: name) }

    /// An asset whose lineage has as many edges as there can be, every one of 65 assets divided
    /// among shareholders.
    private static func dynasty() -> LedgerHarness {
        var harness = LedgerHarness()
        var drafts: [AssetDraft] = []
        for branch in 0..<8 {
            for leaf in 0..<7 { drafts.append(AssetDraft("leaf-\(branch)-\(leaf)")) }
            let parents = (0..<7).map { id("leaf-\(branch)-\($0)") }
            drafts.append(
                AssetDraft("branch-\(branch)") { draft in
                    for parent in parents { draft.descend(from: parent, .baseModel, 1000) }
                }
            )
        }
        drafts.append(
            AssetDraft("top") { draft in
                for branch in 0..<8 {
                    draft.descend(from: id("branch-\(branch)"), .baseModel, 1000)
                }
            }
        )
        for draft in drafts {
            let publish = LineageMessage.publishAssetWithTerms(
                draft.publication,
                draft.terms,
                metadata: nil
            )
            let shares = SharesMessage.issueShares(
                id(draft.name),
                count: 1,
                income: [LedgerHarness.token]
            )
            let result = harness.send(.alice, .lineage(publish), .shares(shares))
            #expect(result.isAccepted, "\(draft.name)")
        }
        harness.endBlock()
        return harness
    }

    @Test("P9, LIN-32: all that income can do in one block is a part of what a store keeps of it")
    func fits() throws {
        let harness = Self.dynasty()
        var ledger = harness.ledger
        let events = try ledger.payIncome(
            Amount(obol: 1_000_000),
            LedgerHarness.token,
            of: Self.id("top"),
            to: Self.alice
        )
        #expect(events.count == 2 * (Lineage.edgesMax + 1))
        let bytes = TransactionResult(events: events).canonicalBytes.count
        let storeBytesMax = 256 << 20
        #expect(Block.royaltyEdgesMax / Lineage.edgesMax * bytes < storeBytesMax / 4)
        // Without that limit, a block full of purchases would take many times what fits.
        let purchase = Message.passes(.buyPass(PlanID(.zero), priceMax: .zero)).canonicalBytes
        #expect(Block.bytesMax / (2 * purchase.count) * bytes > 8 * storeBytesMax)
    }

    @Test("LIN-32: what may pay income counts before it is known whether it does")
    func counts() {
        let harness = LedgerHarness()
        func edges(_ messages: [Message]) -> Int? {
            let transaction = harness.transaction(.alice, messages)
            let bytes = Person.alice.key.sign(transaction).signed.canonicalBytes
            return Transaction.work(ofSigned: bytes)?.royaltyEdges
        }
        let plan = PlanID(.zero)
        let purchase = Message.passes(.buyPass(plan, priceMax: .zero))
        #expect(edges([purchase]) == 64)
        #expect(edges([Message](repeating: purchase, count: 32)) == 1024)
        #expect(edges([.passes(.startTrial(plan)), .passes(.retirePlan(plan))]) == 0)
        #expect(edges([.passes(.renewPass(plan, priceMax: .zero))]) == 64)
        #expect(Transaction.work(ofSigned: [1, 2, 3]) == nil)
    }
}
