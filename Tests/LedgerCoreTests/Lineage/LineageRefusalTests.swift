import Identity
import MarketTypes
import Testing

@testable import LedgerCore

/// One message about assets that must be refused, who sends it, and why.
struct RefusedLineage: Sendable, CustomTestStringConvertible {
    let refusal: Refusal
    let name: String
    let sender: Person
    let message: @Sendable (inout Family) -> Message

    var testDescription: String { "\(refusal.name): \(name)" }

    init(
        _ refusal: Refusal,
        _ name: String,
        from sender: Person,
        _ message: @escaping @Sendable (inout Family) -> Message
    ) {
        self.refusal = refusal
        self.name = name
        self.sender = sender
        self.message = message
    }

    /// A publication of Bob's in which one thing is wrong.
    private static func draft(
        _ refusal: LineageRefusal,
        _ name: String,
        _ kind: AssetKind = .model,
        _ change: @escaping @Sendable (inout AssetDraft) -> Void
    ) -> RefusedLineage {
        RefusedLineage(.lineage(refusal), name, from: .bob) { _ in
            .lineage(AssetDraft("wrong", kind, change).message)
        }
    }

    private static let forms: [RefusedLineage] = [
        draft(.invalidLicence, "a licence of one's own without a text") {
            $0.licence = "LicenseRef-mine"
        },
        draft(.invalidLicence, "a text for a listed licence") { $0.licenceText = digest(1) },
        draft(.invalidMinimum, "more than a child may give") { $0.minimum = 9001 },
        draft(.sharesTooLarge, "a basis point too many") {
            $0.descend(from: Family.base, .baseModel, 8000)
            $0.descend(from: Family.corpus, .dataset, 1001)
        },
        draft(.sharesTooLarge, "more than 16 bits hold") {
            $0.descend(from: Family.base, .baseModel, 65_535)
            $0.descend(from: Family.corpus, .dataset, 2)
        },
        draft(.parentsNotAscending, "a parent twice") {
            $0.descend(from: Family.base, .baseModel, 1000)
            $0.descend(from: Family.base, .adapter, 1000)
        },
        RefusedLineage(.lineage(.parentsNotAscending), "out of order", from: .bob) { _ in
            var draft = AssetDraft("wrong") {
                $0.descend(from: Family.base, .baseModel, 1000)
                $0.descend(from: Family.corpus, .dataset, 1000)
            }
            draft.parents.reverse()
            return .lineage(draft.message)
        },
    ]

    private static let parents: [RefusedLineage] = [
        draft(.unknownParent, "no such asset") {
            $0.descend(from: AssetID(digest(1)), .other, 0)
        },
        draft(.unknownParent, "no such version") {
            $0.descend(from: Family.base, .baseModel, 1000, version: 2)
        },
        draft(.unknownParent, "itself") {
            let own = Asset.id(owner: Person.bob.id, name: "wrong")
            $0.descend(from: own, .baseModel, 1000)
        },
        draft(.wrongRole, "a dataset for a base model") {
            $0.descend(from: Family.corpus, .baseModel, 1000)
        },
        draft(.wrongRole, "data by another name") {
            $0.descend(from: Family.closed, .other, 1000)
        },
        draft(.wrongRole, "a model for a dataset") {
            $0.descend(from: Family.base, .dataset, 1000)
        },
        draft(.derivationNotAllowed, "a parent that forbids children") {
            $0.descend(from: Family.sealed, .dataset, 9000)
        },
        draft(.derivationNotAllowed, "a parent without terms") {
            $0.descend(from: Family.plain, .baseModel, 9000)
        },
        draft(.parentRetired, "a retired parent") {
            $0.descend(from: Family.gone, .dataset, 9000)
        },
        draft(.shareBelowMinimum, "a basis point too little") {
            $0.descend(from: Family.base, .baseModel, 999)
        },
        draft(.trainingNotAllowed, "a model of data that is not for training") {
            $0.descend(from: Family.closed, .dataset, 9000)
        },
        draft(.trainingNotAllowed, "a model of a prompt that is not for training") {
            $0.descend(from: Family.hint, .other, 0)
        },
        draft(.looserThanParent, "data that permits what its source forbids", .dataset) {
            $0.descend(from: Family.closed, .dataset, 9000)
            $0.use = DataUse(
                training: .notAllowed,
                generativeTraining: .notAllowed,
                mining: .constrained,
                inference: .notAllowed
            )
        },
    ]

