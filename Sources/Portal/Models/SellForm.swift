import MarketTypes
import SettlementCore

/// What somebody wants to sell, as a form says it, and the commands that sell it.
struct SellForm: Sendable {
    static let textMax = 300
    /// What a seller needs besides the stake: fees of publishing and of claiming.
    static let fees = Amount(obol: Amount.obolPerStoa)
    /// No price and no stake is above it.
    static let amountMax = Amount(obol: 1_000_000 * Amount.obolPerStoa)
    private static let tokens: UInt64 = 1_000_000

    /// The fields by name, with what stands in them before anybody typed.
    private static let fields: [(name: String, standard: String)] = [
        ("model", ""), ("upstream", ""), ("upstreamModel", ""), ("keyVariable", ""),
        ("priceIn", ""), ("priceOut", ""), ("priceCall", ""), ("licence", ""), ("stake", "10"),
        ("endpoint", ""), ("port", "26700"),
    ]
    /// Those that are folded away, because few sellers need them.
    private static let folded: Set<String> = ["upstreamModel", "keyVariable", "port"]

    /// What of a field cannot be sold, for people.
    struct Fault: Hashable, Sendable {
        let field: String
        let text: String
    }

    private let typed: [String: String]
    let interface: CallInterface
    private(set) var faults: [Fault] = []
    private(set) var prices = PriceTable(SortedMap())
    private(set) var stake = Amount.zero

    /// Reads the form's fields, and checks them if it was sent.
    ///
    /// - Parameters:
    ///   - gift: what the market gives whoever tries it out; the stake that stands in the form
    ///     at first, and the fees, are paid from that.
    ///   - value: a field's text; nil for one that is not there, which is not one left empty.
    init(gift: Amount? = nil, _ value: (String) -> String?, isSent: Bool) {
        var typed: [String: String] = [:]
        for (name, standard) in Self.fields {
            let first = name == "stake" ? gift.map(Self.stake) : nil
            let text = value(name) ?? first ?? standard
            let words = text.split { $0.isWhitespace }.joined(separator: " ")
            typed[name] = String(words.prefix(Self.textMax))
        }
        self.typed = typed
        interface = CallInterface.allCases.first { $0.name == value("interface") } ?? .chat
        if isSent { check() }
    }

    /// The whole STOA that a gift leaves for a stake, beside fees for publishing, claiming and
    /// for sending it on; at least one.
    private static func stake(from gift: Amount) -> String {
        let whole = gift.obol / Amount.obolPerStoa
        return "\(whole > 3 ? whole - 2 : 1)"
    }

    var model: String { self["model"] }
    /// The server that answers.
    var server: String { self["upstream"] }
    /// The environment variable whose value is sent to that server; nil if none is.
    var keyVariable: String? { self["keyVariable"].isEmpty ? nil : self["keyVariable"] }

    /// Where buyers reach the seller; nil if only programs on the seller's machine do.
    var endpoint: String? { self["endpoint"].isEmpty ? nil : self["endpoint"] }

    private subscript(name: String) -> String { typed[name] ?? "" }

    /// The form for its template.
    var fill: Fill {
        var fill = Fill()
        for (name, _) in Self.fields {
            fill.put(name + "Text", self[name])
            fill.put(name + "Fault", faults.first { $0.field == name }?.text)
        }
        let isUsed = !self["upstreamModel"].isEmpty || !self["keyVariable"].isEmpty
        fill.put("isUnfolded", isUsed || faults.contains { Self.folded.contains($0.field) })
        fill.put("faults", faults.map { Fill(["fault": $0.text, "faultField": $0.field]) })
        fill.put(
            "interfaces",
            CallInterface.allCases.map { kind in
                var fill = Fill(["value": kind.name])
                fill.put("optionTitle", Self.title(kind))
                fill.put("chosen", kind == interface)
                return fill
            }
        )
        return fill
    }

    /// The form's address, to come back to it; no stake at all is written as none.
    var parameters: [(String, String?)] {
        Self.fields.map { name, _ in
            (name, name == "stake" && self[name].isEmpty ? "0" : self[name])
        } + [("interface", interface.name)]
    }

    private static func title(_ interface: CallInterface) -> String {
        switch interface {
        case .chat: "Chat, as OpenAI’s API"
        case .embeddings: "Embeddings, as OpenAI’s API"
        case .json: "Any JSON over HTTP"
        case .images: "Images, as OpenAI’s API"
        case .speech: "Speech from text, as OpenAI’s API"
        case .transcription: "Text from audio, as OpenAI’s API"
        }
    }

    // MARK: Checking

