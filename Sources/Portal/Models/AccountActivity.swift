import Identity
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes

/// What happened to somebody's account, as an account of money: what came, what went, and what was
/// locked, in words to them.
struct AccountActivity: Sendable {
    /// What came into a balance, or went out of it.
    struct Movement: Hashable, Sendable {
        let amount: Amount
        let denomination: Denomination
        let isIncome: Bool
    }

    /// What is known of a channel beside its events.
    struct ChannelNote: Sendable {
        let payer: AccountID
        let payee: AccountID
        let denomination: Denomination
        /// All that was ever locked in it.
        let deposit: Amount
        /// The deposit after each top-up, in order; nil if not all of them are known.
        let topUps: [Amount]?
    }

    /// The components whose events are told only if they name the account itself: somebody's
    /// transaction may pay other people's royalties.
    private static let others: Set<String> = ["lineage", "shares"]
    /// The events that move money of the account in one of their fields, and that field.
    private static let moves: [String: (who: String, amount: String, isIncome: Bool)] = [
        "channels.closed": ("payer", "refunded", true),
        "channels.opened": ("payer", "deposit", false),
        "channels.toppedUp": ("payer", "added", false),
        "passes.bought": ("holder", "paid", false),
        "passes.renewed": ("holder", "paid", false),
        "escrows.locked": ("buyer", "amount", false),
        "disputes.claimPaid": ("to", "amount", true),
        "disputes.jurorPaid": ("juror", "amount", true),
        "shares.dividendsWithdrawn": ("to", "amount", true),
        "staking.rewardsPaid": ("to", "amount", true),
        "staking.stakeWithdrawn": ("delegator", "amount", true),
        "units.burned": ("by", "amount", false),
        "units.minted": ("to", "amount", true),
        "governance.treasuryPaid": ("account", "amount", true),
        "governance.votesWithdrawn": ("account", "amount", true),
    ]

    let account: AccountID
    let events: [EventEntry]
    let channels: [ChannelID: ChannelNote]
    let next: String?

    static func load(
        _ account: AccountID,
        _ source: PageSource,
        _ page: PageRequest
    ) async throws -> AccountActivity {
        let found = try await source.index.activity(of: account, page)
        let names = Set(found.items.compactMap { channel(of: EventSentence.fields($0.json)) })
        let notes = try await source.each(Array(names)) { id in
            (id, try await note(of: id, source))
        }
        var channels: [ChannelID: ChannelNote] = [:]
        for (id, note) in notes { channels[id] = note }
        return AccountActivity(
            account: account,
            events: found.items,
            channels: channels,
            next: found.next
        )
    }

    /// What the ledger still knows of a channel; nil if it has forgotten it.
    private static func note(
        of id: ChannelID,
        _ source: PageSource
    ) async throws -> ChannelNote? {
        guard let channel = try await source.ledger.channel(id) else { return nil }
        let page = try PageRequest(limit: PageRequest.limitMax)
        let history = try await source.index.history(of: .channel(id), page)
        let topUps = history.items.reversed().filter { $0.name == "channels.toppedUp" }
            .compactMap { try? Amount(obolText: EventSentence.fields($0.json)["deposit"] ?? "") }
        return ChannelNote(
            payer: channel.payer,
            payee: channel.payee,
            denomination: channel.denomination,
            deposit: channel.deposit,
            topUps: history.hasMore ? nil : topUps
        )
    }

    private static func channel(of fields: [String: String]) -> ChannelID? {
        fields["channel"].flatMap { Digest(hex: $0) }.map { ChannelID($0) }
    }

    func fill(_ source: PageSource) async throws -> [Fill] {
        let told = events.filter { concerns($0) }
        let more = told.map { lookedUp($0.name, $0.json) }
        let sentences = zip(told, more).map { event, more in
            EventSentence(name: event.name, json: event.json, more: more)
                .addressed(to: account)
        }
        let movements = zip(told, more).map { movement($0.name, $0.json, $1) }
        let units = try await source.units(movements.compactMap { $0?.denomination })
        let fills = try await source.fills(told, sentences)
        return zip(fills, movements).map { fill, movement in
            guard let movement else { return fill }
            var fill = fill
            var moved = (units[movement.denomination] ?? .native).fill(movement.amount)
            moved.put("movedSign", movement.isIncome ? "+" : "−")
            moved.put("movedTone", movement.isIncome ? "in" : "out")
            fill.put("moved", moved)
            return fill
        }
    }

    /// Whether an event is about the account, or about a channel that it pays from.
    private func concerns(_ event: EventEntry) -> Bool {
        let component = event.name.split(separator: ".").first.map(String.init) ?? ""
        guard Self.others.contains(component) else { return true }
        return EventSentence.fields(event.json).values.contains("\(account)")
    }

    /// The fields that an event of a channel lacks.
    func lookedUp(_ name: String, _ json: String) -> [String: String] {
        let fields = EventSentence.fields(json)
        guard let id = Self.channel(of: fields), let note = channels[id] else { return [:] }
        var more = ["payer": "\(note.payer)", "payee": "\(note.payee)"]
        if case .issued(let unit) = note.denomination {
            for name in ["deposit", "paid", "refunded", "added"] { more[name + "Unit"] = "\(unit)" }
        }
        switch name {
        case "channels.opened":
            // What was locked at first is known only if nothing was added.
            if note.topUps == [] { more["deposit"] = "\(note.deposit.obol)" }
        case "channels.toppedUp":
            let deposit = try? Amount(obolText: fields["deposit"] ?? "")
            guard let topUps = note.topUps, let deposit,
                let place = topUps.firstIndex(of: deposit), place > 0
            else { break }
            more["added"] = "\(deposit.obol - min(topUps[place - 1].obol, deposit.obol))"
        default: break
        }
        return more
    }

    /// What an event did to the account's balance; nil if nothing, or if it is not known.
    func movement(_ name: String, _ json: String, _ more: [String: String]) -> Movement? {
        let fields = EventSentence.fields(json).merging(more) { own, _ in own }
        let own = "\(account)"
        if name == "accounts.transferred" {
            let (from, to) = (fields["from"] == own, fields["to"] == own)
            return from == to ? nil : movement(fields, "amount", isIncome: to)
        }
        guard let move = Self.moves[name], fields[move.who] == own else { return nil }
        return movement(fields, move.amount, isIncome: move.isIncome)
    }

    private func movement(
        _ fields: [String: String],
        _ name: String,
        isIncome: Bool
    ) -> Movement? {
        guard let text = fields[name], let amount = try? Amount(obolText: text), !amount.isZero
        else { return nil }
        let unit = fields[name + "Unit"].flatMap { Denomination(indexText: $0) } ?? .native
        return Movement(amount: amount, denomination: unit, isIncome: isIncome)
    }
}
