/// A non-negative quantity of one denomination, counted in its smallest indivisible unit.
///
/// For the native denomination the smallest unit is the obol: 1 STOA = 10⁹ obol. There is no
/// fraction of an obol and no negative amount: a debt is somebody else's amount, never a minus
/// sign. Arithmetic returns the exact result or throws; no float ever touches money (promise P1).
///
/// ```swift
/// let price = try Amount(stoa: "1.5")          // 1,500,000,000 obol
/// price.description                             // "1.500000000"
/// ```
public struct Amount: Hashable, Comparable, Sendable {
    /// The number of obol in one STOA.
    public static let obolPerStoa: UInt128 = 1_000_000_000

    /// Nothing.
    public static let zero = Amount(obol: 0)

    /// The quantity in obol; sixteen bytes, big endian, in canonical encoding.
    public let obol: UInt128

    /// Creates an amount of `obol` smallest units.
    public init(obol: UInt128) {
        self.obol = obol
    }

    public static func < (lhs: Amount, rhs: Amount) -> Bool {
        lhs.obol < rhs.obol
    }

    /// Whether this is nothing at all.
    public var isZero: Bool { obol == 0 }

    /// Returns the exact sum.
    ///
    /// - Throws: ``AmountError/overflow`` if the sum does not fit 128 bits.
    public func adding(_ other: Amount) throws(AmountError) -> Amount {
        let (sum, overflow) = obol.addingReportingOverflow(other.obol)
        guard !overflow else { throw .overflow }
        return Amount(obol: sum)
    }

    /// Returns the exact difference.
    ///
    /// - Throws: ``AmountError/insufficient(available:required:)`` if `other` is the larger one.
    public func subtracting(_ other: Amount) throws(AmountError) -> Amount {
        guard other <= self else { throw .insufficient(available: self, required: other) }
        return Amount(obol: obol - other.obol)
    }

    /// Returns ⌊self × numerator ÷ denominator⌋ exactly, with a 256-bit product in between.
    ///
    /// - Throws: ``AmountError/overflow`` if the quotient does not fit, or `denominator` is zero.
    public func scaled(by numerator: UInt128, over denominator: UInt128) throws(AmountError)
        -> Amount
    {
        let product = obol.multipliedFullWidth(by: numerator)
        guard product.high < denominator else { throw .overflow }
        return Amount(obol: denominator.dividingFullWidth(product).quotient)
    }
}

/// Why an ``Amount`` could not be computed or parsed.
public enum AmountError: Error, Hashable, Sendable {
    /// The result does not fit 128 bits.
    case overflow
    /// More was asked for than there is.
    case insufficient(available: Amount, required: Amount)
    /// The text is not `digits[.digits]` with at most nine fraction digits.
    case malformed(String)
}

extension Amount: CustomStringConvertible {
    /// STOA with all nine fraction digits, such as `1.500000000`.
    public var description: String {
        let (whole, rest) = obol.quotientAndRemainder(dividingBy: Self.obolPerStoa)
        let digits = String(rest)
        return "\(whole).\(String(repeating: "0", count: 9 - digits.utf8.count))\(digits)"
    }

    /// Parses a decimal number of STOA, such as `12.5` or `0.000000001`.
    ///
    /// - Throws: ``AmountError/malformed(_:)`` for signs, exponents, separators or more than nine
    ///   fraction digits (rounding would silently change what was typed), and
    ///   ``AmountError/overflow`` if the value does not fit.
    public init(stoa text: String) throws(AmountError) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count == 2 ? parts[1] : "0"
        guard let first = parts.first, first.isDecimal, fraction.isDecimal,
            fraction.utf8.count <= 9
        else { throw .malformed(text) }
        let padded = fraction + String(repeating: "0", count: 9 - fraction.utf8.count)
        guard let whole = UInt128(first), let rest = UInt128(padded),
            case (let scaled, false) = whole.multipliedReportingOverflow(by: Self.obolPerStoa)
        else { throw .overflow }
        self = try Amount(obol: scaled).adding(Amount(obol: rest))
    }

    /// Parses a whole number of obol, such as `1500`.
    ///
    /// - Throws: ``AmountError/malformed(_:)`` for anything but decimal digits, and
    ///   ``AmountError/overflow`` if the value does not fit.
    public init(obolText text: String) throws(AmountError) {
        guard Substring(text).isDecimal else { throw .malformed(text) }
        guard let value = UInt128(text) else { throw .overflow }
        self.init(obol: value)
    }
}

extension Substring {
    fileprivate var isDecimal: Bool {
        !isEmpty && utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
    }
}
