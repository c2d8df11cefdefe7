import AccessStore
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes

/// What an account paid sellers in a month, by the ledger.
struct Statement: Sendable {
    let month: Month
    let account: AccountID
    let claims: [ClaimEntry]
    let isCut: Bool
    /// What each channel counts; a channel that the ledger has forgotten is left out.
    let denominations: [ChannelID: Denomination]
    let units: [Denomination: UnitName]

    /// What one seller was paid in one denomination.
    private struct Line: Hashable {
        let payee: AccountID
        let denomination: Denomination
    }

    static func load(
        _ month: Month,
        of account: AccountID,
        _ source: PageSource
    ) async throws -> Statement {
        let (claims, isCut) = try await source.index.claims(
            paidBy: account,
            from: month.start,
            until: month.next.start
        )
        let channels = Array(Set(claims.map(\.channel)))
        let found = try await source.each(channels) { try await source.ledger.channel($0) }
        var denominations: [ChannelID: Denomination] = [:]
        for (id, channel) in zip(channels, found) { denominations[id] = channel?.denomination }
        return Statement(
            month: month,
            account: account,
            claims: claims,
            isCut: isCut,
            denominations: denominations,
            units: try await source.units(denominations.values)
        )
    }

    func fill(_ billing: BillingDetails?, buyer: String, at now: Timestamp) -> Fill {
        var sums: [Line: (count: Int, amount: Amount)] = [:]
        var totals: [Denomination: Amount] = [:]
        for claim in claims {
            guard let denomination = denominations[claim.channel] else { continue }
            let line = Line(payee: claim.payee, denomination: denomination)
            let known = sums[line] ?? (0, .zero)
            sums[line] = (known.count + 1, UsagePage.sum([known.amount, claim.amount]))
            totals[denomination] = UsagePage.sum([
                totals[denomination] ?? .zero, claim.amount,
            ])
        }
        let lines = sums.sorted {
            ($0.key.denomination, $1.value.amount, $0.key.payee)
                < ($1.key.denomination, $0.value.amount, $1.key.payee)
        }
        var fill = Fill(["monthTitle": month.title, "monthText": month.text])
        fill.put("buyerName", billing?.name ?? buyer)
        fill.put("buyerLines", (billing?.address ?? []).map { Fill(["line": $0]) })
        fill.put("buyerVAT", (billing?.vat).flatMap { $0.isEmpty ? nil : $0 })
        fill.put("isUnnamed", billing == nil)
        fill.put("address", "\(account)")
        fill.put("madeAt", TimeText.full(now))
        fill.put("isOpen", now < month.next.start)
        fill.put("isCut", isCut)
        fill.put(
            "sellers",
            lines.map { line, sum in
                var fill = Fill()
                fill.put("payee", NameText.fill(line.payee))
                fill.put("claimCount", sum.count)
                fill.put("paid", (units[line.denomination] ?? .native).fill(sum.amount))
                return fill
            }
        )
        fill.put(
            "totals",
            totals.sorted { $0.key < $1.key }.map { denomination, amount in
                (units[denomination] ?? .native).fill(amount)
            }
        )
        fill.put("claims", claims.compactMap { claim($0) })
        return fill
    }

    private func claim(_ claim: ClaimEntry) -> Fill? {
        guard let denomination = denominations[claim.channel] else { return nil }
        var fill = Fill()
        fill.put("when", TimeText.full(claim.time))
        fill.put("height", claim.height.rawValue)
        fill.put("blockHref", PortalPaths.block(claim.height))
        fill.put("payeeShort", NameText.short(claim.payee))
        fill.put("channelShort", NameText.short(claim.channel.digest))
        fill.put("paid", (units[denomination] ?? .native).fill(claim.amount))
        return fill
    }
}
