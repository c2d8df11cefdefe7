import Identity
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes

/// Says in plain words what a message does, with what the ledger knows of the things that it names:
/// amounts in their units, how long a number of blocks is, what a proposal is called.
///
/// It may leave members out and shorten names: whoever shows it shows ``MessageSummary`` too.
struct PlainSentence: Sendable {
    let ledger: any LedgerConnection
    let index: IndexReader
    let sender: AccountID
    /// The last block.
    let height: BlockHeight
    let pace: BlockPace?

    /// The sentence; nil for a message that has none, or of which the ledger knows too little.
    func text(of message: Message) async -> String? {
        switch message {
        case .transfer(let account, let denomination, let amount):
            // Whole: an address that only looks alike must not pass for another.
            await "Send \(words(amount, denomination)) to \(account)."
        case .openChannel(let opening):
            await "Lock \(words(opening.deposit, opening.denomination)) in a new payment channel "
                + "to \(opening.payee). What it does not take comes back when the channel is "
                + "closed."
        case .topUpChannel(let id, let amount): await topUp(id, amount)
        case .closeChannel(let id): await closing(id)
        case .withdrawChannel(let id): await withdrawal(id)
        case .passes(let message): await passes(message)
        case .escrows(let message): await job(message)
        case .governance(let message): await governance(message)
        case .authorization(let message): await authorization(message)
        default: nil
        }
    }

    private func topUp(_ id: ChannelID, _ amount: Amount) async -> String? {
        guard let channel = try? await ledger.channel(id) else { return nil }
        return await "Lock another \(words(amount, channel.denomination)) in the payment channel "
            + "to \(channel.payee)."
    }

    private func closing(_ id: ChannelID) async -> String? {
        guard let channel = try? await ledger.channel(id), channel.payer == sender,
            channel.status == .open
        else { return nil }
        let locked = await words(channel.locked, channel.denomination)
        return "Close the payment channel to \(short(channel.payee)). \(locked) is locked in it: "
            + "for \(blocks(channel.closingDelayBlocks)) the seller can claim what it earned, then "
            + "the rest is yours to take."
    }

    private func withdrawal(_ id: ChannelID) async -> String? {
        guard let channel = try? await ledger.channel(id), channel.payer == sender else {
            return nil
        }
        let locked = await words(channel.locked, channel.denomination)
        return "Take back \(locked), which is left in the payment channel to "
            + "\(short(channel.payee))."
    }

    private func passes(_ message: PassMessage) async -> String? {
        let (id, priceMax, isNew): (PlanID, Amount, Bool)
        switch message {
        case .buyPass(let plan, let most): (id, priceMax, isNew) = (plan, most, true)
        case .renewPass(let plan, let most): (id, priceMax, isNew) = (plan, most, false)
        default: return nil
        }
        guard let plan = try? await ledger.plan(id) else { return nil }
        let terms = plan.terms
        let most = await words(priceMax, terms.denomination)
        let price = await words(terms.price, terms.denomination)
        let paid = terms.price == priceMax ? price : "\(price) now, and never more than \(most),"
        return "Pay \(paid) for \(isNew ? "a pass" : "another period of your pass") of the plan "
            + "“\(terms.name)” of \(plan.seller): \(blocks(terms.periodBlocks))."
    }

    private func job(_ message: EscrowMessage) async -> String? {
        let id: EscrowID
        switch message {
        case .lock: return nil
        case .accept(let name), .deliver(let name, _), .approve(let name), .cancel(let name):
            id = name
        }
        guard let escrow = try? await ledger.read(Escrow.self, .escrow(id)) else { return nil }
        let terms = escrow.terms
        let price = await words(terms.amount, terms.denomination)
        return switch message {
        case .lock: nil
        case .accept:
            "Accept the job of \(short(escrow.buyer)) for \(price), and deliver it by block "
                + "\(grouped(terms.deliverBy.rawValue))\(wait(until: terms.deliverBy))."
        case .deliver(_, let content):
            "Deliver the job of \(short(escrow.buyer)) for \(price) with the file whose SHA-256 "
                + "is \(content)."
        case .approve: "Pay \(price) to \(terms.seller) for the job. It is over then."
        case .cancel: "Give the job up: \(price) goes back to \(short(escrow.buyer))."
        }
    }

    private func governance(_ message: GovernanceMessage) async -> String? {
        switch message {
        case .lockVotes(let amount):
            guard let delay = try? await ledger.value(of: .unlockDelayBlocks) else { return nil }
            return await "Lock \(words(amount, .native)) to vote with. It stays yours; to have it "
                + "back takes \(blocks(delay)) by the rules of now."
        case .unlockVotes(let amount):
            return await "Begin to unlock \(words(amount, .native)). It votes no more, and can be "
                + "taken when the delay is over that it was locked under."
        case .withdrawVotes:
            guard let voter = try? await ledger.voter(sender) else { return nil }
            let next = height.advanced(byBlocks: 1) ?? height
            let free = voter.unlockings.filter { $0.releasedAt <= next }
            let sum = free.reduce(Amount.zero) { (try? $0.adding($1.amount)) ?? $0 }
            return await "Take back \(words(sum, .native)), which is unlocked."
        case .delegateVotes(let account):
            guard let account else { return "Let nobody vote for this account any more." }
            return "Let \(account) vote with what this account has locked, unless it votes "
                + "itself. The money stays yours."
        case .vote(let id, let choice):
            guard let proposal = try? await ledger.proposal(id) else { return nil }
            return "Vote \(choice) on “\(proposal.content.title)”."
        default: return nil
        }
    }