    private static func asset(
        _ refusal: Refusal,
        _ name: String,
        from sender: Person,
        _ message: LineageMessage
    ) -> RefusedLineage {
        RefusedLineage(refusal, name, from: sender) { _ in .lineage(message) }
    }

    private static let nothing = AssetID(digest(1))

    private static let owners: [RefusedLineage] = [
        asset(
            .assets(.unknownAsset),
            "metadata of nothing",
            from: .bob,
            .setMetadata(asset: nothing, version: 1, metadata: digest(1))
        ),
        asset(
            .assets(.notOwner),
            "metadata of another's",
            from: .bob,
            .setMetadata(asset: Family.base, version: 1, metadata: digest(1))
        ),
        asset(
            .lineage(.unknownVersion),
            "metadata of a version to come",
            from: .dave,
            .setMetadata(asset: Family.base, version: 2, metadata: digest(1))
        ),
        asset(
            .lineage(.retired),
            "metadata of what is retired",
            from: .alice,
            .setMetadata(asset: Family.gone, version: 1, metadata: digest(1))
        ),
        asset(.lineage(.retired), "twice", from: .alice, .retireAsset(Family.gone)),
        asset(.assets(.notOwner), "another's", from: .bob, .retireAsset(Family.base)),
        asset(.assets(.unknownAsset), "retire nothing", from: .bob, .retireAsset(nothing)),
        asset(
            .assets(.notOwner),
            "give another's",
            from: .bob,
            .offerAsset(Family.base, to: Person.erin.id)
        ),
        asset(
            .assets(.unknownAsset),
            "give nothing",
            from: .bob,
            .offerAsset(nothing, to: Person.erin.id)
        ),
        asset(
            .lineage(.sameOwner),
            "give to oneself",
            from: .bob,
            .offerAsset(Family.plain, to: Person.bob.id)
        ),
        asset(.assets(.unknownAsset), "accept nothing", from: .bob, .acceptAsset(nothing)),
        asset(.lineage(.notOffered), "take", from: .bob, .acceptAsset(Family.base)),
        asset(.assets(.unknownAsset), "end nothing", from: .bob, .cancelAssetOffer(nothing)),
        asset(.lineage(.notOffered), "end no offer", from: .dave, .cancelAssetOffer(Family.base)),
    ]

    private static let offers: [RefusedLineage] = [
        RefusedLineage(.lineage(.notRecipient), "what others are to get", from: .bob) { family in
            let offer = LineageMessage.offerAsset(Family.base, to: Person.erin.id)
            family.harness.send(.dave, .lineage(offer))
            return .lineage(.acceptAsset(Family.base))
        },
        RefusedLineage(.lineage(.notRecipient), "one's own", from: .dave) { family in
            let offer = LineageMessage.offerAsset(Family.base, to: Person.erin.id)
            family.harness.send(.dave, .lineage(offer))
            return .lineage(.acceptAsset(Family.base))
        },
        RefusedLineage(.lineage(.notRecipient), "end others' offer", from: .bob) { family in
            let offer = LineageMessage.offerAsset(Family.base, to: Person.erin.id)
            family.harness.send(.dave, .lineage(offer))
            return .lineage(.cancelAssetOffer(Family.base))
        },
        RefusedLineage(.lineage(.retired), "a version of what is retired", from: .alice) { _ in
            .publishAssetVersion(
                asset: Family.gone,
                version: AssetVersion(content: digest(2), metadataLink: "")
            )
        },
        RefusedLineage(.lineage(.retired), "an offer of what is retired", from: .alice) { family in
            .publishOffer(family.offer(of: Family.gone, by: .alice))
        },
        RefusedLineage(.assets(.alreadyPublished), "a name twice", from: .bob) { _ in
            .lineage(AssetDraft("plain").message)
        },
        RefusedLineage(.assets(.invalidName), "before all else", from: .bob) { _ in
            .lineage(AssetDraft("A") { $0.licenceText = digest(1) }.message)
        },
    ]

    private static let limits: [RefusedLineage] = [
        RefusedLineage(.lineage(.tooDeep), "a ninth generation", from: .bob) { family in
            var last = family.grow(generations: 8)
            last.name = "ninth"
            return .lineage(last.message)
        },
        RefusedLineage(.lineage(.tooManyEdges), "a 65th edge", from: .bob) { family in
            let parents = family.growWide()
            return .lineage(
                AssetDraft("wide") { draft in
                    for parent in parents { draft.descend(from: parent, .baseModel, 10) }
                }.message
            )
        },
        RefusedLineage(.lineage(.tooManyRoyalties), "1025 edges at once", from: .bob) { family in
            let sales = family.growForSale(edges: 1025)
            return family.claimMessage(sales, by: .bob)
        },
    ]