    private mutating func check() {
        if !Self.isPlain(model, "._:/@+-", atMost: Offer.modelBytesMax) {
            fault(
                "model",
                "The model’s name has 1 to \(Offer.modelBytesMax) letters, digits and "
                    + ". _ : / @ + -"
            )
        }
        if !Self.isAddress(self["upstream"]) {
            fault("upstream", "Your server is named by a URL that begins with http:// or https://")
        }
        if !self["endpoint"].isEmpty, !Self.isAddress(self["endpoint"]) {
            fault(
                "endpoint",
                "Where buyers reach you is a URL that begins with http:// or https://"
            )
        }
        for (name, marks, what) in [
            ("upstreamModel", "._:/@+-", "The server’s own name for the model"),
            ("keyVariable", "_", "The variable with the server’s key"),
            ("licence", ".-+", "The licence"),
        ] where !self[name].isEmpty && !Self.isPlain(self[name], marks, atMost: 64) {
            fault(name, "\(what) has at most 64 letters, digits and \(marks)")
        }
        if UInt16(self["port"]) == nil { fault("port", "The port is a number up to 65535.") }
        checkPrices()
        stake = amount("stake", "The stake") ?? .zero
    }

    private mutating func fault(_ field: String, _ text: String) {
        faults.append(Fault(field: field, text: text))
    }

    private mutating func checkPrices() {
        var table = SortedMap<Unit, Price>()
        for (name, unit, count, what) in [
            ("priceIn", Unit.inputToken, Self.tokens, "The price of input tokens"),
            ("priceOut", .outputToken, Self.tokens, "The price of output tokens"),
            ("priceCall", .call, 1, "The price of \(interface == .images ? "an image" : "a call")"),
        ] {
            guard let amount = amount(name, what) else { continue }
            guard interface.counts(unit) else {
                fault(name, "\(what) means nothing here: nobody counts them for this interface.")
                continue
            }
            table[unit] = Price(amount: amount, perUnits: count)
        }
        if table.isEmpty, faults.isEmpty {
            let first = interface.counts(.inputToken) ? "priceIn" : "priceCall"
            fault(first, "Give at least one price.")
        }
        prices = PriceTable(table)
    }

    /// An amount of STOA; nil, with a fault if something else was typed.
    private mutating func amount(_ name: String, _ what: String) -> Amount? {
        let text = self[name]
        guard !text.isEmpty else { return nil }
        guard let amount = try? Amount(stoa: text), amount <= Self.amountMax else {
            fault(name, "\(what) is a number of STOA up to a million, such as 0.05.")
            return nil
        }
        return amount
    }

    private static func isPlain(_ text: String, _ marks: String, atMost max: Int) -> Bool {
        let utf8 = text.utf8
        return (1...max).contains(utf8.count) && utf8.first != UInt8(ascii: "-")
            && utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: marks.utf8.contains(byte)
                }
            }
    }

    private static func isAddress(_ text: String) -> Bool {
        guard let scheme = ["http://", "https://"].first(where: { text.hasPrefix($0) }) else {
            return false
        }
        let rest = text.dropFirst(scheme.count)
        return !rest.isEmpty && rest.first != "/"
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    // MARK: Commands

    /// What makes the seller's wallet.
    func walletCommand(node: String) -> String {
        "export STOA_NODE=\(Self.quoted(node))\nstoa wallet new seller"
    }

    /// What publishes the offer and serves it, until it is stopped.
    var sellCommand: String {
        let upstream = Self.quoted(self["upstream"])
        var lines = ["stoa sell \(model) --wallet seller --upstream \(upstream)"]
        if interface != .chat { lines.append("--interface \(interface.name)") }
        if !self["upstreamModel"].isEmpty {
            lines.append("--upstream-model \(self["upstreamModel"])")
        }
        if !self["keyVariable"].isEmpty {
            lines.append("--upstream-key-environment \(self["keyVariable"])")
        }
        for (unit, option) in [
            (Unit.inputToken, "--price-in"), (.outputToken, "--price-out"),
            (.call, "--price-call"),
        ] {
            guard let price = prices.prices[unit] else { continue }
            lines.append("\(option) \(Self.text(price))")
        }
        if !self["licence"].isEmpty { lines.append("--licence \(self["licence"])") }
        if !stake.isZero { lines.append("--bond \(self["stake"])") }
        if !self["endpoint"].isEmpty {
            lines.append("--endpoint \(Self.quoted(self["endpoint"]))")
        }
        lines.append("--port \(self["port"])")
        return lines.joined(separator: " \\\n  ")
    }

    /// What the wallet needs before that works.
    var funds: Amount { (try? stake.adding(Self.fees)) ?? stake }

    /// A price as options take it: obol for a token, or a fraction.
    private static func text(_ price: Price) -> String {
        let (whole, rest) = price.amount.obol.quotientAndRemainder(
            dividingBy: UInt128(price.perUnits)
        )
        return rest == 0 ? "\(whole)" : "\(price.amount.obol)/\(price.perUnits)"
    }

    /// A text that the shell takes as it is.
    static func quoted(_ text: String) -> String {
        isPlain(text, "._:/@+-", atMost: textMax)
            ? text
            : "'"
                + text.split(separator: "'", omittingEmptySubsequences: false)
                .joined(separator: "'\\''") + "'"
    }
}

extension CallInterface {
    /// Whether calls of this kind have such units.
    fileprivate func counts(_ unit: Unit) -> Bool {
        switch unit {
        case .outputToken: self == .chat
        case .inputToken: self == .chat || self == .embeddings
        case .call, .second, .byte: true
        }
    }
}
