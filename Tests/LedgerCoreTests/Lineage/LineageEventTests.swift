import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("Events of lineage")
struct LineageEventTests {
    private static let asset = AssetID(digest(1))
    private static let part = IncomePart(
        sold: asset,
        earner: AssetID(digest(2)),
        account: Person.bob.id,
        denomination: LedgerHarness.token,
        amount: Amount(obol: 7)
    )
    private static let parent = AssetParent(
        asset: AssetID(digest(2)),
        version: 3,
        shareBasisPoints: 1000,
        role: .adapter
    )

    private static let all: [(tag: UInt8, event: LineageEvent)] = [
        (30, .termsPublished(asset, terms: digest(9))),
        (31, .parentNamed(asset, parent: parent)),
        (32, .metadataSet(asset, version: 2, metadata: digest(8))),
        (33, .assetOffered(asset, to: Person.bob.id)),
        (34, .assetOfferEnded(asset)),
        (35, .assetTransferred(asset, from: Person.bob.id, to: Person.carol.id)),
        (36, .assetRetired(asset)),
        (37, .royaltyPaid(part)),
        (38, .incomeKept(part)),
    ]

    @Test("are read back as they were written, and have names and fields")
    func coding() throws {
        var names: Set<String> = []
        for (tag, event) in Self.all {
            let bytes = Event.lineage(event).canonicalBytes
            #expect(bytes[1] == tag)
            #expect(try Event(canonicalBytes: bytes) == .lineage(event))
            let record = Event.lineage(event).record
            #expect(record.name.hasPrefix("lineage."))
            #expect(!record.fields.isEmpty)
            names.insert(record.name)
        }
        #expect(names.count == Self.all.count)
    }

    @Test("what earns and from what can be found in the record of a royalty")
    func royalty() {
        let record = LineageEvent.royaltyPaid(Self.part).record
        #expect(record.fields.map(\.name) == ["sold", "earner", "account", "amount"])
        #expect(record.fields[1].value == .asset(AssetID(digest(2))))
        #expect(record.fields[3].value == .amount(Amount(obol: 7), LedgerHarness.token))
    }

    @Test("unknown numbers of uses, roles and messages are refused")
    func unknown() {
        func terms(_ change: (inout [UInt8]) -> Void) -> AssetTerms? {
            var bytes = AssetDraft("x") {
                $0.descend(from: Self.asset, .adapter, 5)
            }.terms.canonicalBytes
            change(&bytes)
            return try? AssetTerms(canonicalBytes: bytes)
        }
        #expect(terms { _ in } != nil)
        for use in 2...5 {
            #expect(terms { $0[use] = 0 } == nil)
            #expect(terms { $0[use] = 4 } == nil)
        }
        #expect(terms { $0[$0.count - 1] = 0 } == nil)
        #expect(terms { $0[$0.count - 1] = 5 } == nil)
        for tag in [UInt8(36), 39] {
            #expect((try? Message(canonicalBytes: [1, tag])) == nil)
            #expect((try? Event(canonicalBytes: [1, tag])) == nil)
        }
    }
}
