import Identity
import LedgerCore
import MarketTypes

extension EventRecord {
    /// The event in one line: its name and fields.
    var text: String {
        ([name] + fields.map { "\($0.name) \($0.value.text)" }).joined(separator: ", ")
    }

    /// The event as JSON fields; amounts in their smallest unit.
    var document: [String: String] {
        var document = ["event": name]
        for field in fields { document[field.name] = field.value.plain }
        return document
    }
}

extension EventRecord.Value {
    /// The value for people.
    var text: String {
        switch self {
        case .amount(let amount, .native): "\(amount) STOA"
        case .amount(let amount, .issued(let unit)): "\(amount.obol) of \(unit)"
        default: plain
        }
    }

    /// The value for programs.
    var plain: String {
        switch self {
        case .account(let account): "\(account)"
        case .asset(let asset): "\(asset.digest)"
        case .offer(let offer): "\(offer.digest)"
        case .channel(let channel): "\(channel.digest)"
        case .object(_, let name), .digest(let name), .denomination(.issued(let name)): "\(name)"
        case .denomination(.native): "native"
        case .amount(let amount, _): "\(amount.obol)"
        case .number(let number): "\(number)"
        case .height(let height): "\(height.rawValue)"
        case .text(let text): text
        case .flag(let flag): "\(flag)"
        }
    }
}
