import AccessCore
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
            var trial = Trial(page, read, isHosted: isHosted)
            if let access, let visitor = read.visitor, visitor.may(.callModels), trial != nil {
                trial?.setup = try await TrialSetup.load(
                    visitor,
                    access,
                    read.source.ledger,
                    path: LocalPath(read.request.head.path).text
                )
            }
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
        let isStranger = access != nil && read.visitor == nil
        fill.put("signUpHref", isStranger ? LocalPath.wallet.after(PortalPaths.signUp) : nil)
        // Without the ledger this page still has what the index knows.
        let steps = try? await firstSteps(read.visitor?.account, read)
        fill.put("first", steps ?? nil)
        return Sheet(template: "home-page", title: "Stoa", section: .none, fill: fill)
    }
    /// What comes next for somebody who has not called anything yet; nil for everybody else.
    func firstSteps(_ account: AccountID?, _ read: PageRead) async throws -> Fill? {
        guard let access, let visitor = read.visitor, visitor.isAlone, let account,
            let delegate = access.delegate?.sessionKey(of: account)
        else { return nil }
        let steps = try await FirstSteps.load(account, delegate: delegate, read.source.ledger)
        guard !steps.hasAsked else { return nil }
        return steps.fill(
            faucet: access.faucet.map { UnitName.native.text($0.amount) },
            asking: try await asking(read),
            account: visitor.naming(account)
        )
    }

    /// Where a model is asked: where somebody came from, else the newest chat, else the market.
    func asking(_ read: PageRead) async throws -> String {
        let next = LocalPath(read["next"])
        if next != .wallet { return next.text }
        guard let offer = try await example(read).offer else { return PortalPaths.search }
        return PortalPaths.offer(offer.id) + "#try"
    }
}
