import MarketTypes

/// Whole numbers for people.
enum NumberText {
    /// Digits in groups of three, such as `12,345`.
    static func grouped(_ number: some BinaryInteger) -> String { grouped(digits: "\(number)") }

    static func grouped(digits: String) -> String {
        var out = ""
        let count = digits.utf8.count
        for (place, digit) in digits.enumerated() {
            if place > 0, (count - place) % 3 == 0, out != "-" { out.append(",") }
            out.append(digit)
        }
        return out
    }

    /// A count in few characters, rounded down, such as `12.3k`; below 10,000 all its digits.
    static func compact(_ number: UInt128) -> String {
        guard number >= 10_000 else { return grouped(number) }
        let scales: [(UInt128, String)] = [
            (1_000_000_000_000, "T"), (1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k"),
        ]
        for (scale, suffix) in scales where number >= scale {
            let tenths = number / (scale / 10)
            let (whole, tenth) = tenths.quotientAndRemainder(dividingBy: 10)
            let isShort = whole < 100 && tenth > 0
            return grouped(whole) + (isShort ? ".\(tenth)" : "") + suffix
        }
        return grouped(number)
    }

    /// Basis points as a percentage, such as `12.5%`.
    static func percent(basisPoints: UInt64) -> String {
        let (whole, rest) = basisPoints.quotientAndRemainder(dividingBy: 100)
        guard rest > 0 else { return "\(whole)%" }
        let digits = rest % 10 == 0 ? "\(rest / 10)" : rest < 10 ? "0\(rest)" : "\(rest)"
        return "\(whole).\(digits)%"
    }

    /// A part of a whole in tenths of a percent, rounded down, such as `33.3%`.
    static func percent(_ part: UInt128, of whole: UInt128) -> String {
        guard whole > 0, part <= whole else { return whole == 0 ? "0%" : "100%" }
        let product = part.multipliedFullWidth(by: 1000)
        let permille = whole.dividingFullWidth(product).quotient
        // Something is not nothing.
        if permille == 0, part > 0 { return "<0.1%" }
        let (percent, tenth) = permille.quotientAndRemainder(dividingBy: 10)
        return tenth == 0 ? "\(percent)%" : "\(percent).\(tenth)%"
    }

    /// `one` thing or some `many`.
    static func count(_ number: some BinaryInteger, _ one: String, _ many: String) -> String {
        "\(grouped(number)) \(number == 1 ? one : many)"
    }
}

/// Amounts for people: exact, without zeros that say nothing.
enum MoneyText {
    /// An amount whose smallest part is 10^-decimals, such as `1,234.5`: every digit that is not a
    /// trailing zero, so that nothing is rounded.
    static func exact(_ amount: Amount, decimals: Int) -> String {
        shifted(amount.obol, by: decimals)
    }

    /// An amount as a form's field takes it, such as `1234.5`: without groups.
    static func typed(_ amount: Amount, decimals: Int) -> String {
        exact(amount, decimals: decimals).replacing(",", with: "")
    }

    /// STOA, such as `1,234.5 STOA`.
    static func stoa(_ amount: Amount) -> String { exact(amount, decimals: 9) + " STOA" }

    /// A number whose point stands `places` digits before its end.
    static func shifted(_ number: UInt128, by places: Int) -> String {
        guard places > 0 else {
            let zeros = number == 0 ? 0 : min(-places, 60)
            return NumberText.grouped(digits: "\(number)" + String(repeating: "0", count: zeros))
        }
        var digits = "\(number)"
        let missing = places + 1 - digits.utf8.count
        if missing > 0 { digits = String(repeating: "0", count: missing) + digits }
        let whole = NumberText.grouped(digits: String(digits.dropLast(places)))
        let fraction = digits.suffix(places).trimmingZeros
        return fraction.isEmpty ? whole : "\(whole).\(fraction)"
    }

    /// A price, cut after `significant` digits: `…` would tell more than anyone needs.
    static func price(_ number: UInt128, by places: Int, significant: Int = 7) -> String {
        var cut = number
        var scale: UInt128 = 1
        while cut / scale >= power(significant) { scale *= 10 }
        // Only what is behind the point is cut.
        let keep = max(0, places)
        var removed = 0
        while scale > 1, removed < keep {
            cut = cut / 10
            scale /= 10
            removed += 1
        }
        return shifted(cut, by: places - removed)
    }

    private static func power(_ exponent: Int) -> UInt128 {
        (0..<exponent).reduce(UInt128(1)) { power, _ in power * 10 }
    }
}

extension Substring {
    /// Without zeros at the end.
    fileprivate var trimmingZeros: Substring {
        var text = self
        while text.last == "0" { text.removeLast() }
        return text
    }
}
