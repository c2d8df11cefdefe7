import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import WebServing

/// Everything that an asset's page shows.
struct AssetPage: Sendable {
    static let versionsMax: UInt32 = 10
    static let childrenMax = 50
    static let earningsMax = 200
    static let holdersMax = 200
    static let holdersShown = 12
    static let historyMax = 15
    static let tradesMax = 8

    /// What an asset has earned of one source, in one denomination.
    struct Earning: Sendable {
        let denomination: Denomination
        let source: AssetID
        let amount: Amount
    }

    /// Who has how many shares.
    struct Holder: Sendable {
        let account: AccountID
        let shares: UInt128
    }

    let entry: AssetEntry
    let versions: [(number: UInt32, version: AssetVersion)]
    let terms: AssetTerms?
    let lineage: Lineage?
    let children: [AssetID]
    let earnings: [Earning]
    let shares: ShareRecord?
    let holders: [Holder]
    let named: [AssetID: AssetEntry]
    let units: [Denomination: UnitName]

    static func load(_ id: AssetID, _ source: PageSource) async throws -> AssetPage {
        guard let entry = try await source.index.asset(id) else {
            throw Problem.missing(
                "There is no asset of this name.",
                hint: "It may be on another chain, or in a block that is not indexed yet."
            )
        }
        let ledger = source.ledger
        let lineage = try await ledger.read(Lineage.self, .lineage(id))
        let children = try await source.names(.children(of: id), limit: childrenMax)
            .map { AssetID($0) }
        let earnings = try await earnings(id, source)
        let shares = try await ledger.read(ShareRecord.self, .shares(ShareUnit.unit(of: id)))
        let holders = shares == nil ? [] : try await holders(id, source)
        let related = (lineage?.nodes.map(\.asset) ?? []) + children + earnings.map(\.source)
        return AssetPage(
            entry: entry,
            versions: try await versions(entry, source),
            terms: try await ledger.read(AssetTerms.self, .assetTerms(id)),
            lineage: lineage,
            children: children,
            earnings: earnings,
            shares: shares,
            holders: holders,
            named: try await source.assets(related),
            units: try await source.units(
                earnings.map(\.denomination) + [ShareUnit.denomination(of: id)]
            )
        )
    }

    /// The latest versions, the latest first.
    private static func versions(
        _ entry: AssetEntry,
        _ source: PageSource
    ) async throws -> [(number: UInt32, version: AssetVersion)] {
        let latest = entry.asset.latestVersion
        let first = latest > versionsMax ? latest - versionsMax + 1 : 1
        let numbers = Array((first...max(first, latest)).reversed())
        let found = try await source.each(numbers) { number in
            try await source.ledger.read(AssetVersion.self, .assetVersion(entry.id, number))
        }
        return zip(numbers, found).compactMap { number, version in version.map { (number, $0) } }
    }

    private static func earnings(
        _ id: AssetID,
        _ source: PageSource
    ) async throws -> [Earning] {
        let prefix = StateKey.earnings(of: id)
        return try await source.listed(prefix, limit: earningsMax).compactMap { listing in
            let key = listing.key.bytes
            let unitStart = prefix.bytes.count
            let sourceStart = unitStart + Digest.byteCount
            guard key.count == sourceStart + Digest.byteCount,
                let unit = Digest(bytes: key[unitStart..<sourceStart]),
                let source = Digest(bytes: key[sourceStart...]),
                let stored = try? StoredAmount(canonicalBytes: listing.value)
            else { return nil }
            return Earning(
                denomination: unit == .zero ? .native : .issued(unit),
                source: AssetID(source),
                amount: stored.amount
            )
        }
    }

    private static func holders(_ id: AssetID, _ source: PageSource) async throws -> [Holder] {
        let unit = ShareUnit.unit(of: id)
        let accounts = try await source.names(.shareHoldings(unit), limit: holdersMax)
            .map { AccountID($0) }
        let balances = try await source.each(accounts) { account in
            try await source.ledger.read(StoredAmount.self, .issuedBalance(account, unit))
        }
        return zip(accounts, balances).map { account, balance in
            Holder(account: account, shares: balance?.amount.obol ?? 0)
        }
        .filter { $0.shares > 0 }
        .sorted { ($0.shares, $1.account) > ($1.shares, $0.account) }
    }

    /// The lineage as a drawing; nil if the asset stands alone.
    var graph: SVG? {
        guard let lineage, lineage.nodes.count > 1 || !children.isEmpty else { return nil }
        let graph = LineageGraph(lineage, children: children) { asset in
            guard let entry = asset == self.entry.id ? self.entry : named[asset] else {
                return (NameText.short(asset.digest), "asset")
            }
            return (entry.asset.name, entry.asset.kind.name)
        }
        return graph.draw(title: "What \(entry.asset.name) was made from, and what from it")
    }
}

extension AssetPage {
    func fill(_ source: PageSource) -> Fill {
        var fill = Fill()
        fill.put("name", entry.asset.name)
        fill.put("kind", entry.asset.kind.name)
        fill.put("licence", entry.asset.licence)
        fill.put("id", NameText.fill(entry.id.digest))
        fill.put("owner", NameText.fill(entry.asset.owner))
        fill.put("offeredTo", entry.offeredTo.map { NameText.fill($0) })
        fill.put("retiredAt", entry.retiredAt.map { NumberText.grouped($0.rawValue) })
        fill.put("proofHref", PortalPaths.proof(.asset(entry.id)))
        fill.put("graphSVG", graph)
        fill.put(
            "versions",
            versions.map { number, version in
                var fill = Fill(["number": "\(number)"])
                fill.put("content", NameText.fill(version.content))
                fill.put("metadataLink", Self.safeLink(version.metadataLink))
                fill.put("isLatest", number == entry.asset.latestVersion)
                return fill
            }
        )
        fill.put("hasTerms", terms != nil)
        if let terms { fill.merge(termsFill(terms)) }
        fill.put("split", split)
        fill.put("parents", parents)
        fill.put(
            "children",
            children.map { child in
                var fill = NameText.fill(child.digest, link: PortalPaths.asset(child))
                fill.put("name", named[child]?.asset.name ?? NameText.short(child.digest))
                fill.put("kind", named[child]?.asset.kind.name)
                return fill
            }
        )
        fill.put("childrenCut", children.count >= Self.childrenMax)
        fill.put("earningsCut", earnings.count >= Self.earningsMax)
        fill.merge(incomeFill)
        fill.merge(sharesFill)
        return fill
    }