    private func authorization(_ message: AuthorizationMessage) async -> String? {
        switch message {
        case .grantSession(let grant): await session(grant)
        case .revokeSession(let session):
            "End what the key of \(short(session)) may do for this account. What is locked in "
                + "payment channels stays there until they are closed."
        default: nil
        }
    }

    /// The messages that open, fill, close and empty channels.
    private static let channelTags: Set<UInt8> = [6, 7, 9, 10]

    /// A session of a buyer's gateway, which opens, fills, closes and empties channels; any other
    /// is shown member by member.
    private func session(_ grant: SessionGrant) async -> String? {
        let tags = grant.scope.messages
        guard tags.contains(6), tags.allSatisfy({ Self.channelTags.contains($0) }),
            !grant.limits.isEmpty
        else { return nil }
        var limits: [String] = []
        for limit in grant.limits {
            limits.append(await words(limit.amount, limit.denomination))
        }
        // Whole, as in a transfer: the key chooses who is paid, within the limits.
        let payees = grant.scope.payees
        let whom = payees.isEmpty ? "anybody" : payees.map { "\($0)" }.joined(separator: " and ")
        let until = "block \(grouped(grant.validUntil.rawValue))\(wait(until: grant.validUntil))"
        return "Let the key of \(grant.session) pay at most \(limits.joined(separator: " and ")) "
            + "of yours to \(whom), through payment channels and fees included, in "
            + "\(blocks(grant.periodBlocks)), again and again until \(until)."
            + (tags.contains(9)
                ? " It can close the channels, which brings back what they did not take." : "")
    }
}

// What its parts look like.
extension PlainSentence {
    /// An amount with its unit. Tickers are anybody's to choose, so their issuer stands there too.
    func words(_ amount: Amount, _ denomination: Denomination) async -> String {
        guard case .issued(let unit) = denomination else {
            return amount.words(decimals: 9, "STOA")
        }
        if let record = try? await ledger.read(ShareRecord.self, .shares(unit)) {
            let asset = try? await index.asset(record.asset)
            // Names of assets are anybody's to choose as well, each owner's for themselves.
            let name = asset.map { "\($0.asset.name) (an asset of \($0.asset.owner))" }
            return amount.words(decimals: 0, "shares of \(name ?? "asset \(record.asset.digest)")")
        }
        if let record = try? await ledger.read(UnitRecord.self, .unit(unit)) {
            let name = "\(record.terms.ticker) (issued by \(short(record.issuer)))"
            return amount.words(decimals: Int(record.terms.decimals), name)
        }
        return amount.words(decimals: 0, "of the smallest parts of unit \(unit)")
    }

    /// A number of blocks, and about how long that is.
    private func blocks(_ count: UInt64) -> String {
        let text = "\(grouped(count)) \(count == 1 ? "block" : "blocks")"
        return pace?.duration(of: count).map { "\(text) (\($0))" } ?? text
    }

    private func wait(until end: BlockHeight) -> String {
        guard end > height, let time = pace?.duration(of: end.rawValue - height.rawValue) else {
            return ""
        }
        return " (in \(time))"
    }

    private func short(_ account: AccountID) -> String { short("\(account)") }

    private func short(_ name: String) -> String { "\(name.prefix(10))…\(name.suffix(4))" }

    private func grouped(_ number: UInt64) -> String { "\(number)".inGroups }
}

/// How fast blocks came lately.
struct BlockPace: Hashable, Sendable {
    private static let blocksMax: UInt64 = 1000

    let blocks: UInt64
    let milliseconds: UInt64

    /// The pace of the last blocks; nil if the index does not tell.
    static func latest(_ status: LedgerStatus, _ index: IndexReader) async -> BlockPace? {
        let blocks = min(blocksMax, status.height.rawValue - min(1, status.height.rawValue))
        let before = BlockHeight(status.height.rawValue - blocks)
        guard blocks > 0, let block = try? await index.block(before),
            status.time.milliseconds > block.time.milliseconds
        else { return nil }
        let elapsed = status.time.milliseconds - block.time.milliseconds
        return BlockPace(blocks: blocks, milliseconds: elapsed)
    }

    /// About how long so many blocks take; nil if that is beyond any calendar.
    func duration(of count: UInt64) -> String? {
        let seconds = UInt128(count) * UInt128(milliseconds) / UInt128(blocks) / 1000
        let units: [(seconds: UInt128, name: String)] = [
            (86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"),
        ]
        // Two of a unit at least, so that rounding leaves out less than a quarter.
        guard let unit = units.first(where: { seconds >= 2 * $0.seconds }) else {
            return "about a second"
        }
        let rounded = (seconds + unit.seconds / 2) / unit.seconds
        return rounded < 100_000 ? "about \("\(rounded)".inGroups) \(unit.name)s" : nil
    }
}

extension Amount {
    /// Every digit but zeros at the end, in groups, with a unit.
    func words(decimals: Int, _ unit: String) -> String {
        var digits = "\(obol)"
        let missing = decimals + 1 - digits.utf8.count
        if missing > 0 { digits = String(repeating: "0", count: missing) + digits }
        var fraction = digits.suffix(decimals)
        while fraction.last == "0" { fraction.removeLast() }
        let whole = String(digits.dropLast(decimals)).inGroups
        return (fraction.isEmpty ? whole : "\(whole).\(fraction)") + " \(unit)"
    }
}

extension String {
    /// Digits in groups of three, such as `12,345`.
    fileprivate var inGroups: String {
        var out = ""
        for (place, digit) in enumerated() {
            if place > 0, (count - place) % 3 == 0 { out.append(",") }
            out.append(digit)
        }
        return out
    }
}
