import Identity
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import Probes
import SettlementCore

/// How the market is: what is asked here is asked now.
struct StatusPage: Sendable {
    static let sellersMax = 20
    static let incidentsMax = 20
    static let modelsShown = 3

    /// What is known of a seller.
    struct Seller: Sendable {
        let account: AccountID
        let models: [String]
        let promised: Amount
        let active: Amount
        let last: BlockHeight?
    }

    let ledger: LedgerStatus?
    let index: IndexStatus
    let treasury: Amount?
    let supply: Amount?
    let sellers: [Seller]
    let probes: [ProbeSummary]
    let incidents: [ProbeIncident]

    static func load(
        _ source: PageSource,
        _ history: ProbeHistory?
    ) async throws -> StatusPage {
        let ledger = try? await source.ledger.status()
        let supply = try? await source.ledger.read(StoredAmount.self, .supply(.native))
        var search = OfferSearch()
        search.order = .newest
        let offers = try await source.index.search(search, PageRequest(limit: 100)).items
        return StatusPage(
            ledger: ledger,
            index: try await source.index.status(),
            treasury: try? await source.ledger.treasury(of: .native),
            supply: supply?.amount,
            sellers: try await sellers(offers, source),
            probes: try await history?.summaries(at: source.now) ?? [],
            incidents: try await history?.incidents(limit: incidentsMax) ?? []
        )
    }

    private static func sellers(
        _ offers: [OfferEntry],
        _ source: PageSource
    ) async throws -> [Seller] {
        var order: [AccountID] = []
        var offered: [AccountID: [OfferEntry]] = [:]
        for entry in offers {
            let seller = entry.record.offer.seller
            if offered[seller] == nil { order.append(seller) }
            offered[seller, default: []].append(entry)
        }
        let shown = Array(order.prefix(sellersMax))
        var found: [Seller] = []
        for account in shown {
            let entries = offered[account] ?? []
            let bond = try? await source.ledger.read(Bond.self, .bond(account))
            found.append(
                Seller(
                    account: account,
                    models: Self.names(entries),
                    promised: entries.map(\.record.offer.bond).max() ?? .zero,
                    active: bond?.active ?? .zero,
                    last: try await source.index.counts(of: .account(account))?.last
                )
            )
        }
        return found
    }

    /// The names of what is offered, each once, the newest first.
    static func names(_ offers: [OfferEntry]) -> [String] {
        var seen: Set<String> = []
        return offers.map(\.record.offer.model).filter { seen.insert($0).inserted }
    }

    /// How many blocks the index is behind the ledger.
    var lag: UInt64? {
        ledger.map { ledger in
            let here = index.place.height.rawValue
            return ledger.height.rawValue > here ? ledger.height.rawValue - here : 0
        }
    }

    func fill(_ source: PageSource) -> Fill {
        var fill = Fill()
        fill.put("isReachable", ledger != nil)
        // A block or two behind is the time it takes to read one.
        fill.put("isBehind", (lag ?? 0) > 20)
        fill.put("lag", lag.map { NumberText.count($0, "block", "blocks") })
        fill.put("ledgerHeight", ledger.map { NumberText.grouped($0.height.rawValue) })
        fill.put("ledgerTime", ledger.map { source.time($0.time) })
        fill.put("chainName", ledger?.name)
        fill.put("chain", ledger.map { NameText.fill($0.chain.digest) })
        fill.put("stateRoot", ledger.map { NameText.fill($0.stateRoot) })
        fill.put("indexHeight", index.place.height.rawValue)
        fill.put("supply", supply.map { UnitName.native.fill($0) })
        fill.put("treasury", treasury.map { UnitName.native.fill($0) })
        let counts: [(String, UInt64)] = [
            ("Transactions", index.transactions), ("Events", index.events),
            ("Assets", index.assets), ("Offers", index.offers), ("Trades", index.trades),
            ("Things with a history", index.subjects),
        ]
        fill.put(
            "counts",
            counts.map { name, number in
                Fill(["countName": name, "countValue": NumberText.grouped(number)])
            }
        )
        if let parameters = ledger?.parameters {
            fill.put("feeMinimum", UnitName.native.fill(parameters.feeMinimum))
            fill.put("feePerByte", UnitName.native.fill(parameters.feePerByte))
            fill.put("closingDelay", parameters.closingDelayBlocks)
        }
        fill.put(
            "probes",
            probes.map { probe in
                // What was found just now counts for more than the last look of a minute ago.
                let isLost = probe.name == "ledger" && ledger == nil
                return ProbeText.fill(probe, isLost: isLost, source)
            }
        )
        fill.put("incidents", incidents.map { ProbeText.fill($0, source) })
        fill.put(
            "sellers",
            sellers.map { seller in
                var fill = Fill()
                fill.put("seller", NameText.fill(seller.account))
                let more = seller.models.count - Self.modelsShown
                let shown = seller.models.prefix(Self.modelsShown)
                fill.put("models", shown.joined(separator: ", "))
                fill.put("moreModels", more > 0 ? NumberText.grouped(more) : nil)
                fill.put(
                    "sellsHref",
                    PortalPaths.query(PortalPaths.search, [("seller", "\(seller.account)")])
                )
                fill.put("promised", UnitName.native.fill(seller.promised))
                fill.put("active", UnitName.native.fill(seller.active))
                fill.put("holds", seller.active >= seller.promised)
                fill.put("lastBlock", seller.last.map { NumberText.grouped($0.rawValue) })
                fill.put("lastHref", seller.last.map { PortalPaths.block($0) })
                return fill
            }
        )
        return fill
    }
}
