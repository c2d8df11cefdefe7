import MarketTypes

/// Times for people, in UTC; the ledger's blocks have milliseconds since 1970.
enum TimeText {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Year, month and day of a day counted from 1970-01-01.
    ///
    /// The algorithm is Howard Hinnant's `civil_from_days`.
    static func date(day: UInt64) -> (year: UInt64, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let part = (5 * dayOfYear + 2) / 153
        let month = part < 10 ? part + 3 : part - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, Int(month), Int(dayOfYear - (153 * part + 2) / 5 + 1))
    }

    /// The latest time that is written out: the year 9999's end; nobody needs later ones.
    private static let latest: UInt64 = 253_402_300_799_000

    private static func parts(_ time: Timestamp) -> (date: (UInt64, Int, Int), clock: [String]) {
        let seconds = min(time.milliseconds, latest) / 1000
        let (year, month, day) = date(day: seconds / 86_400)
        let rest = seconds % 86_400
        let clock = [rest / 3600, rest / 60 % 60, rest % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
        return ((year, month, day), clock)
    }

    /// Such as `2026-11-30T13:34:19Z`, for programs.
    static func iso(_ time: Timestamp) -> String {
        let ((year, month, day), clock) = parts(time)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(year)-\(two(month))-\(two(day))T\(clock.joined(separator: ":"))Z"
    }

    /// Such as `30 Nov 2026, 13:34 UTC`.
    static func full(_ time: Timestamp) -> String {
        let ((year, month, day), clock) = parts(time)
        return "\(day) \(months[month - 1]) \(year), \(clock[0]):\(clock[1]) UTC"
    }

    /// Such as `30 Nov` or, for spans of less than a day, `13:34`.
    static func axis(seconds: UInt64, span: UInt64) -> String {
        let ((_, month, day), clock) = parts(Timestamp(milliseconds: seconds * 1000))
        return span >= 86_400 ? "\(day) \(months[month - 1])" : "\(clock[0]):\(clock[1])"
    }

    /// How long ago a time was, such as `12 s ago` or `4 days ago`; its date after 30 days.
    static func ago(_ time: Timestamp, now: Timestamp) -> String {
        guard time <= now else { return "now" }
        let seconds = (now.milliseconds - time.milliseconds) / 1000
        switch seconds {
        case 0..<2: return "now"
        case 2..<60: return "\(seconds) s ago"
        case 60..<3600: return "\(seconds / 60) min ago"
        case 3600..<86_400: return "\(seconds / 3600) h ago"
        case 86_400..<(30 * 86_400):
            return NumberText.count(seconds / 86_400, "day", "days") + " ago"
        default:
            let ((year, month, day), _) = parts(time)
            return "\(day) \(months[month - 1]) \(year)"
        }
    }

    /// How long it is until a time, such as `in 5 min`; `now` for what is past.
    static func ahead(_ time: Timestamp, now: Timestamp) -> String {
        guard time > now else { return "now" }
        let seconds = (time.milliseconds - now.milliseconds + 999) / 1000
        switch seconds {
        case 0..<60: return "in \(seconds) s"
        case 60..<3600: return "in \(seconds / 60) min"
        default: return "in \(seconds / 3600) h"
        }
    }

    /// A time for templates: `time`, `iso` and `ago`.
    static func fill(_ time: Timestamp, now: Timestamp) -> Fill {
        Fill(["time": full(time), "iso": iso(time), "ago": ago(time, now: now)])
    }
}
