import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("Lineage and royalties")
struct LineageLifeTests {
    private func balance(_ person: Person, _ family: Family) -> UInt128 {
        family.harness.account(person).balance.obol
    }

    @Test("LIN-30: a sale of a fine-tune pays the base model and the corpus behind both")
    func royalties() {
        var family = Family.start
        let carol = balance(.carol, family)
        let dave = balance(.dave, family)
        let result = family.sell(Family.tune, by: .bob, for: 1000)
        #expect(result.isAccepted)
        // 20% to the base model, which gives 10% of that on; 5% to the corpus.
        #expect(balance(.dave, family) == dave + 180)
        #expect(balance(.carol, family) == carol + 50 + 20)
        let parts = result.parts
        #expect(parts.map(\.earner) == [Family.tune, Family.base, Family.corpus])
        #expect(parts.map(\.amount.obol) == [750, 180, 70])
        #expect(parts.map(\.account) == [Person.bob.id, Person.dave.id, Person.carol.id])
        #expect(parts.allSatisfy { $0.sold == Family.tune && $0.denomination == .native })
        #expect(family.earned(Family.tune, from: Family.tune) == 750)
        #expect(family.earned(Family.base, from: Family.tune) == 180)
        #expect(family.earned(Family.corpus, from: Family.tune) == 70)
        family.claim([.init(asset: Family.tune, amount: 1000)], by: .bob)
        #expect(family.earned(Family.corpus, from: Family.tune) == 140)
    }

    @Test("LIN-30: in whatever denomination it was paid")
    func tokens() {
        var family = Family.start
        let before = [Person.bob, .carol, .dave].map { family.harness.tokens($0) }
        #expect(family.sell(Family.tune, by: .bob, for: 1000, LedgerHarness.token).isAccepted)
        let after = [Person.bob, .carol, .dave].map { family.harness.tokens($0) }
        #expect(zip(after, before).map { $0 - $1 } == [750, 70, 180])
        #expect(family.earned(Family.base, from: Family.tune, LedgerHarness.token) == 180)
        #expect(family.earned(Family.base, from: Family.tune) == 0)
    }

    @Test("LIN-31: one obol is paid to one, and parents get what is left over")
    func remainders() {
        var family = Family.start
        let one = family.sell(Family.tune, by: .bob, for: 1)
        #expect(one.parts.map(\.amount.obol) == [1])
        // Base is due 0.2 of it and corpus 0.05, so base gets it; of which 0.1 is for corpus.
        #expect(one.parts.map(\.earner) == [Family.corpus])
        // Of 30: 22.5, 6 and 1.5, so corpus gets two; of the 6, 5.4 and 0.6, so one more.
        let more = family.claim([.init(asset: Family.tune, amount: 30)], by: .bob)
        #expect(more.parts.map(\.earner) == [Family.tune, Family.base, Family.corpus])
        #expect(more.parts.map(\.amount.obol) == [22, 5, 3])
    }

    @Test("an asset without terms earns as it always did")
    func plain() {
        var family = Family.start
        let before = balance(.bob, family)
        let result = family.sell(Family.plain, by: .bob, for: 500)
        #expect(result.isAccepted && result.parts.isEmpty)
        #expect(balance(.bob, family) > before - 10_000)
        #expect(family.earned(Family.plain, from: Family.plain) == 0)
    }

    @Test("LIN-20 to LIN-22: who accepts an asset owns it, and earns what its children sell")
    func transfer() {
        var family = Family.start
        func send(_ person: Person, _ message: LineageMessage) -> TransactionResult {
            family.harness.send(person, .lineage(message))
        }
        #expect(send(.dave, .offerAsset(Family.base, to: Person.alice.id)).isAccepted)
        #expect(family.asset(Family.base)?.owner == Person.dave.id, "nobody is given anything")
        #expect(send(.alice, .cancelAssetOffer(Family.base)).isAccepted, "it may decline")
        #expect(send(.alice, .acceptAsset(Family.base)).refusal == .lineage(.notOffered))
        #expect(send(.dave, .offerAsset(Family.base, to: Person.alice.id)).isAccepted)
        #expect(send(.dave, .offerAsset(Family.base, to: Person.erin.id)).isAccepted)
        #expect(send(.alice, .acceptAsset(Family.base)).refusal == .lineage(.notRecipient))
        let accepted = send(.erin, .acceptAsset(Family.base))
        let event = LineageEvent.assetTransferred(
            Family.base,
            from: Person.dave.id,
            to: Person.erin.id
        )
        #expect(accepted.events == [.lineage(event)])
        #expect(family.asset(Family.base)?.owner == Person.erin.id)
        #expect(!family.harness.ledger.state.contains(.assetStanding(Family.base)))
        #expect(send(.erin, .acceptAsset(Family.base)).refusal == .lineage(.notOffered))
        #expect(send(.dave, .retireAsset(Family.base)).refusal == .assets(.notOwner))
        let sale = family.sell(Family.tune, by: .bob, for: 1000)
        #expect(sale.parts.map(\.account) == [Person.bob.id, Person.erin.id, Person.carol.id])
        let again = family.publish(.dave, AssetDraft("base"))
        #expect(again.refusal == .assets(.alreadyPublished), "a name is used once for ever")
    }

