import Hummingbird
import Identity
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import WebServing

extension Portal {
    /// Assets, accounts, markets, jobs and votes.
    func addOwnership(to router: Router<WebContext>) {
        add("/assets", to: router) { read in try await assets(read) }
        add("/assets/:id", to: router) { read in
            try await asset(AssetID(try read.digest("id", "asset")), read.source)
        }
        add("/accounts/:address", to: router) { read in try await account(read) }
        add("/exchange", to: router) { read in
            let page = try await ExchangePage.load(
                read.pageRequest(limit: ExchangePage.marketsMax),
                read.source
            )
            var fill = page.fill(read.source)
            fill.put("pages", read.links("/exchange", [], next: page.next))
            return Sheet(
                template: "exchange-page",
                title: "Exchange",
                section: .exchange,
                fill: fill
            )
        }
        add("/exchange/:market", to: router) { read in try await market(read) }
        addJobs(to: router)
        addGovernance(to: router)
    }

    private func assets(_ read: PageRead) async throws -> Sheet {
        var search = AssetSearch()
        search.text = read["text"].map { String($0.prefix(200)) }
        let kindName = read["kind"]
        search.kind = AssetKind.allCases.first { $0.name == kindName }
        let page = try await read.source.index.search(search, read.pageRequest(limit: 24))
        let parameters = [("text", search.text), ("kind", search.kind?.name)]
        var fill = Fill()
        fill.put("text", search.text ?? "")
        fill.put(
            "kinds",
            ([("", "Any kind")] + AssetKind.allCases.map { ($0.name, $0.name.capitalizedFirst) })
                .map { value, title in
                    var fill = Fill(["value": value, "optionTitle": title])
                    fill.put("chosen", value == search.kind?.name ?? "")
                    return fill
                }
        )
        fill.put("assets", read.source.fills(page.items))
        fill.put("isFiltered", search.text != nil || search.kind != nil)
        fill.put("pages", read.links("/assets", parameters, next: page.next))
        return Sheet(
            template: "assets-page",
            title: "Assets",
            section: .assets,
            fill: fill,
            part: "assets-results"
        )
    }

    private func asset(_ id: AssetID, _ source: PageSource) async throws -> Sheet {
        let page = try await AssetPage.load(id, source)
        var fill = page.fill(source)
        var search = OfferSearch()
        search.asset = id
        search.order = .newest
        let offers = try await source.index.search(search, PageRequest(limit: 6))
        fill.put("offersCut", offers.hasMore)
        fill.put("offers", try await source.fills(offers.items))
        let history = try await source.index.history(
            of: .asset(id),
            PageRequest(limit: AssetPage.historyMax)
        )
        fill.put("events", try await source.fills(history.items))
        return Sheet(
            template: "asset-page",
            title: page.entry.asset.name,
            section: .assets,
            fill: fill
        )
    }

    private func account(_ read: PageRead) async throws -> Sheet {
        guard let text = read.context.parameters.get("address"),
            let account = AccountID(address: text)
        else {
            throw Problem.missing(
                "That is no address.",
                hint: "Addresses start with stoa1 and have a checksum."
            )
        }
        let source = read.source
        var fill = try await AccountPage.load(account, source).fill(source)
        var offers = OfferSearch()
        offers.seller = account
        let sold = try await source.index.search(
            offers,
            PageRequest(limit: AccountPage.listMax)
        )
        fill.put("offers", try await source.fills(sold.items))
        var assets = AssetSearch()
        assets.owner = account
        let owned = try await source.index.search(
            assets,
            PageRequest(limit: AccountPage.listMax)
        )
        fill.put("assets", source.fills(owned.items))
        let history = try await source.index.history(
            of: .account(account),
            read.pageRequest(limit: AccountPage.historyMax)
        )
        fill.put("events", try await source.fills(history.items))
        fill.put(
            "pages",
            read.links(PortalPaths.account(account), [], next: history.next)
        )
        return Sheet(
            template: "account-page",
            title: NameText.short(account),
            section: .explorer,
            fill: fill
        )
    }