    static let all = forms + parents + owners + offers + limits
}

extension Family {
    /// Bob's line of models, one out of the other; returns what would be the next.
    mutating func grow(generations: Int) -> AssetDraft {
        var next = AssetDraft("line0")
        for generation in 0...generations {
            let result = publish(.bob, next)
            precondition(result.isAccepted, "\(result)")
            let parent = Asset.id(owner: Person.bob.id, name: next.name)
            next = AssetDraft("line\(generation + 1)") {
                $0.descend(from: parent, .baseModel, 5000)
            }
        }
        return next
    }

    /// Bob's models; returns parents whose child would have 65 edges.
    ///
    /// Eight originals, seven that each descend from all of those, and one that descends from one:
    /// 7 × 8 + 1 edges, and 8 to the child.
    mutating func growWide() -> [AssetID] {
        var originals: [AssetID] = []
        for index in 0..<8 {
            publish(.bob, AssetDraft("root\(index)"))
            originals.append(Asset.id(owner: Person.bob.id, name: "root\(index)"))
        }
        var middle: [AssetID] = []
        for index in 0..<8 {
            let parents = index < 7 ? originals : Array(originals.prefix(1))
            let draft = AssetDraft("middle\(index)") { draft in
                for parent in parents { draft.descend(from: parent, .baseModel, 1000) }
            }
            let result = publish(.bob, draft)
            precondition(result.isAccepted, "\(result)")
            middle.append(Asset.id(owner: Person.bob.id, name: draft.name))
        }
        return middle
    }

    /// Bob's assets for sale that have so many edges together, and a sale of each.
    mutating func growForSale(edges: Int) -> [Sale] {
        let middle = growWide()
        var left = edges
        var sales: [Sale] = []
        while left > 0 {
            // Seven of the eight and one original: 7 × 8 + 8; or an original's only child.
            let isWide = left >= 64
            let draft = AssetDraft("sale\(sales.count)") { draft in
                for parent in middle.prefix(7) where isWide {
                    draft.descend(from: parent, .baseModel, 1000)
                }
                let root = Asset.id(owner: Person.bob.id, name: "root0")
                draft.descend(from: root, .baseModel, 1000)
            }
            let asset = Asset.id(owner: Person.bob.id, name: draft.name)
            let offer = offer(of: asset, by: .bob)
            let result = harness.send(.bob, .lineage(draft.message), .publishOffer(offer))
            precondition(result.isAccepted, "\(result)")
            sales.append(Sale(asset: asset, amount: 1000))
            left -= isWide ? 64 : 1
        }
        return sales
    }
}

@Suite("The ledger refuses, of assets")
struct LineageRefusalTests {
    /// That nothing but sequence number and fee changes is checked by the harness.
    @Test("a message that breaks a rule, with its number", arguments: RefusedLineage.all)
    func message(_ refused: RefusedLineage) {
        var family = Family.start
        let message = refused.message(&family)
        let result = family.harness.send(refused.sender, message)
        #expect(result.refusal == refused.refusal)
    }

    @Test("every refusal that there is stands in the table")
    func covered() {
        let codes = Set(RefusedLineage.all.map(\.refusal.code))
        let missing = LineageRefusal.allCases.filter { !codes.contains(Refusal.lineage($0).code) }
        #expect(missing.isEmpty)
        #expect(Refusal.lineage(.invalidLicence).code == 901)
        #expect(Refusal.lineage(.tooManyRoyalties).code == 919)
    }

    @Test("LIN-13: what is just within the limits passes")
    func within() {
        var family = Family()
        _ = family.grow(generations: 8)
        let deepest = Asset.id(owner: Person.bob.id, name: "line8")
        #expect(family.lineage(deepest)?.depth == 8)
        let sales = family.growForSale(edges: 1024)
        #expect(sales.count == 16)
        #expect(sales.allSatisfy { family.lineage($0.asset)?.edges == 64 })
        let result = family.claim(sales, by: .bob)
        #expect(result.isAccepted)
        #expect(result.parts.reduce(0) { $0 + $1.amount.obol } == 16_000)
        // What one transaction's income flowed along does not count in the next.
        #expect(family.claim(sales, by: .bob).isAccepted)
        let twice = sales.map { _ in sales[0] }.prefix(1)
        #expect(family.claim(Array(twice), by: .bob).isAccepted)
    }
}
