import Identity
public import LedgerCore
import MarketTypes

extension EventRecord {
    /// The event as one JSON object: `event`, then its fields; amounts in their smallest unit as
    /// text, with `<field>Unit` beside them where that is not the native one.
    public var json: String {
        var out: [UInt8] = []
        out.reserveCapacity(256)
        out.append(contentsOf: "{\"event\":".utf8)
        JSONValue.quote(name, to: &out)
        for field in fields {
            out.append(UInt8(ascii: ","))
            JSONValue.quote(field.name, to: &out)
            out.append(UInt8(ascii: ":"))
            field.value.write(to: &out)
            if case .amount(_, .issued(let unit)) = field.value {
                out.append(UInt8(ascii: ","))
                JSONValue.quote(field.name + "Unit", to: &out)
                out.append(contentsOf: ":\"\(unit)\"".utf8)
            }
        }
        out.append(UInt8(ascii: "}"))
        return String(decoding: out, as: UTF8.self)
    }
}

extension EventRecord.Value {
    fileprivate func write(to out: inout [UInt8]) {
        switch self {
        case .account(let account): JSONValue.quote("\(account)", to: &out)
        case .asset(let asset): JSONValue.quote("\(asset.digest)", to: &out)
        case .offer(let offer): JSONValue.quote("\(offer.digest)", to: &out)
        case .channel(let channel): JSONValue.quote("\(channel.digest)", to: &out)
        case .object(_, let name), .digest(let name): JSONValue.quote("\(name)", to: &out)
        case .denomination(let unit): JSONValue.quote(unit.text, to: &out)
        case .amount(let amount, _): JSONValue.quote("\(amount.obol)", to: &out)
        // Beyond 2^53 a number is not what many readers take it for.
        case .number(let number) where number >= 1 << 53: JSONValue.quote("\(number)", to: &out)
        case .number(let number): out.append(contentsOf: String(number).utf8)
        case .height(let height): out.append(contentsOf: String(height.rawValue).utf8)
        case .text(let text): JSONValue.quote(text, to: &out)
        case .flag(let flag): out.append(contentsOf: (flag ? "true" : "false").utf8)
        }
    }
}
