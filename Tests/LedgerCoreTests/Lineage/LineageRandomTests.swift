import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

/// People who publish, derive, give, retire and sell as it comes, from one seed.
private struct Makers {
    var random: SplitMix64
    var family = Family()
    var model = LineageModel()
    private var names: [AssetID: String] = [:]
    private var known: [AssetID] = []

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    private mutating func someAsset() -> AssetID {
        random.once(in: 30) ? AssetID(digest(1)) : random.pick(known) ?? AssetID(digest(1))
    }

    private mutating func somebody() -> Person { random.pick(Person.all) ?? .alice }

    /// Who owns an asset, as a rule.
    private mutating func owner(of asset: AssetID) -> Person {
        guard !random.once(in: 8), let work = model.works[asset] else { return somebody() }
        return Person.of(work.owner) ?? .alice
    }

    private mutating func use() -> DataUse {
        guard random.once(in: 4) else { return .open }
        func one() -> UsePermission { random.pick(UsePermission.allCases) ?? .allowed }
        return DataUse(
            training: one(),
            generativeTraining: one(),
            mining: one(),
            inference: one()
        )
    }

    private mutating func draft() -> AssetDraft {
        let kinds: [AssetKind] = [.model, .model, .dataset, .dataset, .prompt, .service]
        let kind = random.pick(kinds) ?? .model
        var draft = AssetDraft("a\(random.below(12))", kind)
        if random.once(in: 20) { draft.licence = "LicenseRef-mine" }
        if random.once(in: 20) { draft.licenceText = digest(3) }
        draft.use = use()
        draft.minimum =
            random.once(in: 12) ? nil : UInt16(random.once(in: 20) ? 9001 : random.below(1500))
        var left = 9000 + (random.once(in: 10) ? 900 : 0)
        for _ in 0..<random.below(5) {
            let parent = random.once(in: 3) ? someAsset() : known.last ?? someAsset()
            guard random.once(in: 20) || !draft.parents.contains(where: { $0.asset == parent })
            else { continue }
            let suited: ParentRole =
                switch model.works[parent]?.kind {
                case .model: .baseModel
                case .dataset: .dataset
                default: .other
                }
            let least = Int(model.works[parent]?.terms?.royaltyMinBasisPoints ?? 0)
            let share = min(left, random.once(in: 20) ? 0 : least + random.below(2000))
            left -= share
            draft.descend(
                from: parent,
                random.once(in: 20) ? random.pick(ParentRole.allCases) ?? .other : suited,
                UInt16(share),
                version: random.once(in: 20) ? UInt32(random.below(3)) : 1
            )
        }
        if !random.once(in: 20) { draft.parents.sort { $0.asset < $1.asset } }
        return draft
    }

    private mutating func message() -> (Person, LineageMessage) {
        let asset = someAsset()
        switch random.below(20) {
        case 0...11:
            let person = somebody()
            return (person, draft().message)
        case 12:
            let version = UInt32(random.below(3))
            return (
                owner(of: asset),
                .setMetadata(asset: asset, version: version, metadata: digest(4))
            )
        case 13...14: return (owner(of: asset), .offerAsset(asset, to: somebody().id))
        case 15...17:
            let account = model.works[asset]?.offeredTo
            let person = account.flatMap { Person.of($0) } ?? somebody()
            return (random.once(in: 6) ? somebody() : person, .acceptAsset(asset))
        case 18: return (owner(of: asset), .cancelAssetOffer(asset))
        default: return (owner(of: asset), .retireAsset(asset))
        }
    }

    /// Sends a message about assets, and checks that model and ledger say the same.
    mutating func talk() {
        let (person, message) = message()
        let result = family.harness.send(person, .lineage(message))
        #expect(result.code == model.apply(message, from: person.id), "\(message)")
        if case .publishAssetWithTerms(let publication, _, _) = message, result.isAccepted {
            known.append(Asset.id(owner: person.id, name: publication.name))
        }
    }

