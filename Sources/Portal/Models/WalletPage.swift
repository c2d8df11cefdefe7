import AccessCore
import AccessStore
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes

/// What somebody has, and what they can do with it: their account by the ledger, with forms whose
/// messages their passkey signs.
struct WalletPage: Sendable {
    let account: AccountPage
    let height: BlockHeight
    let locked: LockedMoney
    let permission: SpendingPermission?
    /// What became of what is locked, as the market's own gateway knows; nil if it does not.
    let use: [ChannelID: ChannelUse]?
    let passes: WalletPasses

    static func load(
        _ account: AccountID,
        _ access: PortalAccess,
        _ source: PageSource
    ) async throws -> WalletPage {
        let status = try await source.ledger.status()
        var permission: SpendingPermission?
        if let delegate = access.delegate?.sessionKey(of: account) {
            permission = try await SpendingPermission.load(
                account,
                delegate: delegate,
                at: status.height,
                source.ledger
            )
        }
        let page = try await AccountPage.load(account, source)
        var use: [ChannelID: ChannelUse]?
        if let delegate = access.delegate, let permission, !page.paysFrom.isEmpty {
            let isLive = permission.live(at: status.height) != nil
            use = await delegate.channelUse(of: account, isLive: isLive)
        }
        return WalletPage(
            account: page,
            height: status.height,
            locked: try await LockedMoney.load(account, source),
            permission: permission,
            use: use,
            passes: try await WalletPasses.load(account, at: status.height, source)
        )
    }

    func fill(_ source: PageSource) -> Fill {
        var fill = account.fill(source)
        fill.put("isEmpty", account.state.balance.isZero)
        fill.put(
            "channels",
            account.paysFrom.map { channel($0, $1, isPayer: true) }
                + account.isPaidBy.map { channel($0, $1, isPayer: false) }
        )
        fill.put("inChannels", UnitName.native.fill(locked.sum))
        fill.put("inChannelsCut", locked.isCut)
        fill.put("passes", passes.fill())
        fill.put("permission", permission?.fill(at: height))
        return fill
    }

    private func channel(_ id: ChannelID, _ channel: Channel, isPayer: Bool) -> Fill {
        let unit = account.units[channel.denomination] ?? .native
        var fill = Fill()
        fill.put("channelID", "\(id.digest)")
        fill.put("direction", isPayer ? "You pay" : "Pays you")
        fill.put("other", NameText.fill(isPayer ? channel.payee : channel.payer))
        fill.put("deposit", unit.fill(channel.deposit))
        fill.put("paid", unit.fill(channel.paid))
        fill.put("rest", unit.fill(channel.locked))
        let known = isPayer ? self.use?[id] : nil
        let use = known?.fill(deposit: channel.deposit, claimed: channel.paid, unit)
        fill.put("use", use)
        let used = max(known?.used ?? .zero, channel.paid)
        let part = Bars.part(used.obol, of: channel.deposit.obol)
        fill.put("paidSVG", Bars.split([("part", part)], title: ""))
        fill.put("isPayer", isPayer)
        fill.put("closesAt", Optional<String>.none)
        fill.put("canClose", false)
        fill.put("canWithdraw", false)
        switch channel.status {
        case .open:
            fill.put("standing", "Open")
            fill.put("tone", "good")
            fill.put("canClose", isPayer)
        case .closing(let end):
            fill.put("standing", "Closing")
            fill.put("tone", "active")
            fill.put("closesAt", NumberText.grouped(end.rawValue))
            let next = height.advanced(byBlocks: 1) ?? height
            fill.put("canWithdraw", isPayer && next >= end)
        case .closed:
            fill.put("standing", "Closed")
            fill.put("tone", "quiet")
        }
        return fill
    }
}

extension ChannelUse {
    /// What a channel's deposit is for now: used, not claimed of that, in calls under way, free.
    func fill(deposit: Amount, claimed: Amount, _ unit: UnitName) -> Fill {
        // Another process of this market may have used the channel since: the ledger knows better.
        let used = max(self.used, claimed)
        let bound = used.obol + promised.obol
        let unclaimed = Amount(obol: used.obol - claimed.obol)
        var fill = Fill()
        fill.put("used", unit.fill(used))
        fill.put("unclaimed", unclaimed.isZero ? Fill?.none : unit.fill(unclaimed))
        fill.put("promised", promised.isZero ? Fill?.none : unit.fill(promised))
        fill.put("free", unit.fill(Amount(obol: deposit.obol - min(bound, deposit.obol))))
        return fill
    }
}

/// The STOA in the channels that an account pays from: in all of them, not in those that are shown.
struct LockedMoney: Hashable, Sendable {
    let sum: Amount
    /// Whether there are channels that were not looked at.
    let isCut: Bool