    private func market(_ read: PageRead) async throws -> Sheet {
        let spans: [String: UInt64] = ["minute": 60, "hour": 3600, "day": 86_400]
        let spanName = read["span"]
        let span = spanName.flatMap { spans[$0] }
        let id = try read.digest("market", "market")
        let page = try await MarketPage.load(
            id,
            span: span,
            read.pageRequest(limit: MarketPage.tradesMax),
            read.source
        )
        var fill = page.fill(read.source)
        let parameters = [("span", spanName)]
        fill.put(
            "pages",
            read.links(PortalPaths.market(id), parameters, next: page.trades.next)
        )
        let live = libraries["lightweight-charts.js"].flatMap { library in
            page.live(script: library.path(under: PortalPaths.libraries))
        }
        fill.put("liveChart", live)
        return Sheet(
            template: "market-page",
            title: page.names.title,
            section: .exchange,
            fill: fill,
            scripts: live == nil ? [] : ["candles.js"]
        )
    }

    private func addJobs(to router: Router<WebContext>) {
        add("/jobs", to: router) { read in
            let after = read["cursor"].flatMap { Digest(hex: $0) }
            let (jobs, next) = try await JobPages.list(after, read.source)
            var fill = Fill()
            fill.put("jobs", jobs)
            let disputes = try await JobPages.disputes(read.source)
            fill.put("disputes", disputes)
            fill.put("disputesCut", disputes.count >= JobPages.disputesMax)
            fill.put("pages", read.links("/jobs", [], next: next))
            return Sheet(template: "jobs-page", title: "Jobs", section: .jobs, fill: fill)
        }
        add("/jobs/:id", to: router) { read in
            let id = EscrowID(try read.digest("id", "job"))
            let history = try await read.source.index.history(
                of: Subject(kind: "escrow", name: id.digest),
                PageRequest(limit: JobPages.historyMax)
            )
            var fill = try await JobPages.page(id, history.items, read.source)
            fill.put("events", try await read.source.fills(history.items))
            fill.put("acts", try await SignedActions.job(id, read))
            return Sheet(
                template: "job-page",
                title: "Job \(NameText.short(id.digest))",
                section: .jobs,
                fill: fill,
                scripts: read.signingScripts
            )
        }
        add("/disputes/:id", to: router) { read in
            let id = DisputeID(try read.digest("id", "dispute"))
            guard let dispute = try await read.source.ledger.read(Dispute.self, .dispute(id))
            else {
                throw Problem.missing(
                    "There is no dispute of this name.",
                    hint: "All of them are under Jobs."
                )
            }
            var fill = JobPages.dispute(id, dispute)
            let history = try await read.source.index.history(
                of: Subject(kind: "dispute", name: id.digest),
                PageRequest(limit: JobPages.historyMax)
            )
            fill.put("events", try await read.source.fills(history.items))
            return Sheet(
                template: "dispute-page",
                title: "Dispute \(NameText.short(id.digest))",
                section: .jobs,
                fill: fill
            )
        }
    }

    private func addGovernance(to router: Router<WebContext>) {
        add("/governance", to: router) { read in
            var fill = try await GovernancePage.load(read.source).fill()
            fill.put("stakeOf", try await SignedActions.stake(read))
            return Sheet(
                template: "governance-page",
                title: "Governance",
                section: .governance,
                fill: fill,
                scripts: read.signingScripts
            )
        }
        add("/governance/rules", to: router) { read in
            var fill = Fill()
            fill.put("groups", try await GovernancePage.numbers(read.source))
            return Sheet(
                template: "rules-page",
                title: "Rules",
                section: .governance,
                fill: fill
            )
        }
        add("/governance/:proposal", to: router) { read in
            let id = ProposalID(try read.digest("proposal", "proposal"))
            let page = try await ProposalPage.load(id, read.source)
            var fill = page.fill()
            let history = try await read.source.index.history(
                of: Subject(kind: "proposal", name: id.digest),
                PageRequest(limit: 30)
            )
            fill.put("events", try await read.source.fills(history.items))
            fill.merge(try await SignedActions.vote(on: page, read))
            fill.put("signInHref", access == nil ? nil : read.signInHref)
            return Sheet(
                template: "proposal-page",
                title: page.proposal.content.title,
                section: .governance,
                fill: fill,
                scripts: read.signingScripts
            )
        }
    }
}
