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
            guard let account = visitor.caller.account,
                let purchase = try await delegate.purchase(
                    of: account,
                    in: visitor.caller.purchases,
                    receipt: digest
                )
            else {
                throw Problem.missing(
                    "There is no such receipt among those that are kept.",
                    hint: "The last ones are under Receipts; they are kept for 30 days."
                )
            }
            let receipt = ReceiptPage(
                purchase: purchase,
                // A journal that cannot be read keeps nobody from what the log has.
                papers: try? await access.archive?.papers(of: account, receipt: digest),
                unit: try await read.source.units([purchase.denomination])[purchase.denomination]
                    ?? .native
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
