import AccessCore
import AccessStore
import Hummingbird
import LedgerCore
import LedgerIndex
import MarketTypes
import WebServing

extension Portal {
    /// How many months back a list of statements goes.
    private static let monthsShown = 12

    /// What keys spent, and what sellers were paid.
    func addUsage(_ access: PortalAccess, to router: Router<WebContext>) {
        let database = access.door.database
        let usage = PersonalPage(path: PortalPaths.usage) { read, visitor in
            try visitor.require(.readUsage, to: "see what was spent")
            let unit = read["unit"].flatMap { Digest(hex: $0) }
            var fill = try await UsagePage.load(
                visitor.caller.organisation,
                access.door,
                read.source
            ).fill(chosen: unit.map { .issued($0) })
            fill.put("organisationName", visitor.isAlone ? nil : visitor.organisation?.name)
            return Sheet(template: "usage-page", title: "Usage", section: .none, fill: fill)
        }
        add(usage, to: router)
        if let delegate = access.delegate {
            addReceipt(access, delegate, to: router)
            add(
                PersonalPage(path: PortalPaths.receipts) { read, visitor in
                    try visitor.require(.readUsage, to: "see what was bought")
                    let page = try await ReceiptsPage.load(visitor, delegate, database, read.source)
                    var fill = page.fill(read.source)
                    let name = visitor.isAlone ? nil : visitor.organisation?.name
                    fill.put("organisationName", name)
                    return Sheet(
                        template: "receipts-page",
                        title: "Receipts",
                        section: .none,
                        fill: fill
                    )
                },
                to: router
            )
        }
        let list = PersonalPage(path: PortalPaths.invoices) { read, visitor in
            try await statements(read, visitor, database)
        }
        add(list, to: router)
        add(form: list.path, of: list, to: router) { sent in
            let details = BillingDetails(
                name: sent["name"] ?? "",
                address: sent["address"] ?? "",
                vat: sent["vat"] ?? ""
            )
            guard let details else {
                throw Problem.unfit(
                    "These details cannot stand on a statement.",
                    hint: "A name, at most \(BillingDetails.linesMax) lines of address, and a VAT "
                        + "number of letters and digits."
                )
            }
            try await database.setBilling(
                details,
                by: sent.visitor.caller,
                source: sent.read.context.source,
                at: now()
            )
            return .moved(list.path + "?done=saved")
        }
        let monthly = PersonalPage(path: PortalPaths.invoices + "/:month") { read, visitor in
            try await statement(read, visitor, database)
        }
        add(monthly, to: router)
    }

    private func statements(
        _ read: PageRead,
        _ visitor: Visitor,
        _ database: AccessDatabase
    ) async throws -> Sheet {
        try visitor.require(.readAccount, to: "see its statements")
        let organisation = visitor.caller.organisation
        let billing = try await database.billing(of: organisation)
        var months: [Month] = []
        var month = Month(read.source.now)
        while months.count < Self.monthsShown, months.last != month {
            months.append(month)
            month = month.previous
        }
        var sums: MonthSums?
        if let account = visitor.caller.account {
            sums = try await MonthSums.load(account, months, read.source)
        }
        // Of most months there is nothing to state: this one stays, for what comes.
        let shown = months.filter { $0 == months.first || sums?.hasClaims(in: $0) ?? true }
        var fill = Fill()
        fill.put(
            "months",
            shown.enumerated().map { place, month in
                var fill = sums?.fill(of: month) ?? Fill(["claimText": false, "monthSums": false])
                fill.put("monthTitle", month.title)
                fill.put("monthHref", "\(PortalPaths.invoices)/\(month.text)")
                fill.put("isOpen", place == 0)
                return fill
            }
        )
        let typed = read.typed
        fill.put("nameText", typed?["name"] ?? billing?.name ?? "")
        let lines = billing?.address.joined(separator: "\n")
        fill.put("addressText", typed?["address"] ?? lines ?? "")
        fill.put("vatText", typed?["vat"] ?? billing?.vat ?? "")
        fill.put("mayName", visitor.organisation?.role.mayGrant(.viewer) ?? false)
        fill.put("account", visitor.caller.account.map { NameText.fill($0) })
        fill.put("isShared", !visitor.isAlone)
        fill.put("token", visitor.crossSiteToken)
        fill.put("done", read["done"] == "saved" ? "The details are kept." : nil)
        return Sheet(
            template: "statements-page",
            title: "Statements",
            section: .none,
            fill: fill
        )
    }

    private func statement(
        _ read: PageRead,
        _ visitor: Visitor,
        _ database: AccessDatabase
    ) async throws -> Sheet {
        try visitor.require(.readAccount, to: "see its statements")
        let now = read.source.now
        guard let month = Month(text: read.context.parameters.get("month") ?? ""),
            month <= Month(now)
        else {
            throw Problem.missing(
                "There is no statement of that month.",
                hint: "Months are written like \(Month(now).text)."
            )
        }
        guard let account = visitor.caller.account else {
            throw Problem.missing(
                "No account pays for this organisation, so there is nothing to state.",
                hint: "An owner can let one pay, under Organisation."
            )
        }
        let organisation = visitor.caller.organisation
        let fill = try await Statement.load(month, of: account, read.source).fill(
            try await database.billing(of: organisation),
            buyer: visitor.organisation?.name ?? visitor.name,
            at: now
        )
        return Sheet(
            template: "statement-page",
            title: "Statement of \(month.title)",
            section: .none,
            fill: fill
        )
    }
}
