import AccessCore
import AccessStore
import MarketTypes

/// What the market bought for whoever looks, call by call.
struct ReceiptsPage: Sendable {
    static let receiptsMax = 50

    let purchases: [Purchase]
    let units: [Denomination: UnitName]
    /// Who made the calls.
    let makers: Makers
    /// Why the list cannot be seen now; nil if it can.
    let closed: PurchasesClosed?

    /// What those are called who make an organisation's calls.
    struct Makers: Sendable {
        var keys: [String: String] = [:]
        var users: [[UInt8]: String] = [:]

        /// Who made a call, for people; nil if nobody wrote that down.
        func name(of buyer: CallBuyer?) -> String? {
            guard let buyer else { return nil }
            if let key = buyer.key { return keys[key] ?? "a key that is gone" }
            return users[buyer.user] ?? "a former member"
        }
    }

    static func load(
        _ visitor: Visitor,
        _ delegate: any SpendingDelegate,
        _ database: AccessDatabase,
        _ source: PageSource
    ) async throws -> ReceiptsPage {
        guard let account = visitor.caller.account else {
            return ReceiptsPage(purchases: [], units: [:], makers: Makers(), closed: nil)
        }
        do {
            let found = try await delegate.purchases(
                of: account,
                in: visitor.caller.purchases,
                limit: receiptsMax
            )
            return ReceiptsPage(
                purchases: found,
                units: try await source.units(found.map(\.denomination)),
                makers: try await makers(visitor, database, at: source.now),
                closed: nil
            )
        } catch let closed as PurchasesClosed {
            return ReceiptsPage(purchases: [], units: [:], makers: Makers(), closed: closed)
        }
    }

    private static func makers(
        _ visitor: Visitor,
        _ database: AccessDatabase,
        at now: Timestamp
    ) async throws -> Makers {
        let organisation = visitor.caller.organisation
        var makers = Makers()
        for (key, label) in try await database.labels(of: organisation, at: now) {
            makers.keys[key.text] = label
        }
        for listing in try await database.members(of: organisation, for: visitor.caller) {
            makers.users[listing.member.user.bytes] = listing.name
        }
        makers.users[visitor.caller.user.bytes] = "You"
        return makers
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
                fill.put("madeBy", makers.name(of: call.buyer))
                return fill
            }
        )
        return fill
    }
}