    /// A link that a browser may follow: http or https, nothing that runs.
    static func safeLink(_ text: String) -> String? {
        let isWeb = text.hasPrefix("https://") || text.hasPrefix("http://")
        return isWeb ? text : nil
    }

    private func termsFill(_ terms: AssetTerms) -> Fill {
        let titles = ["Training", "Generative training", "Data mining", "Inference"]
        let words = [
            "allowed": "Allowed", "notAllowed": "Not allowed", "constrained": "By licence",
        ]
        var fill = Fill()
        fill.put(
            "uses",
            zip(titles, terms.use.entries).map { title, entry in
                var fill = Fill(["useName": title])
                fill.put("useText", words[entry.permission.name] ?? entry.permission.name)
                fill.put("useTone", entry.permission.name)
                return fill
            }
        )
        fill.put("licenceText", terms.licenceText.map { NameText.fill($0) })
        fill.put(
            "royalty",
            terms.royaltyMinBasisPoints.map {
                NumberText.percent(basisPoints: UInt64($0))
            }
        )
        return fill
    }

    /// Who gets which part of what is paid for this asset.
    /// What it was made from, for screens that are too narrow for the drawing.
    private var parents: [Fill] {
        (lineage?.nodes.first?.parents ?? []).map { edge in
            var fill = Fill(["href": PortalPaths.asset(edge.parent)])
            let name = named[edge.parent]?.asset.name
            fill.put("parentName", name ?? NameText.short(edge.parent.digest))
            let share = UInt64(edge.shareBasisPoints)
            fill.put("parentPart", NumberText.percent(basisPoints: share))
            return fill
        }
    }

    private var split: [Fill] {
        guard let lineage, lineage.nodes.count > 1 else { return [] }
        let whole = Amount.obolPerStoa
        return zip(lineage.nodes, lineage.split(whole)).map { node, part in
            let known = node.asset == entry.id ? entry : named[node.asset]
            var fill = Fill()
            fill.put("splitName", known?.asset.name ?? NameText.short(node.asset.digest))
            fill.put("splitHref", PortalPaths.asset(node.asset))
            fill.put("splitKind", known?.asset.kind.name)
            fill.put("splitPart", NumberText.percent(part, of: whole))
            fill.put("splitOwner", known.map { NameText.fill($0.asset.owner) })
            fill.put(
                "splitSVG",
                Bars.split(
                    [("part", Bars.part(part, of: whole))],
                    title: "\(NumberText.percent(part, of: whole)) of the income"
                )
            )
            return fill
        }
    }

    private var incomeFill: Fill {
        var fill = Fill()
        fill.put(
            "earnings",
            earnings.map { earning in
                var fill = Fill()
                let isOwn = earning.source == entry.id
                let name = isOwn ? entry.asset.name : named[earning.source]?.asset.name
                fill.put("earnedName", name ?? NameText.short(earning.source.digest))
                fill.put("earnedHref", PortalPaths.asset(earning.source))
                fill.put("earnedAs", isOwn ? "Own sales" : "Royalty")
                fill.put("earned", (units[earning.denomination] ?? .native).fill(earning.amount))
                return fill
            }
        )
        var totals: [Denomination: UInt128] = [:]
        for earning in earnings { totals[earning.denomination, default: 0] &+= earning.amount.obol }
        fill.put(
            "totals",
            totals.sorted { $0.key < $1.key }.map { denomination, obol in
                (units[denomination] ?? .native).fill(Amount(obol: obol))
            }
        )
        return fill
    }

    private var sharesFill: Fill {
        var fill = Fill()
        fill.put("isShared", shares != nil)
        guard let shares else { return fill }
        fill.put("shareCount", shares.count)
        fill.put("circulating", shares.circulating)
        fill.put("isPartly", shares.circulating < shares.count)
        if let market = Market(ShareUnit.denomination(of: entry.id), .native) {
            fill.put("marketHref", PortalPaths.market(market.id))
        }
        let count = UInt128(shares.count)
        fill.put(
            "holders",
            holders.prefix(Self.holdersShown).map { holder in
                var fill = Fill()
                fill.put("holder", NameText.fill(holder.account))
                fill.put("holds", holder.shares)
                fill.put("holdsPart", NumberText.percent(holder.shares, of: count))
                fill.put(
                    "holdsSVG",
                    Bars.split(
                        [("part", Bars.part(holder.shares, of: count))],
                        title: "\(NumberText.percent(holder.shares, of: count)) of the shares"
                    )
                )
                return fill
            }
        )
        let rest = holders.count - min(holders.count, Self.holdersShown)
        fill.put("moreHolders", rest > 0 ? NumberText.count(rest, "holder", "holders") : nil)
        let isCut = holders.count >= Self.holdersMax
        fill.put("holderCount", NumberText.grouped(holders.count) + (isCut ? " or more" : ""))
        fill.put("holdersCut", isCut)
        return fill
    }
}
