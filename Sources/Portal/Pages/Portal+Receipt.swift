import AccessCore
import Hummingbird
import MarketTypes
import WebServing

extension Portal {
    /// One receipt, for whoever sees it in their list.
    func addReceipt(
        _ access: PortalAccess,
        _ delegate: any SpendingDelegate,
        to router: Router<WebContext>
    ) {
        let page = PersonalPage(path: PortalPaths.receipts + "/:digest") { read, visitor in
            try visitor.require(.readUsage, to: "see what was bought")
            let digest = try read.digest("digest", "receipt")
            // Whoever does not see it in the list does not see it here.
            let list = try await ReceiptsPage.load(
                visitor,
                delegate,
                access.door.database,
                read.source
            )
            guard let purchase = list.purchases.first(where: { $0.receipt == digest }),
                let account = visitor.caller.account
            else {
                throw Problem.missing(
                    "There is no such receipt among your last ones.",
                    hint: "They are under Receipts."
                )
            }
            let receipt = ReceiptPage(
                purchase: purchase,
                papers: try await access.archive?.papers(of: account, receipt: digest),
                unit: list.units[purchase.denomination] ?? .native
            )
            return Sheet(
                template: "receipt-page",
                title: "Receipt of \(purchase.model)",
                section: .none,
                fill: receipt.fill(read.source)
            )
        }
        add(page, to: router)
    }
}
