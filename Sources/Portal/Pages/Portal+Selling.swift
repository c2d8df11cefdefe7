import HTTPTypes
import Hummingbird
import LedgerIndex
import MarketTypes
import WebServing

extension Portal {
    /// From a form to the command that sells a model.
    func addSelling(to router: Router<WebContext>) {
        add(RouterPath(PortalPaths.sell), to: router) { read in
            // Another site's link fills the form at most: what it says is looked at, then sent.
            let site = read.request.headers[.secFetchSite]
            let isOwn = site != "cross-site" && site != "same-site"
            let isSent = read["show"] == "command" && isOwn
            let gift = access?.faucet?.amount
            let form = SellForm(gift: gift, { read.given($0) }, isSent: isSent)
            var fill = form.fill
            let height = try await read.source.latestBlock()?.height.rawValue ?? 0
            // Whoever reloads the page still waits from where they began.
            let since = read["since"].flatMap { UInt64($0) } ?? height
            fill.put("since", "\(min(since, height))")
            let isReady = isSent && form.faults.isEmpty
            fill.put("ready", isReady ? commands(form) : nil)
            fill.put("hasWallet", read.visitor != nil)
            fill.put("signInHref", access == nil ? nil : read.signInHref)
            fill.put("faucetAmount", gift.map { UnitName.native.text($0) })
            return Sheet(
                template: "sell-page",
                title: isReady ? "Sell \(form.model)" : "Sell",
                section: .market,
                fill: fill,
                status: isSent && !isReady ? .badRequest : .ok,
                scripts: isReady ? ["waiting.js"] : []
            )
        }
    }

    private func commands(_ form: SellForm) -> Fill {
        var fill = Fill(["sellModel": form.model])
        fill.put("sellStep", Fill(["code": form.sellCommand]))
        fill.put("walletStep", Fill(["code": form.walletCommand(node: options.node)]))
        fill.put("keyVariable", form.keyVariable)
        fill.put("server", form.server)
        fill.put("isNetwork", !options.node.hasPrefix("http"))
        fill.put("funds", UnitName.native.text(form.funds))
        let funds = [("amount", Optional(MoneyText.typed(form.funds, decimals: 9)))]
        fill.put("sendHref", PortalPaths.query(PortalPaths.wallet, funds) + "#send")
        fill.put("isLocal", form.endpoint == nil)
        fill.put("hasStake", !form.stake.isZero)
        fill.put("stakeDigits", UnitName.native.text(form.stake))
        fill.put("prices", PriceText.rows(form.prices, .native, form.interface))
        let example = PriceText.example(form.interface, form.prices, .native)
        fill.put("earnText", example?.text)
        fill.put("earns", example?.cost)
        fill.put("changeHref", PortalPaths.query(PortalPaths.sell, form.parameters))
        fill.put(
            "lookHref",
            PortalPaths.query(PortalPaths.search, [("text", form.model), ("sort", "newest")])
        )
        return fill
    }
}
