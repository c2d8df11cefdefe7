import CanonicalCoding
import FoundationEssentials
import Identity
import LedgerCore
import LedgerIndex
import MarketTypes

/// An event in words: pieces of text, names that lead somewhere, and amounts.
struct EventSentence: Hashable, Sendable {
    enum Piece: Hashable, Sendable {
        case text(String)
        case account(AccountID)
        case asset(AssetID)
        case name(Digest, link: String?)
        case money(Amount, Denomination)
    }

    let pieces: [Piece]

    /// Reads an event of the index; fields that a phrase does not name are left out.
    ///
    /// - Parameter more: fields that the event lacks and somebody looked up.
    init(name: String, json: String, more: [String: String] = [:]) {
        let fields = Self.fields(json).merging(more) { own, _ in own }
        guard let phrase = EventPhrases.phrase(of: name, has: { fields[$0] != nil }) else {
            let words = Self.words(name)
            let rest = fields.keys.sorted().filter { $0 != "event" && !$0.hasSuffix("Unit") }
            pieces =
                [.text(words.capitalizedFirst)]
                + rest.prefix(8).flatMap { key in
                    [.text(" · \(Self.words(key)) "), Self.piece(key, fields)]
                }
            return
        }
        var pieces = Self.fill(phrase, fields)
        // A sentence begins with a capital unless it begins with a name.
        if case .text(let text) = pieces.first { pieces[0] = .text(text.capitalizedFirst) }
        self.pieces = pieces
    }

    private static func fill(_ phrase: String, _ fields: [String: String]) -> [Piece] {
        var pieces: [Piece] = []
        for (place, part) in phrase.split(separator: "{", omittingEmptySubsequences: false)
            .enumerated()
        {
            guard place > 0 else {
                if !part.isEmpty { pieces.append(.text(String(part))) }
                continue
            }
            let halves = part.split(separator: "}", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(halves[0])
            pieces.append(fields[name] == nil ? .text("somebody") : piece(name, fields))
            if halves.count > 1, !halves[1].isEmpty { pieces.append(.text(String(halves[1]))) }
        }
        return pieces
    }

    private static let amounts: Set<String> = [
        "amount", "baseAmount", "quoteAmount", "active", "stake", "weight", "deposit", "own",
        "received", "bond", "returned", "open", "supply", "wantedAmount", "perAmount", "paid",
        "awarded", "restored", "volume", "refunded",
    ]
    private static let assets: Set<String> = ["asset", "parent", "sold", "earner"]

    private static func piece(_ name: String, _ fields: [String: String]) -> Piece {
        let value = fields[name] ?? ""
        if value.hasPrefix("stoa1"), let account = AccountID(address: value) {
            return .account(account)
        }
        if amounts.contains(name), let amount = try? Amount(obolText: value) {
            let unit = fields[name + "Unit"].flatMap { Denomination(indexText: $0) } ?? .native
            return .money(amount, unit)
        }
        guard let digest = Digest(hex: value) else { return .text(words(value)) }
        if assets.contains(name) { return .asset(AssetID(digest)) }
        return .name(digest, link: link(name, digest))
    }

    private static func link(_ name: String, _ digest: Digest) -> String? {
        switch name {
        case "offer": PortalPaths.offer(OfferID(digest))
        case "proposal": PortalPaths.proposal(digest)
        case "escrow": PortalPaths.job(digest)
        case "dispute": PortalPaths.dispute(digest)
        case "market": PortalPaths.market(digest)
        default: nil
        }
    }

    /// `votesChanged` as `votes changed`; a component before a point is left out.
    static func words(_ name: String) -> String {
        let own = name.split(separator: ".").last.map(String.init) ?? name
        guard own.utf8.allSatisfy({ $0 != UInt8(ascii: " ") }), own.first?.isLowercase == true
        else { return own }
        return own.reduce(into: "") { text, character in
            text += character.isUppercase ? " " + character.lowercased() : String(character)
        }
    }

    /// The members of an object of texts, numbers and flags; nothing if it is another.
    static func fields(_ json: String) -> [String: String] {
        let decoded = try? JSONDecoder().decode([String: Scalar].self, from: Data(json.utf8))
        return (decoded ?? [:]).mapValues(\.text)
    }

    private struct Scalar: Decodable {
        let text: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(UInt64.self) {
                text = "\(number)"
            } else if let flag = try? container.decode(Bool.self) {
                text = flag ? "yes" : "no"
            } else {
                text = try container.decode(String.self)
            }
        }
    }

    /// The same to its reader, whose account is “You”.
    func addressed(to own: AccountID) -> EventSentence {
        var pieces = pieces
        for (place, piece) in pieces.enumerated() where piece == .account(own) {
            pieces[place] = .text(place == 0 ? "You" : "you")
            guard place == 0, pieces.count > 1, case .text(let text) = pieces[1] else { continue }
            let verb = EventPhrases.secondPerson.first { text.hasPrefix($0.key) }
            let rest = verb.map { $0.value + text.dropFirst($0.key.count) } ?? text
            pieces[1] = .text(rest.replacing(" its ", with: " your "))
        }
        return EventSentence(pieces: pieces)
    }

    private init(pieces: [Piece]) { self.pieces = pieces }

    /// The pieces for the template `sentence`, with names that were looked up before.
    func fill(
        _ assets: [AssetID: AssetEntry],
        _ units: [Denomination: UnitName]
    ) -> [Fill] {
        pieces.map { piece in
            var fill = Fill([
                "plain": false, "href": false, "full": false, "digits": false, "unit": false,
                "isName": false,
            ])
            switch piece {
            case .text(let text): fill.put("plain", text)
            case .account(let account):
                fill.put("short", NameText.short(account))
                fill.put("isName", true)
                fill.put("full", "\(account)")
                fill.put("href", PortalPaths.account(account))
            case .asset(let asset):
                fill.put("short", assets[asset]?.asset.name ?? NameText.short(asset.digest))
                fill.put("full", "\(asset.digest)")
                fill.put("href", PortalPaths.asset(asset))
            case .name(let digest, let link):
                fill.put("short", NameText.short(digest))
                fill.put("isName", true)
                fill.put("full", "\(digest)")
                fill.put("href", link)
            case .money(let amount, let denomination):
                let unit = units[denomination] ?? .native
                fill.put("digits", MoneyText.exact(amount, decimals: unit.decimals))
                fill.put("unit", unit.name)
            }
            return fill
        }
    }
}

extension PageSource {
    /// Events for the template `events`, with what they name looked up once.
    func fills(_ events: [EventEntry]) async throws -> [Fill] {
        try await fills(events, events.map { EventSentence(name: $0.name, json: $0.json) })
    }

    /// Events for the template `events`, in these words.
    func fills(_ events: [EventEntry], _ sentences: [EventSentence]) async throws -> [Fill] {
        let pieces = sentences.flatMap(\.pieces)
        let assets = try await assets(
            pieces.compactMap { if case .asset(let asset) = $0 { asset } else { nil } }
        )
        let units = try await units(
            pieces.compactMap { if case .money(_, let unit) = $0 { unit } else { nil } }
        )
        return zip(events, sentences).map { event, sentence in
            var fill = Fill()
            fill.put("sentence", sentence.fill(assets, units))
            fill.put("component", event.name.split(separator: ".").first.map(String.init))
            fill.put("name", event.name)
            fill.put("moved", String?.none)
            fill.put("height", event.height.rawValue)
            fill.put("blockHref", PortalPaths.block(event.height))
            fill.merge(time(event.time))
            return fill
        }
    }
}