    /// A plain asset or another version, which parents can name.
    mutating func publishPlainly() {
        let person = somebody()
        let name = "p\(random.below(5))"
        let id = Asset.id(owner: person.id, name: name)
        let version = AssetVersion(content: digest(1), metadataLink: "")
        if random.once(in: 2) {
            let publication = AssetPublication(
                name: name,
                kind: .dataset,
                licence: "MIT",
                version: version
            )
            guard family.harness.send(person, .publishAsset(publication)).isAccepted else { return }
            model.works[id] = .init(owner: person.id, kind: .dataset)
            known.append(id)
        } else {
            let asset = someAsset()
            let person = owner(of: asset)
            let update = Message.publishAssetVersion(asset: asset, version: version)
            guard family.harness.send(person, update).isAccepted else { return }
            #expect(model.works[asset]?.isRetired == false)
            model.works[asset]?.versions += 1
        }
    }

    /// Sells some assets of one owner at once, and checks who got what.
    mutating func sell() {
        let first = someAsset()
        guard let owner = model.works[first]?.owner, let seller = Person.of(owner),
            seller.id != Person.erin.id
        else { return }
        let denomination = random.once(in: 2) ? Denomination.native : LedgerHarness.token
        var assets = [first]
        for asset in known where random.once(in: 4) && !assets.contains(asset) {
            if model.works[asset]?.owner == owner { assets.append(asset) }
        }
        for asset in assets {
            let offer = family.offer(of: asset, by: seller, denomination)
            let result = family.harness.send(seller, .publishOffer(offer))
            if !result.isAccepted, result.refusal != .offers(.alreadyPublished) {
                #expect(result.refusal == .lineage(.retired))
                #expect(model.works[asset]?.isRetired == true)
                return
            }
        }
        var due: [AccountID: UInt128] = [:]
        let sales = assets.map { asset in
            let amount = UInt64(random.once(in: 2) ? random.below(30) + 1 : random.below(900) + 1)
            let kept = model.sell(asset, UInt128(amount), denomination)
            if kept.isEmpty { due[seller.id, default: 0] += UInt128(amount) }
            for (earner, part) in kept {
                let account = earner == asset ? seller.id : model.works[earner]?.owner
                due[account ?? seller.id, default: 0] += part
            }
            return Family.Sale(asset: asset, amount: amount)
        }
        let before = Person.all.map { balance($0, denomination) }
        let message = family.claimMessage(sales, by: seller, denomination)
        let transaction = family.harness.transaction(seller, [message])
        let result = family.harness.send(seller, message)
        #expect(result.isAccepted, "\(result)")
        for (person, held) in zip(Person.all, before) {
            let isPayer = person.id == seller.id && denomination == .native
            let fee = isPayer ? transaction.fee.obol : 0
            #expect(balance(person, denomination) + fee == held + due[person.id, default: 0])
        }
    }

    private func balance(_ person: Person, _ denomination: Denomination) -> UInt128 {
        family.harness.ledger.state.balance(person.id, denomination).obol
    }

    /// Compares everything that the ledger keeps of assets with the model.
    func compare() {
        for (id, work) in model.works {
            #expect(family.asset(id)?.owner == work.owner)
            let state = family.harness.ledger.state
            #expect(state.isRetired(id) == work.isRetired)
            #expect(state.standing(of: id).offeredTo == work.offeredTo)
            #expect(state.read(AssetTerms.self, .assetTerms(id)) == work.terms)
            for parent in work.terms?.parents ?? [] {
                #expect(state.contains(.child(id, of: parent.asset)))
            }
        }
        for (entry, sum) in model.earned {
            let found = family.earned(entry.by, from: entry.from, entry.denomination)
            #expect(found == sum)
        }
    }
}

@Suite("Lineage and its model agree")
struct LineageRandomTests {
    /// Conservation and that refusals change nothing is checked by the harness at every step.
    @Test("LIN-10 to LIN-31: whatever people make, give and sell", arguments: Soak.seeds)
    func agree(seed: UInt64) {
        var makers = Makers(seed: seed)
        for _ in 0..<100 {
            switch makers.random.below(10) {
            case 0: makers.publishPlainly()
            case 1...3: makers.sell()
            default: makers.talk()
            }
            if makers.random.once(in: 6) { makers.family.harness.endBlock() }
        }
        makers.compare()
    }
}
