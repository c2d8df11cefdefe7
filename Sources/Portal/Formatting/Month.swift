import MarketTypes

/// A month of UTC, such as `2026-11`.
struct Month: Hashable, Comparable, Sendable {
    private static let names = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ]

    let year: UInt64
    /// From 1 to 12.
    let month: Int

    /// Reads `yyyy-mm`; nil for anything else, and for months before 1970.
    init?(text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].count == 4, parts[1].count == 2,
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }),
            let year = UInt64(Substring(parts[0])), let month = Int(Substring(parts[1])),
            year >= 1970, (1...12).contains(month)
        else { return nil }
        self.init(year: year, month: month)
    }

    /// The month that a time is in.
    init(_ time: Timestamp) {
        let (year, month, _) = TimeText.date(day: time.milliseconds / 86_400_000)
        self.init(year: year, month: month)
    }

    private init(year: UInt64, month: Int) {
        self.year = year
        self.month = month
    }

    /// The next month.
    var next: Month {
        month == 12 ? Month(year: year + 1, month: 1) : Month(year: year, month: month + 1)
    }

    /// The month before; itself for the first there is.
    var previous: Month {
        guard month == 1 else { return Month(year: year, month: month - 1) }
        return year > 1970 ? Month(year: year - 1, month: 12) : self
    }

    /// When it begins.
    ///
    /// The algorithm is Howard Hinnant's `days_from_civil`.
    var start: Timestamp {
        let shifted = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = shifted.quotientAndRemainder(dividingBy: 400)
        let part = UInt64(month > 2 ? month - 3 : month + 9)
        let dayOfYear = (153 * part + 2) / 5
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Timestamp(milliseconds: (era * 146_097 + dayOfEra - 719_468) * 86_400_000)
    }

    /// For addresses.
    var text: String { "\(year)-\(month < 10 ? "0" : "")\(month)" }
    /// For people.
    var title: String { "\(Self.names[month - 1]) \(year)" }

    static func < (lhs: Month, rhs: Month) -> Bool {
        (lhs.year, lhs.month) < (rhs.year, rhs.month)
    }
}
