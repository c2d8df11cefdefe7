import Identity
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import SettlementCore

/// Offers in lists.
enum OfferCards {
    static func interface(_ interface: CallInterface) -> String {
        switch interface {
        case .chat: "Chat"
        case .embeddings: "Embeddings"
        case .json: "JSON"
        case .images: "Images"
        case .speech: "Speech"
        case .transcription: "Transcription"
        }
    }

    /// A standing that buyers must know of; nil for what can be bought.
    static func warning(_ record: OfferRecord, at time: Timestamp) -> String? {
        switch record.standing {
        case .superseded: "Superseded"
        case .withdrawn: "Withdrawn"
        case .current: record.offer.expiresAt < time ? "Expired" : nil
        }
    }

    static func fill(_ entry: OfferEntry, _ unit: UnitName, at time: Timestamp) -> Fill {
        let offer = entry.record.offer
        var fill = Fill()
        fill.put("offerHref", PortalPaths.offer(entry.id))
        fill.put("model", offer.model)
        fill.put("kind", entry.label.kind.name)
        fill.put("interface", interface(offer.interface))
        fill.put("licence", entry.label.licence)
        fill.put("title", entry.label.title)
        fill.put("seller", NameText.fill(offer.seller))
        fill.put("headline", PriceText.headline(offer.prices, unit, offer.interface))
        fill.put("isRepeatable", offer.verification == .repeatable)
        fill.put("bond", offer.bond.isZero ? nil : UnitName.native.fill(offer.bond))
        fill.put("warning", warning(entry.record, at: time))
        return fill
    }
}

extension PageSource {
    /// Offers for the template `offers`.
    func fills(_ offers: [OfferEntry]) async throws -> [Fill] {
        let units = try await units(offers.map(\.record.offer.denomination))
        let withPass = await offersOfPlans(offers)
        return offers.map { entry in
            let unit = units[entry.record.offer.denomination] ?? .native
            var fill = OfferCards.fill(entry, unit, at: now)
            fill.put("needsPass", withPass.contains(entry.id))
            return fill
        }
    }

    /// Which of the offers that ask for nothing are what a pass includes.
    ///
    /// A price of nothing alone would say too much. None if the ledger does not answer, so that
    /// search still does.
    private func offersOfPlans(_ offers: [OfferEntry]) async -> Set<OfferID> {
        let free = offers.filter { entry in
            entry.record.offer.prices.prices.entries.allSatisfy { $0.value.amount.isZero }
        }
        let plans = try? await each(free) { entry in
            try await ledger.plan(including: entry.id)
        }
        return Set(zip(free, plans ?? []).compactMap { $1 == nil ? nil : $0.id })
    }

    /// Assets for the template `assets`.
    func fills(_ assets: [AssetEntry]) -> [Fill] {
        assets.map { entry in
            var fill = Fill()
            fill.put("assetHref", PortalPaths.asset(entry.id))
            fill.put("name", entry.asset.name)
            fill.put("kind", entry.asset.kind.name)
            fill.put("licence", entry.asset.licence)
            fill.put("version", "\(entry.asset.latestVersion)")
            fill.put("owner", NameText.fill(entry.asset.owner))
            fill.put("isRetired", entry.retiredAt != nil)
            return fill
        }
    }
}
