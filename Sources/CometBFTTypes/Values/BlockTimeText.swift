extension BlockTime {
    /// Reads RFC 3339 in UTC as CometBFT writes it, such as `2019-10-13T16:14:44.5Z`, or nil.
    ///
    /// Takes what Go's `RFC3339Nano` makes and nothing else: `Z`, at most nine digits of a
    /// fraction and no zero at its end.
    public init?(text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.count <= 30, bytes.last == UInt8(ascii: "Z"),
            let year = Self.number(bytes[0..<4]), let month = Self.number(bytes[5..<7]),
            let day = Self.number(bytes[8..<10]), let hour = Self.number(bytes[11..<13]),
            let minute = Self.number(bytes[14..<16]), let second = Self.number(bytes[17..<19]),
            Self.hasMarks(bytes), year >= 1, (1...12).contains(month), hour < 24, minute < 60,
            second < 60, day >= 1, day <= Self.dayCount(year: year, month: month),
            let nanoseconds = Self.fraction(bytes[19..<bytes.count - 1])
        else { return nil }
        let days = Self.days(year: year, month: month, day: day)
        self.init(
            seconds: days * 86_400 + hour * 3600 + minute * 60 + second,
            nanoseconds: nanoseconds
        )
    }

    /// RFC 3339 in UTC, as CometBFT writes it.
    public var text: String {
        let days = (seconds - Self.secondsMin) / 86_400
        let rest = (seconds - Self.secondsMin) % 86_400
        let (year, month, day) = Self.date(daysSinceYearOne: days)
        var text = "\(Self.pad(year, 4))-\(Self.pad(month, 2))-\(Self.pad(day, 2))T"
        text += "\(Self.pad(rest / 3600, 2)):\(Self.pad(rest / 60 % 60, 2))"
        text += ":\(Self.pad(rest % 60, 2))"
        guard nanoseconds > 0 else { return text + "Z" }
        var fraction = Self.pad(Int64(nanoseconds), 9)
        while fraction.last == "0" { fraction.removeLast() }
        return text + "." + fraction + "Z"
    }

    private static func hasMarks(_ bytes: [UInt8]) -> Bool {
        let marks: [(Int, UInt8)] = [
            (4, UInt8(ascii: "-")), (7, UInt8(ascii: "-")), (10, UInt8(ascii: "T")),
            (13, UInt8(ascii: ":")), (16, UInt8(ascii: ":")),
        ]
        return marks.allSatisfy { bytes[$0.0] == $0.1 }
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        return value
    }

    private static func fraction(_ bytes: ArraySlice<UInt8>) -> UInt32? {
        guard let point = bytes.first else { return 0 }
        let digits = bytes.dropFirst()
        guard point == UInt8(ascii: "."), !digits.isEmpty, digits.last != UInt8(ascii: "0"),
            var value = number(digits)
        else { return nil }
        for _ in digits.count..<9 { value *= 10 }
        return UInt32(exactly: value)
    }

    private static func isLeap(_ year: Int64) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    private static let dayCounts: [Int64] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

    private static func dayCount(year: Int64, month: Int64) -> Int64 {
        month == 2 && isLeap(year) ? 29 : dayCounts[Int(month - 1)]
    }

    /// Days from 1970-01-01 in the proleptic Gregorian calendar.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let before = year - 1
        var days = before * 365 + before / 4 - before / 100 + before / 400 - 719_162
        for earlier in 1..<month { days += dayCount(year: year, month: earlier) }
        return days + day - 1
    }

    private static func date(
        daysSinceYearOne days: Int64
    ) -> (year: Int64, month: Int64, day: Int64) {
        // 146,097 days are 400 years; the estimate is never too late and at most one year early.
        var year = days * 400 / 146_097 + 1
        func start(_ year: Int64) -> Int64 { Self.days(year: year, month: 1, day: 1) + 719_162 }
        while start(year) > days { year -= 1 }
        while start(year + 1) <= days { year += 1 }
        var rest = days - start(year)
        var month: Int64 = 1
        while rest >= dayCount(year: year, month: month) {
            rest -= dayCount(year: year, month: month)
            month += 1
        }
        return (year, month, rest + 1)
    }

    private static func pad(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
