import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes

/// What an account paid sellers in each of some months, for the list of its statements.
struct MonthSums: Sendable {
    /// A month's claims and what they come to.
    struct Sum: Hashable, Sendable {
        var claims = 0
        var amounts: [Denomination: Amount] = [:]
    }

    let sums: [Month: Sum]
    let units: [Denomination: UnitName]

    /// Reads `months`, the latest first; nil if there were more claims than one answer holds, or
    /// the ledger does not say what they counted: each statement says what is known then.
    static func load(
        _ account: AccountID,
        _ months: [Month],
        _ source: PageSource
    ) async throws -> MonthSums? {
        guard let first = months.last, let last = months.first else { return nil }
        let (claims, isCut) = try await source.index.claims(
            paidBy: account,
            from: first.start,
            until: last.next.start
        )
        let names = Array(Set(claims.map(\.channel)))
        guard !isCut else { return nil }
        let found = try? await source.each(names) { try await source.ledger.channel($0) }
        guard let found else { return nil }
        var channels: [ChannelID: Denomination] = [:]
        for (name, channel) in zip(names, found) { channels[name] = channel?.denomination }
        return MonthSums(
            sums: sums(claims, channels),
            units: try await source.units(channels.values)
        )
    }

    /// Adds claims up by their months; those of channels that the ledger forgot are only counted.
    static func sums(
        _ claims: [ClaimEntry],
        _ channels: [ChannelID: Denomination]
    ) -> [Month: Sum] {
        var sums: [Month: Sum] = [:]
        for claim in claims {
            let month = Month(claim.time)
            sums[month, default: Sum()].claims += 1
            guard let unit = channels[claim.channel] else { continue }
            let known = sums[month]?.amounts[unit] ?? .zero
            sums[month]?.amounts[unit] = UsagePage.sum([known, claim.amount])
        }
        return sums
    }

    /// Whether there is something to state of a month.
    func hasClaims(in month: Month) -> Bool { sums[month] != nil }

    /// A month's sums for its row.
    func fill(of month: Month) -> Fill {
        let sum = sums[month] ?? Sum()
        var fill = Fill()
        fill.put("claimText", NumberText.count(sum.claims, "claim", "claims"))
        fill.put(
            "monthSums",
            sum.amounts.sorted { $0.key < $1.key }.map { (units[$0.key] ?? .native).fill($0.value) }
        )
        return fill
    }
}
