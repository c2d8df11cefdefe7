import Identity
import LedgerIndex
import MarketTypes

/// A document as the interface writes and reads it; `written` holds what is no whole number.
typealias JSON = LedgerIndex.JSONValue

extension JSON {
    /// The value of an object's member; nil for what is no object or has no such member.
    subscript(member: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == member }?.value
    }

    /// The text, if it is one.
    var string: String? {
        guard case .text(let text) = self else { return nil }
        return text
    }

    /// The whole number, if it is one.
    var integer: UInt64? {
        guard case .number(let number) = self else { return nil }
        return number
    }

    /// The flag, if it is one.
    var bool: Bool? {
        guard case .flag(let flag) = self else { return nil }
        return flag
    }

    /// The elements, if it is an array.
    var elements: [JSON]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// The members, if it is an object.
    var members: [(name: String, value: JSON)]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    /// The document's bytes.
    var bytes: [UInt8] {
        var out: [UInt8] = []
        write(to: &out)
        return out
    }

    /// An object with its kind first.
    static func object(
        _ kind: String,
        _ members: [(name: String, value: JSON)]
    ) -> JSON {
        .object([("object", .text(kind))] + members)
    }

    static func optional(_ text: String?) -> JSON { text.map { .text($0) } ?? .null }

    static func digest(_ digest: Digest?) -> JSON { optional(digest.map { "\($0)" }) }

    static func account(_ account: AccountID?) -> JSON { optional(account.map { "\($0)" }) }

    /// An amount without its denomination, which stands beside it.
    static func obol(_ amount: Amount) -> JSON { .text("\(amount.obol)") }

    static func wide(_ number: some BinaryInteger) -> JSON { .text("\(number)") }

    static func height(at height: BlockHeight?) -> JSON {
        height.map { .number($0.rawValue) } ?? .null
    }

    static func unit(_ denomination: Denomination) -> JSON { .text(denomination.name) }

    static func money(_ amount: Amount, _ denomination: Denomination) -> JSON {
        .object([("amount", .obol(amount)), ("denomination", .unit(denomination))])
    }

    static func time(_ time: Timestamp) -> JSON { .text(time.rfc3339) }

    static func list<Element>(_ elements: [Element], _ make: (Element) -> JSON) -> JSON {
        .array(elements.map(make))
    }
}

extension Denomination {
    /// `native`, or the unit's name in hex.
    var name: String {
        switch self {
        case .native: "native"
        case .issued(let unit): "\(unit)"
        }
    }
}

extension Timestamp {
    /// The time as RFC 3339 writes it, in UTC with milliseconds.
    var rfc3339: String {
        let (days, rest) = milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
        let (year, month, day) = Self.date(days: days)
        let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60)
        let (second, thousandth) = (rest / 1000 % 60, rest % 1000)
        return "\(year.digits(4))-\(month.digits(2))-\(day.digits(2))"
            + "T\(hour.digits(2)):\(minute.digits(2)):\(second.digits(2))"
            + ".\(thousandth.digits(3))Z"
    }

    /// The day so many days after 1970-01-01, in the Gregorian calendar: years begin in March, so
    /// that the day that is not always there is their last.
    private static func date(days: UInt64) -> (year: UInt64, month: UInt64, day: UInt64) {
        let (era, dayOfEra) = (days + 719_468).quotientAndRemainder(dividingBy: 146_097)
        let leaps = dayOfEra / 1460 + dayOfEra / 146_096
        let yearOfEra = (dayOfEra + dayOfEra / 36_524 - leaps) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let isNextYear: UInt64 = month >= 10 ? 1 : 0
        return (
            yearOfEra + era * 400 + isNextYear, month >= 10 ? month - 9 : month + 3, day
        )
    }
}

extension UInt64 {
    /// The number with at least so many digits.
    fileprivate func digits(_ count: Int) -> String {
        let text = String(self)
        return String(repeating: "0", count: Swift.max(0, count - text.utf8.count)) + text
    }
}
