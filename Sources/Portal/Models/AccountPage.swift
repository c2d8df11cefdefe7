import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import WebServing

/// Everything that an account's page shows: all of it is public on the ledger.
struct AccountPage: Sendable {
    static let balancesMax = 40
    static let channelsMax = 10
    static let listMax = 12
    static let historyMax = 15

    let account: AccountID
    let state: Account
    let balances: [(unit: Digest, amount: Amount)]
    let bond: Bond
    let voter: Voter?
    let paysFrom: [(id: ChannelID, channel: Channel)]
    let isPaidBy: [(id: ChannelID, channel: Channel)]
    let counts: SubjectEntry?
    let units: [Denomination: UnitName]

    static func load(_ account: AccountID, _ source: PageSource) async throws -> AccountPage {
        let ledger = source.ledger
        let listed = try await source.listed(.issuedBalances(of: account), limit: balancesMax)
        let balances = listed.compactMap { listing -> (unit: Digest, amount: Amount)? in
            guard let unit = Digest(bytes: listing.key.bytes.suffix(Digest.byteCount)),
                let stored = try? StoredAmount(canonicalBytes: listing.value)
            else { return nil }
            return (unit, stored.amount)
        }
        let paysFrom = try await ledger.channels(ofPayer: account, limit: channelsMax)
        let isPaidBy = try await ledger.channels(ofPayee: account, limit: channelsMax)
        let used = (paysFrom + isPaidBy).map(\.channel.denomination)
        return AccountPage(
            account: account,
            state: try await ledger.account(account),
            balances: balances,
            bond: try await ledger.read(Bond.self, .bond(account)) ?? .none,
            voter: try await ledger.voter(account),
            paysFrom: paysFrom,
            isPaidBy: isPaidBy,
            counts: try await source.index.counts(of: .account(account)),
            units: try await source.units(balances.map { .issued($0.unit) } + used)
        )
    }

    /// Whether the ledger has ever heard of it.
    var isKnown: Bool { counts != nil || state.sequence > 0 || !state.balance.isZero }

    func fill(_ source: PageSource) -> Fill {
        var fill = Fill()
        fill.put("account", NameText.fill(account))
        fill.put("address", "\(account)")
        fill.put("isKnown", isKnown)
        fill.put("balance", UnitName.native.fill(state.balance))
        fill.put("sequence", state.sequence)
        fill.put("bond", UnitName.native.fill(bond.active))
        fill.put("hasBond", !bond.active.isZero)
        fill.put("votes", voter.map { UnitName.native.fill($0.own) })
        fill.put("sent", counts?.transactions ?? 0)
        fill.put("refused", counts?.refused ?? 0)
        fill.put("firstSeen", counts.map { NumberText.grouped($0.first.rawValue) })
        fill.put("lastSeen", counts.map { NumberText.grouped($0.last.rawValue) })
        fill.put("balancesCut", balances.count >= Self.balancesMax)
        fill.put(
            "channelsCut",
            max(paysFrom.count, isPaidBy.count) >= Self.channelsMax
        )
        fill.put("sellsHref", PortalPaths.query(PortalPaths.search, [("seller", "\(account)")]))
        fill.put("proofHref", PortalPaths.proof(.account(account)))
        fill.put(
            "balances",
            balances.map { unit, amount in
                let name = units[.issued(unit)] ?? .native
                var fill = name.fill(amount)
                fill.put("unitID", NameText.fill(unit))
                return fill
            }
        )
        fill.put(
            "channels",
            paysFrom.map { channel($0, $1, isPayer: true) }
                + isPaidBy.map { channel($0, $1, isPayer: false) }
        )
        return fill
    }

    private func channel(_ id: ChannelID, _ channel: Channel, isPayer: Bool) -> Fill {
        let unit = units[channel.denomination] ?? .native
        var fill = Fill()
        fill.put("channelID", NameText.fill(id.digest))
        fill.put("direction", isPayer ? "Pays" : "Is paid by")
        fill.put("other", NameText.fill(isPayer ? channel.payee : channel.payer))
        fill.put("deposit", unit.fill(channel.deposit))
        fill.put("paid", unit.fill(channel.paid))
        return fill
    }
}
