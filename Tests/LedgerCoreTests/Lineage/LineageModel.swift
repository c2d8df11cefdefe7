import CanonicalCoding
import Identity
import MarketTypes

@testable import LedgerCore

/// Assets as docs/spec/lineage.md tells of them, written to be obviously right instead of fast.
struct LineageModel {
    struct Work {
        var owner: AccountID
        let kind: AssetKind
        var versions = 1
        var terms: AssetTerms?
        var isRetired = false
        var offeredTo: AccountID?
    }

    struct Earned: Hashable {
        let by: AssetID
        let from: AssetID
        let denomination: Denomination
    }

    var works: [AssetID: Work] = [:]
    var earned: [Earned: UInt128] = [:]

    private func depth(_ asset: AssetID) -> Int {
        (works[asset]?.terms?.parents ?? []).map { depth($0.asset) + 1 }.max() ?? 0
    }

    private func ancestors(_ asset: AssetID) -> Set<AssetID> {
        (works[asset]?.terms?.parents ?? []).reduce(into: [asset]) {
            $0.formUnion(ancestors($1.asset))
        }
    }

    private func edges(_ assets: Set<AssetID>) -> Int {
        assets.reduce(0) { $0 + (works[$1]?.terms?.parents.count ?? 0) }
    }

    /// The number of the refusal that a message gets, or 0 once it is done.
    mutating func apply(_ message: LineageMessage, from sender: AccountID) -> UInt32 {
        switch message {
        case .publishAssetWithTerms(let publication, let terms, _):
            return publish(publication, terms, from: sender)
        case .setMetadata(let asset, let version, _):
            guard let work = works[asset] else { return 304 }
            guard work.owner == sender else { return 305 }
            guard !work.isRetired else { return 914 }
            return version >= 1 && version <= work.versions ? 0 : 915
        case .offerAsset(let asset, let account):
            guard let work = works[asset] else { return 304 }
            guard work.owner == sender else { return 305 }
            guard account != sender else { return 916 }
            works[asset]?.offeredTo = account
        case .acceptAsset(let asset):
            guard let work = works[asset] else { return 304 }
            guard let account = work.offeredTo else { return 917 }
            guard account == sender else { return 918 }
            works[asset]?.owner = sender
            works[asset]?.offeredTo = nil
        case .cancelAssetOffer(let asset):
            guard let work = works[asset] else { return 304 }
            guard let account = work.offeredTo else { return 917 }
            guard [work.owner, account].contains(sender) else { return 918 }
            works[asset]?.offeredTo = nil
        case .retireAsset(let asset):
            guard let work = works[asset] else { return 304 }
            guard work.owner == sender else { return 305 }
            guard !work.isRetired else { return 914 }
            works[asset]?.isRetired = true
            works[asset]?.offeredTo = nil
        }
        return 0
    }

    private mutating func publish(
        _ publication: AssetPublication,
        _ terms: AssetTerms,
        from sender: AccountID
    ) -> UInt32 {
        let id = Asset.id(owner: sender, name: publication.name)
        guard works[id] == nil else { return 303 }
        guard publication.licence.hasPrefix("LicenseRef-") == (terms.licenceText != nil) else {
            return 901
        }
        guard terms.royaltyMinBasisPoints ?? 0 <= 9000 else { return 902 }
        for (index, parent) in terms.parents.enumerated() where index > 0 {
            guard terms.parents[index - 1].asset < parent.asset else { return 903 }
        }
        guard terms.parents.reduce(0, { $0 + Int($1.shareBasisPoints) }) <= 9000 else { return 904 }
        for parent in terms.parents {
            let code = refusal(of: parent, publication.kind, terms.use)
            if code != 0 { return code }
        }
        works[id] = Work(owner: sender, kind: publication.kind, terms: terms)
        var code: UInt32 = 0
        if depth(id) > 8 { code = 912 } else if edges(ancestors(id)) > 64 { code = 913 }
        if code != 0 { works[id] = nil }
        return code
    }

    private func refusal(of parent: AssetParent, _ kind: AssetKind, _ use: DataUse) -> UInt32 {
        guard let work = works[parent.asset], parent.version >= 1,
            Int(parent.version) <= work.versions
        else { return 905 }
        let isModel = work.kind == .model
        let isData = work.kind == .dataset
        let suits =
            switch parent.role {
            case .baseModel, .adapter: isModel
            case .dataset: isData
            case .other: !isData
            }
        guard suits else { return 906 }
        guard let terms = work.terms, let minimum = terms.royaltyMinBasisPoints else { return 907 }
        guard !work.isRetired else { return 908 }
        guard parent.shareBasisPoints >= minimum else { return 909 }
        if kind == .model {
            return !isModel && terms.use.training == .notAllowed ? 910 : 0
        }
        let order: [UsePermission] = [.allowed, .constrained, .notAllowed]
        let uses = zip(use.entries, terms.use.entries)
        for (own, above) in uses {
            guard let mine = order.firstIndex(of: own.permission),
                let theirs = order.firstIndex(of: above.permission), mine >= theirs
            else { return 911 }
        }
        return 0
    }

    /// What each asset gets of a sale, in no order.
    mutating func sell(
        _ asset: AssetID,
        _ amount: UInt128,
        _ denomination: Denomination
    ) -> [AssetID: UInt128] {
        guard works[asset]?.terms != nil else { return [:] }
        let family = ancestors(asset)
        var waiting = family
        var reached: [AssetID: UInt128] = [asset: amount]
        var kept: [AssetID: UInt128] = [:]
        // Whoever has no child left that has not given yet, in whatever order.
        while let next = waiting.first(where: { one in
            waiting.allSatisfy { child in
                !(works[child]?.terms?.parents ?? []).contains { $0.asset == one }
            }
        }) {
            waiting.remove(next)
            let total = reached[next] ?? 0
            let parents = works[next]?.terms?.parents ?? []
            var parts = parents.map {
                (asset: $0.asset, exact: total * UInt128($0.shareBasisPoints))
            }
            let given = parts.reduce(UInt128(0)) { $0 + $1.exact }
            parts.append((asset: next, exact: total * 10_000 - given))
            var left = total - parts.reduce(0) { $0 + $1.exact / 10_000 }
            var whole = parts.map { $0.exact / 10_000 }
            var order = Array(parents.indices)
            while left > 0 {
                let best = order.max {
                    let (one, two) = (parts[$0].exact % 10_000, parts[$1].exact % 10_000)
                    return one == two ? $0 > $1 : one < two
                }
                guard let best else { break }
                whole[best] += 1
                order.removeAll { $0 == best }
                left -= 1
            }
            for (part, amount) in zip(parts, whole) {
                if part.asset == next {
                    kept[next] = amount
                } else {
                    reached[part.asset, default: 0] += amount
                }
            }
        }
        for (earner, amount) in kept where amount > 0 {
            earned[Earned(by: earner, from: asset, denomination: denomination), default: 0] +=
                amount
        }
        return kept.filter { $0.value > 0 }
    }
}
