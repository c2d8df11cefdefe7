import LedgerIndex
import MarketTypes
import SettlementCore

/// Prices for people: what so many units cost that people have a feeling for it.
enum PriceText {
    /// How many units of a kind people compare prices of, and what they are called.
    static func measure(
        _ unit: Unit,
        _ interface: CallInterface? = nil
    ) -> (count: UInt64, text: String) {
        switch unit {
        case .call where interface == .images: (1, "image")
        case .inputToken: (1_000_000, "million input tokens")
        case .outputToken: (1_000_000, "million output tokens")
        case .call: (1, "call")
        case .second: (3600, "hour")
        case .byte: (1_000_000, "megabyte")
        }
    }

    static func name(_ unit: Unit, _ interface: CallInterface? = nil) -> String {
        switch unit {
        case .call where interface == .images: "Images"
        case .inputToken: "Input tokens"
        case .outputToken: "Output tokens"
        case .call: "Calls"
        case .second: "Seconds"
        case .byte: "Bytes"
        }
    }

    /// The rows of a table of prices.
    static func rows(
        _ prices: PriceTable,
        _ unit: UnitName,
        _ interface: CallInterface? = nil
    ) -> [Fill] {
        prices.prices.entries.map { kind, price in
            let (count, text) = measure(kind, interface)
            var fill = Fill(["counted": name(kind, interface), "per": text])
            let charge = try? price.charge(for: count)
            fill.put("price", charge.map { unit.fill($0) })
            fill.put(
                "exact",
                "\(unit.text(price.amount)) for \(NumberText.grouped(price.perUnits))"
            )
            return fill
        }
    }

    /// The price that stands on a card: output tokens if they have one, else the first there is.
    static func headline(
        _ prices: PriceTable,
        _ unit: UnitName,
        _ interface: CallInterface? = nil
    ) -> Fill? {
        let entries = prices.prices.entries
        let chosen = entries.first { $0.key == .outputToken } ?? entries.first
        guard let chosen else { return nil }
        let (count, text) = measure(chosen.key, interface)
        guard let charge = try? chosen.value.charge(for: count) else { return nil }
        var fill = unit.fill(charge)
        fill.put("per", text)
        // What is paid besides: a cheap answer can come with a dear question.
        let others = entries.filter { $0.key != chosen.key }.compactMap { entry -> String? in
            let (count, text) = measure(entry.key, interface)
            guard let charge = try? entry.value.charge(for: count) else { return nil }
            let digits = MoneyText.exact(charge, decimals: unit.decimals)
            return entry.key == .inputToken ? "\(digits) input" : "\(digits) a \(text)"
        }
        fill.put("also", others.isEmpty ? nil : others.joined(separator: " · "))
        return fill
    }

    /// What people would do, and what it costs; nil if the prices have no answer.
    static func example(
        _ interface: CallInterface,
        _ prices: PriceTable,
        _ unit: UnitName
    ) -> (text: String, cost: String)? {
        let time = prices.prices[.second] == nil ? "" : " that takes a second"
        let (counts, text): ([(Unit, UInt64)], String) =
            switch interface {
            case .chat:
                (
                    [(.inputToken, 500), (.outputToken, 300), (.call, 1)],
                    "A question of 500 tokens with an answer of 300"
                )
            case .embeddings:
                (
                    [(.inputToken, 10_000), (.call, 1)], "Embedding 10,000 tokens in one call"
                )
            case .json, .speech, .transcription:
                ([(.call, 1), (.second, 1)], "One call" + time)
            case .images: ([(.call, 1), (.second, 1)], "One image" + time)
            }
        let priced = counts.filter { prices.prices[$0.0] != nil }
        guard !priced.isEmpty else { return nil }
        var total = Amount.zero
        for (kind, count) in priced {
            guard let charge = try? prices.prices[kind]?.charge(for: count),
                let sum = try? total.adding(charge)
            else { return nil }
            total = sum
        }
        return (text, unit.text(total))
    }
}
