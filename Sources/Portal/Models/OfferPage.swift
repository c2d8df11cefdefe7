import Identity
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import SettlementCore
import WebServing

/// Everything that an offer's page shows.
struct OfferPage: Sendable {
    static let plansMax = 12
    static let historyMax = 12

    let entry: OfferEntry
    let asset: AssetEntry?
    let bond: Bond
    let units: [Denomination: UnitName]
    let plans: [(id: PlanID, plan: Plan)]
    let sellerCounts: SubjectEntry?

    static func load(_ id: OfferID, _ source: PageSource) async throws -> OfferPage {
        guard let entry = try await source.index.offer(id) else {
            throw Problem.missing(
                "There is no offer of this name.",
                hint: "It may be on another chain, or in a block that is not indexed yet."
            )
        }
        let offer = entry.record.offer
        let plans = try await source.ledger.plans(of: offer.asset, limit: plansMax)
            .filter { $0.plan.terms.includedOffer == id || $0.plan.terms.overageOffer == id }
        return OfferPage(
            entry: entry,
            asset: try await source.index.asset(offer.asset),
            bond: try await source.ledger.read(Bond.self, .bond(offer.seller)) ?? .none,
            units: try await source.units(
                [offer.denomination] + plans.map(\.plan.terms.denomination)
            ),
            plans: plans,
            sellerCounts: try await source.index.counts(of: .account(offer.seller))
        )
    }

    var offer: Offer { entry.record.offer }
    var unit: UnitName { units[offer.denomination] ?? .native }

    /// What the page shows: whom the examples call, with which key if that asks for one, and what
    /// whoever looks can do about each plan.
    func fill(
        _ source: PageSource,
        gateway: String,
        apiKey: String?,
        passes: [Fill]
    ) -> Fill {
        var fill = OfferCards.fill(entry, unit, at: source.now)
        fill.put("id", NameText.fill(entry.id.digest))
        fill.put("prices", PriceText.rows(offer.prices, unit, offer.interface))
        let example = PriceText.example(offer.interface, offer.prices, unit)
        fill.put("exampleText", example?.text)
        fill.put("exampleCost", example?.cost)
        fill.put("endpoint", offer.endpoint)
        fill.put("weights", NameText.fill(offer.weights))
        fill.put("version", "\(offer.version)")
        fill.put(
            "previous",
            offer.supersedes.map {
                NameText.fill($0.digest, link: PortalPaths.offer($0))
            }
        )
        fill.put("published", entry.record.publishedAt.rawValue)
        fill.put("publishedHref", PortalPaths.block(entry.record.publishedAt))
        fill.put("expires", source.time(offer.expiresAt))
        fill.put("proofHref", PortalPaths.proof(.offer(entry.id)))
        fill.put("assetName", asset?.asset.name)
        fill.put("assetHref", PortalPaths.asset(offer.asset))
        fill.put("assetVersion", "\(offer.assetVersion)")
        fill.put("limits", limits)
        fill.put(
            "plans",
            zip(plans, passes).map { plan, pass in
                var fill = self.plan(plan.plan)
                fill.merge(pass)
                return fill
            }
        )
        let isIncluded = plans.contains { $0.plan.terms.includedOffer == entry.id }
        fill.put("needsPass", isIncluded)
        fill.put("ownPass", ownPass(passes))
        fill.put("canBuy", fill.values["warning"] as? Bool == false)
        merge(&fill, snippets: gateway, apiKey)
        fill.merge(sellerFill)
        return fill
    }

    /// The visitor's own pass that pays for calls of this model; nil if they have none. It pays
    /// under the offer that its plan includes, and this may be the one for what goes beyond.
    private func ownPass(_ passes: [Fill]) -> Fill? {
        for (plan, pass) in zip(plans, passes)
        where pass.text("passEnds") != nil {
            let terms = plan.plan.terms
            let isBeyond = terms.overageOffer == entry.id
            guard terms.includedOffer == entry.id || isBeyond else { continue }
            var fill = self.plan(plan.plan)
            fill.merge(pass)
            fill.put("isBeyond", isBeyond)
            let beyond = isBeyond ? nil : terms.overageOffer
            fill.put("beyondHref", beyond.map { PortalPaths.offer($0) })
            return fill
        }
        return nil
    }

    private var sellerFill: Fill {
        var fill = Fill()
        fill.put("bondActive", UnitName.native.fill(bond.active))
        fill.put("bondPromised", UnitName.native.fill(offer.bond))
        fill.put("bondHolds", bond.active >= offer.bond)
        fill.put("sellerEvents", sellerCounts?.events ?? 0)
        return fill
    }

    private var limits: [Fill] {
        let limits = offer.limits
        var rows = [("Request", NumberText.grouped(limits.requestBytesMax) + " bytes")]
        if offer.interface != .json {
            rows.append(("Input", NumberText.grouped(limits.inputTokensMax) + " tokens"))
        }
        if offer.interface == .chat {
            rows.append(("Output", NumberText.grouped(limits.outputTokensMax) + " tokens"))
        }
        let seconds = limits.callMillisecondsMax / 1000
        rows.append(("Time", NumberText.count(seconds, "second", "seconds")))
        return rows.map { Fill(["limitName": $0, "limitText": $1]) }
    }

    private func plan(_ plan: Plan) -> Fill {
        let terms = plan.terms
        let unit = units[terms.denomination] ?? .native
        var fill = Fill()
        fill.put("planName", terms.name)
        fill.put("planKind", terms.kind.name.capitalizedFirst)
        fill.put("planPrice", unit.fill(terms.price))
        fill.put("planBlocks", terms.periodBlocks)
        fill.put("planSpan", BlockText.span(terms.periodBlocks))
        fill.put("planIncludes", WalletPasses.includes(terms))
        fill.put("planSales", plan.sales)
        fill.put("planRetired", plan.retiredAt != nil)
        return fill
    }

    private func merge(_ fill: inout Fill, snippets gateway: String, _ apiKey: String?) {
        var snippets = Snippets(offer: offer, gateway: gateway)
        snippets.apiKey = apiKey
        fill.put("asksForKey", apiKey != nil)
        fill.put(
            "snippets",
            snippets.all.map { language, title, text in
                var fill = Fill(["language": language, "languageTitle": title, "code": text])
                fill.put("isFirst", language == "curl")
                return fill
            }
        )
    }
}
