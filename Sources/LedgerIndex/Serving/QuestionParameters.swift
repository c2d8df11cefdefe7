import Identity
import LedgerCore
public import MarketTypes
import SettlementCore

/// A question's parameters, read strictly: what is unknown, doubled or means nothing is refused.
struct QuestionParameters {
    private let values: [String: String]

    /// - Throws: ``IndexError/badQuestion(_:)`` for a name that is not in `known`, or comes twice.
    init(_ pairs: [(String, String)], known: Set<String>) throws(IndexError) {
        var values: [String: String] = [:]
        for (name, value) in pairs {
            guard known.contains(name) else {
                throw .badQuestion("there is no parameter “\(name.prefix(64))” here")
            }
            guard values.updateValue(value, forKey: name) == nil else {
                throw .badQuestion("“\(name)” is given twice")
            }
        }
        self.values = values
    }

    subscript(name: String) -> String? { values[name] }

    /// A value read by `parse`, or nil if the parameter is not there.
    func value<Value>(
        _ name: String,
        _ what: String,
        _ parse: (String) -> Value?
    ) throws(IndexError) -> Value? {
        guard let text = values[name] else { return nil }
        guard let value = parse(text) else {
            throw .badQuestion("“\(name)” is not \(what)")
        }
        return value
    }

    func account(_ name: String) throws(IndexError) -> AccountID? {
        try value(name, "an address") { AccountID(address: $0) }
    }

    func digest(_ name: String) throws(IndexError) -> Digest? {
        try value(name, "64 hex digits") { Digest(hex: $0) }
    }

    func number(_ name: String) throws(IndexError) -> UInt64? {
        try value(name, "a whole number") { text in
            // `UInt64` itself would take a plus sign.
            text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt64(text) : nil
        }
    }

    func flag(_ name: String) throws(IndexError) -> Bool? {
        try value(name, "true or false") { ["true": true, "false": false][$0] }
    }

    func denomination(_ name: String) throws(IndexError) -> Denomination? {
        try value(name, "“native” or 64 hex digits") { Denomination(indexText: $0) }
    }

    func page() throws(IndexError) -> PageRequest {
        let limit = try number("limit").map { Int(clamping: $0) }
        return try PageRequest(limit: limit ?? 50, after: values["cursor"])
    }

    /// A search for offers.
    func offerSearch() throws(IndexError) -> OfferSearch {
        var search = OfferSearch()
        search.text = values["text"]
        search.kind = try value("kind", "a kind of asset") { AssetKind(name: $0) }
        search.interface = try value("interface", "an interface") { CallInterface(name: $0) }
        search.denomination = try denomination("denomination")
        search.seller = try account("seller")
        search.asset = try digest("asset").map { AssetID($0) }
        search.isCurrent = try flag("current") ?? true
        let unit = try value("unit", "a unit") { Unit(name: $0) }
        let most = try value("maxPerMillion", "a number of obol") { try? Amount(obolText: $0) }
        if let most {
            guard let unit else { throw .badQuestion("maxPerMillion needs unit") }
            search.priceLimit = .init(unit, perMillion: most)
        }
        switch values["sort"] {
        case nil, "relevance": search.order = .relevance
        case "newest": search.order = .newest
        case "price":
            guard let unit else { throw .badQuestion("sort=price needs unit") }
            search.order = .price(unit)
        default: throw .badQuestion("“sort” is relevance, newest or price")
        }
        return search
    }

    /// A search for assets.
    func assetSearch() throws(IndexError) -> AssetSearch {
        var search = AssetSearch()
        search.text = values["text"]
        search.kind = try value("kind", "a kind of asset") { AssetKind(name: $0) }
        search.owner = try account("owner")
        search.isCurrent = try flag("current") ?? true
        return search
    }

    /// Whose history is asked for; nil for everybody's.
    func subject() throws(IndexError) -> Subject? {
        let account = try account("account").map { Subject.account($0) }
        let asset = try digest("asset").map { Subject.asset(AssetID($0)) }
        let offer = try digest("offer").map { Subject.offer(OfferID($0)) }
        let channel = try digest("channel").map { Subject.channel(ChannelID($0)) }
        let unit = try digest("denomination").map { Subject.unit($0) }
        var found = [account, asset, offer, channel, unit].compactMap(\.self)
        switch (values["kind"], try digest("object")) {
        case (let kind?, let name?): found.append(Subject(kind: kind, name: name))
        case (nil, nil): break
        default: throw .badQuestion("an object needs both kind and object")
        }
        guard found.count <= 1 else { throw .badQuestion("a history is of one thing") }
        return found.first
    }
}

extension AssetKind {
    /// The kind with this ``name``, or nil.
    init?(name: String) {
        guard let kind = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = kind
    }
}

extension CallInterface {
    /// The interface with this ``name``, or nil.
    init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }
}

extension Denomination {
    /// Reads `native`, or a unit's name in hex.
    public init?(indexText text: String) {
        if text == "native" {
            self = .native
            return
        }
        guard let unit = Digest(hex: text), unit != .zero else { return nil }
        self = .issued(unit)
    }
}
