import MarketTypes
import SettlementCore

extension Amount {
    /// The amount with what it counts, by nothing but the message itself: how many decimals an
    /// issued unit has stands on the ledger, and a machine that signs may have none to ask.
    func words(of denomination: Denomination) -> String {
        switch denomination {
        case .native: stoaWords
        case .issued(let unit): "\(obol) of the smallest part of unit \(unit)"
        }
    }

    /// The amount as STOA.
    var stoaWords: String { "\(self) STOA" }

    /// The amount of a unit that only the ledger knows, such as `the channel's`.
    func words(ofUnit whose: String) -> String { "\(obol) of the smallest part of \(whose) unit" }
}

extension Denomination {
    var words: String {
        switch self {
        case .native: "STOA"
        case .issued(let unit): "unit \(unit)"
        }
    }
}

extension String {
    /// The text in quotation marks, on one line: what could move the cursor, turn the direction of
    /// writing or end the quotation is shown as its number, so that a text written by somebody
    /// else cannot pass for the rest of what is shown.
    public var quotedWords: String {
        var text = "“"
        for scalar in unicodeScalars {
            if Self.isPlain(scalar) {
                text.unicodeScalars.append(scalar)
            } else {
                text += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return text + "”"
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
            .unassigned:
            false
        default: !["“", "”", "\\"].contains(scalar)
        }
    }
}

extension UInt16 {
    /// Basis points as percent, such as `2.50 %`.
    var percentWords: String {
        let rest = self % 100
        return "\(self / 100).\(rest < 10 ? "0" : "")\(rest) %"
    }
}

extension UnitCounts {
    /// Such as `1000 input_token and 5 call`.
    var words: String {
        guard !isEmpty else { return "any number of units" }
        return entries.map { "\($0.value) \($0.key.name)" }.joined(separator: " and ")
    }
}

extension String {
    /// The parts as one sentence; what is nil is left out.
    static func joined(_ parts: String?...) -> String {
        parts.compactMap { $0 }.joined(separator: ", ")
    }
}
