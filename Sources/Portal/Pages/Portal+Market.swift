import Hummingbird
import LedgerCore
import LedgerIndex
import MarketTypes
import SettlementCore
import WebServing

extension Portal {
    /// Home, search and offers.
    func addMarket(to router: Router<WebContext>) {
        add("/", to: router) { read in try await home(read) }
        add("/search", to: router) { read in try await search(read) }
        add("/offers/:id", to: router) { read in
            let id = OfferID(try read.digest("id", "offer"))
            let page = try await OfferPage.load(id, read.source)
            var passes: [Fill] = []
            for (id, plan) in page.plans {
                passes.append(try await SignedActions.pass(of: id, plan, read))
            }
            // A market that pays for people, in STOA alone, is called itself, with a key of theirs.
            let isPaidFor = isHosted && page.offer.denomination == .native
            var fill = page.fill(
                read.source,
                gateway: isPaidFor ? origin(of: read.request) : options.gatewayURL,
                apiKey: isPaidFor ? "stoa_live_…" : nil,
                passes: passes
            )
            fill.put("signInHref", access == nil ? nil : read.signInHref)
            let trial = Trial(page, read, isHosted: isHosted)
            fill.put("trial", trial?.fill())
            let history = try await read.source.index.history(
                of: .offer(id),
                PageRequest(limit: OfferPage.historyMax)
            )
            fill.put("events", try await read.source.fills(history.items))
            return Sheet(
                template: "offer-page",
                title: page.offer.model,
                section: .market,
                fill: fill,
                scripts: read.signingScripts + (trial?.scripts ?? [])
            )
        }
    }

    private func search(_ read: PageRead) async throws -> Sheet {
        var form = SearchForm { read[$0] }
        let search = form.search()
        var page: Page<OfferEntry>?
        do {
            let request = try read.pageRequest(limit: SearchForm.offersMax)
            page = try await read.source.index.search(search, request)
        } catch IndexError.badQuestion(let what) where read["cursor"] == nil {
            // Somebody is typing: that is said where the results would be.
            form.faults.append(what.capitalizedFirst + ".")
        }
        let items = page?.items ?? []
        var fill = form.fill
        fill.put("offers", try await read.source.fills(items))
        fill.put("isFiltered", form.parameters.contains { $0.1?.isEmpty == false })
        fill.put("pages", read.links(PortalPaths.search, form.parameters, next: page?.next))
        fill.put("countText", Self.count(items.count, hasMore: page?.hasMore ?? false))
        return Sheet(
            template: "search-page",
            title: "Market",
            section: .market,
            fill: fill,
            part: "search-results"
        )
    }

    static func count(_ count: Int, hasMore: Bool) -> String {
        hasMore
            ? "The first \(NumberText.count(count, "offer", "offers"))"
            : NumberText.count(count, "offer", "offers")
    }

    private func home(_ read: PageRead) async throws -> Sheet {
        let source = read.source
        let status = try await source.index.status()
        var newest = OfferSearch()
        newest.order = .newest
        let offers = try await source.index.search(newest, PageRequest(limit: 6))
        let assets = try await source.index.search(AssetSearch(), PageRequest(limit: 6))
        let events = try await source.index.history(of: nil, PageRequest(limit: 8))
        var fill = Fill()
        fill.put("offers", try await source.fills(offers.items))
        fill.put("assets", source.fills(assets.items))
        fill.put("events", try await source.fills(events.items))
        let stats: [(String, UInt64, String, String)] = [
            ("Offers", status.offers, "published so far", "/search"),
            ("Assets", status.assets, "models, datasets and more", "/assets"),
            ("Transactions", status.transactions, "since the first block", "/explorer"),
            ("Trades", status.trades, "of shares and units", "/exchange"),
        ]
        fill.put(
            "stats",
            stats.map { label, number, note, path in
                Fill([
                    "statName": label, "statValue": NumberText.compact(UInt128(number)),
                    "statNote": note, "statHref": path,
                ])
            }
        )
        let (snippets, _) = try await example(read)
        fill.put("isHosted", isHosted)
        fill.put("python", snippets.all.first { $0.language == "python" }?.text)
        return Sheet(template: "home-page", title: "Stoa", section: .none, fill: fill)
    }
}