    static func load(_ account: AccountID, _ source: PageSource) async throws -> LockedMoney {
        let names = try await source.found(
            .channels(ofPayer: account),
            limit: PageSource.listMax
        ) { Digest(bytes: $0.key.bytes.suffix(Digest.byteCount)) }
        let channels = try await source.each(names.items) { name in
            try await source.ledger.channel(ChannelID(name))
        }
        let sum = channels.reduce(Amount.zero) { sum, channel in
            guard let channel, channel.denomination == .native else { return sum }
            return (try? sum.adding(channel.locked)) ?? sum
        }
        return LockedMoney(sum: sum, isCut: names.isCut)
    }
}

/// What an account lets the market spend for it, by the ledger's entry of the session.
struct SpendingPermission: Sendable {
    /// The messages of a buyer's gateway: open, top up, close and withdraw a channel.
    static let messages: [UInt8] = [6, 7, 9, 10]
    /// Over how many blocks a limit counts, and for how long a permission can be given: blocks
    /// come about once a second.
    static let dayBlocks: UInt64 = 86_400
    static let periods: [(blocks: UInt64, title: String)] = [
        (3600, "an hour"), (dayBlocks, "a day"), (604_800, "a week"),
    ]
    static let lives: [(blocks: UInt64, title: String)] = [
        (86_400, "a day"), (604_800, "a week"), (2_592_000, "a month"),
    ]

    let delegate: AccountID
    let session: Session?
    let authority: AccountID
    let livesMax: UInt64

    static func load(
        _ account: AccountID,
        delegate: AccountID,
        at height: BlockHeight,
        _ ledger: any LedgerConnection
    ) async throws -> SpendingPermission {
        return SpendingPermission(
            delegate: delegate,
            session: try await ledger.read(Session.self, .session(account, delegate)),
            authority: try await ledger.signer(of: account, at: height),
            livesMax: try await ledger.value(of: .sessionBlocksMax)
                ?? GovernedNumber.sessionBlocksMax.standard
        )
    }

    /// The session, if it may be used in the next block.
    func live(at height: BlockHeight) -> Session? {
        let next = height.advanced(byBlocks: 1) ?? height
        return session.flatMap { $0.isLive(at: next, authority: authority) ? $0 : nil }
    }

    func fill(at height: BlockHeight) -> Fill {
        let next = height.advanced(byBlocks: 1) ?? height
        let live = live(at: height)
        var fill = Fill()
        fill.put("delegate", NameText.fill(delegate))
        fill.put("delegateAddress", "\(delegate)")
        fill.put("messageTags", "[\(Self.messages.map { "\($0)" }.joined(separator: ","))]")
        fill.put("granted", live.map { granted($0, at: next) })
        fill.put("ended", live == nil && session != nil)
        let limit = live?.grant.limits.first?.amount
        fill.put("limitText", limit.map { MoneyText.typed($0, decimals: 9) } ?? "1")
        fill.put("periods", Self.options(Self.periods, chosen: live?.grant.periodBlocks ?? 86_400))
        let lives = Self.lives.filter { $0.blocks <= livesMax }
        fill.put("lives", Self.options(lives, chosen: 604_800))
        return fill
    }

    private func granted(_ session: Session, at height: BlockHeight) -> Fill {
        let grant = session.grant
        let limit = grant.limits.first?.amount ?? .zero
        let end = session.periodStart.advanced(byBlocks: grant.periodBlocks)
        // A period that is over is begun anew by the next thing that is done.
        let isOver = end.map { height >= $0 } ?? false
        let spent = isOver ? .zero : session.spent.first ?? .zero
        var fill = Fill()
        fill.put("limit", UnitName.native.fill(limit))
        fill.put("spent", UnitName.native.fill(spent))
        fill.put("spentPart", NumberText.percent(spent.obol, of: limit.obol))
        fill.put(
            "spentSVG",
            Bars.split([("part", Bars.part(spent.obol, of: limit.obol))], title: "")
        )
        fill.put("period", Self.words(grant.periodBlocks, Self.periods))
        fill.put("until", NumberText.grouped(grant.validUntil.rawValue))
        let last = grant.validUntil.rawValue
        fill.put("blocksLeft", last - min(height.rawValue, last))
        return fill
    }

    private static func words(
        _ blocks: UInt64,
        _ names: [(blocks: UInt64, title: String)]
    ) -> String {
        let text = NumberText.count(blocks, "block", "blocks")
        guard let name = names.first(where: { $0.blocks == blocks }) else { return text }
        return "\(text), about \(name.title)"
    }

    private static func options(
        _ choices: [(blocks: UInt64, title: String)],
        chosen: UInt64
    ) -> [Fill] {
        choices.map { choice in
            var fill = Fill(["value": "\(choice.blocks)"])
            fill.put("optionTitle", "about \(choice.title)")
            fill.put("chosen", choice.blocks == chosen)
            return fill
        }
    }
}