    @Test("LIN-24: who sold an asset is paid what was signed for it before it changed hands")
    func lastSeller() {
        var family = Family.start
        #expect(family.sell(Family.tune, by: .bob, for: 100).isAccepted)
        family.harness.send(
            .bob,
            .lineage(.offerAsset(Family.tune, to: Person.alice.id))
        )
        family.harness.send(.alice, .lineage(.acceptAsset(Family.tune)))
        let late = family.claim([.init(asset: Family.tune, amount: 100)], by: .bob)
        #expect(late.parts.first?.account == Person.bob.id)
        let offer = family.offer(of: Family.tune, by: .bob, LedgerHarness.token)
        #expect(family.harness.send(.bob, .publishOffer(offer)).refusal == .offers(.notOwner))
        #expect(family.sell(Family.tune, by: .alice, for: 100).isAccepted)
    }

    @Test("LIN-23: what is retired earns on, and nothing new comes of it")
    func retirement() {
        var family = Family.start
        family.sell(Family.tune, by: .bob, for: 100)
        family.harness.send(.bob, .lineage(.offerAsset(Family.tune, to: Person.alice.id)))
        let result = family.harness.send(.bob, .lineage(.retireAsset(Family.tune)))
        #expect(
            result.events == [
                .lineage(.assetOfferEnded(Family.tune)), .lineage(.assetRetired(Family.tune)),
            ]
        )
        let late = family.claim([.init(asset: Family.tune, amount: 1000)], by: .bob)
        #expect(late.parts.map(\.amount.obol) == [750, 180, 70])
        family.harness.send(.dave, .lineage(.retireAsset(Family.base)))
        let later = family.claim([.init(asset: Family.tune, amount: 1000)], by: .bob)
        #expect(later.parts.map(\.amount.obol) == [750, 180, 70])
        family.harness.send(.bob, .lineage(.offerAsset(Family.tune, to: Person.alice.id)))
        let accepted = family.harness.send(.alice, .lineage(.acceptAsset(Family.tune)))
        #expect(accepted.isAccepted, "a retired asset can still change hands")
        let standing = family.harness.ledger.state.standing(of: Family.tune)
        #expect(standing.retiredAt == family.harness.context.height && standing.offeredTo == nil)
    }

    @Test("LIN-10: terms, parents, children and metadata stand where clients look for them")
    func records() throws {
        var family = Family.start
        let draft = AssetDraft("fusion") {
            $0.licence = "LicenseRef-mine"
            $0.licenceText = digest(9)
            $0.metadata = digest(8)
            $0.descend(from: Family.base, .baseModel, 1000)
            $0.descend(from: Family.tune, .adapter, 0)
        }
        let result = family.publish(.alice, draft)
        let id = Asset.id(owner: Person.alice.id, name: "fusion")
        let parents = draft.parents.map { Event.lineage(.parentNamed(id, parent: $0)) }
        #expect(
            result.events == [
                .assetPublished(id, version: 1),
                .lineage(.termsPublished(id, terms: draft.terms.digest)),
            ] + parents + [.lineage(.metadataSet(id, version: 1, metadata: digest(8)))]
        )
        let state = family.harness.ledger.state
        #expect(state.read(AssetTerms.self, .assetTerms(id)) == draft.terms)
        #expect(state.contains(.child(id, of: Family.tune)))
        #expect(!state.contains(.child(Family.tune, of: id)))
        #expect(!state.contains(.child(id, of: Family.corpus)), "a grandchild is no child")
        #expect(state.read(StoredDigest.self, .assetMetadata(id, 1))?.digest == digest(8))
        let lineage = try #require(family.lineage(id))
        #expect(lineage.nodes.map(\.asset) == [id, Family.tune, Family.base, Family.corpus])
        #expect(lineage.nodes.map(\.depth) == [3, 2, 1, 0])
        #expect(lineage.edges == 5)
        let set = LineageMessage.setMetadata(asset: id, version: 1, metadata: digest(7))
        #expect(family.harness.send(.alice, .lineage(set)).isAccepted)
        let metadata = family.harness.ledger.state.read(
            StoredDigest.self,
            .assetMetadata(id, 1)
        )
        #expect(metadata?.digest == digest(7))
    }

    @Test("LIN-11: a use that is constrained is judged by people; a model may be trained on")
    func uses() {
        var family = Family.start
        let careful = DataUse(all: .constrained)
        family.publish(.carol, AssetDraft("careful", .dataset) { $0.use = careful })
        let data = Asset.id(owner: Person.carol.id, name: "careful")
        func child(_ kind: AssetKind, _ use: DataUse) -> TransactionResult {
            family.publish(
                .bob,
                AssetDraft("child\(kind.rawValue)", kind) {
                    $0.use = use
                    $0.descend(from: data, .dataset, 0)
                }
            )
        }
        #expect(child(.model, .open).isAccepted)
        #expect(child(.service, careful).isAccepted)
        #expect(child(.dataset, .open).refusal == .lineage(.looserThanParent))
        #expect(child(.dataset, DataUse(all: .notAllowed)).isAccepted)
        family.publish(.carol, AssetDraft("still") { $0.use = DataUse(all: .notAllowed) })
        let tuned = AssetDraft("tuned") {
            $0.descend(from: Asset.id(owner: Person.carol.id, name: "still"), .baseModel, 0)
        }
        #expect(family.publish(.bob, tuned).isAccepted, "a model's derivation is its own question")
    }
}
