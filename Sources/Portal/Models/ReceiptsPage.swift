import AccessCore
import MarketTypes

/// What the market bought for whoever looks, call by call.
struct ReceiptsPage: Sendable {
    static let receiptsMax = 50

    let purchases: [Purchase]
    let units: [Denomination: UnitName]
    /// Why the list cannot be seen now; nil if it can.
    let closed: PurchasesClosed?

    static func load(
        _ visitor: Visitor,
        _ delegate: any SpendingDelegate,
        _ source: PageSource
    ) async throws -> ReceiptsPage {
        guard let account = visitor.caller.account else {
            return ReceiptsPage(purchases: [], units: [:], closed: nil)
        }
        do {
            let found = try await delegate.purchases(of: account, limit: receiptsMax)
            return ReceiptsPage(
                purchases: found,
                units: try await source.units(found.map(\.denomination)),
                closed: nil
            )
        } catch let closed as PurchasesClosed {
            return ReceiptsPage(purchases: [], units: [:], closed: closed)
        }
    }

    func fill(_ source: PageSource) -> Fill {
        var fill = Fill()
        fill.put("closedText", closed?.detail)
        fill.put("closedHint", closed?.hint)
        fill.put("receiptsCut", purchases.count >= Self.receiptsMax)
        fill.put(
            "receipts",
            purchases.map { call in
                var fill = Fill(["model": call.model, "receiptID": "\(call.receipt)"])
                fill.put("receipt", NameText.fill(call.receipt))
                fill.put("seller", NameText.fill(call.seller))
                fill.put("charge", (units[call.denomination] ?? .native).fill(call.charge))
                fill.put("finished", source.time(call.finishedAt))
                fill.put("standing", call.isDelivered ? "Delivered" : "Broken off")
                fill.put("tone", call.isDelivered ? "good" : "bad")
                return fill
            }
        )
        return fill
    }
}
