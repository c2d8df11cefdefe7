public import CanonicalCoding
public import MarketTypes

/// What a number of units costs: `amount` for every `perUnits` units, rounded up.
public struct Price: Hashable, Sendable {
    /// The price of `perUnits` units.
    public let amount: Amount
    /// How many units `amount` buys; never zero.
    public let perUnits: UInt64

    /// Creates a price, or returns nil if `perUnits` is zero.
    public init?(amount: Amount, perUnits: UInt64) {
        guard perUnits > 0 else { return nil }
        self.amount = amount
        self.perUnits = perUnits
    }

    /// ⌈count × amount ÷ perUnits⌉, exactly.
    ///
    /// - Throws: ``AmountError/overflow``.
    public func charge(for count: UInt64) throws(AmountError) -> Amount {
        let floor = try amount.scaled(by: UInt128(count), over: UInt128(perUnits))
        let product = amount.obol.multipliedFullWidth(by: UInt128(count))
        let remainder = UInt128(perUnits).dividingFullWidth(product).remainder
        return remainder == 0 ? floor : try floor.adding(Amount(obol: 1))
    }
}

/// The prices of one offer; requirement SET-3 is its only arithmetic.
///
/// A unit that is not in the table cannot be charged for, nor counted in a receipt.
public struct PriceTable: Hashable, Sendable {
    /// The most units a table can price: as many as there are.
    public static let entriesMax = Unit.allCases.count

    /// The price of each unit that costs something.
    public let prices: SortedMap<Unit, Price>

    /// Creates a table.
    public init(_ prices: SortedMap<Unit, Price>) {
        self.prices = prices
    }

    /// The charge for `units`: the sum of each unit's charge, each rounded up on its own.
    ///
    /// - Throws: ``SettlementRefusal/unpricedUnit`` or ``SettlementRefusal/arithmetic``.
    public func charge(for units: UnitCounts) throws(SettlementRefusal) -> Amount {
        var total = Amount.zero
        for (unit, count) in units.entries {
            guard let price = prices[unit] else { throw .unpricedUnit }
            do {
                total = try total.adding(try price.charge(for: count))
            } catch {
                throw .arithmetic
            }
        }
        return total
    }
}

extension PriceTable: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(UInt8(prices.count))
        for (unit, price) in prices.entries {
            encoder.encode(unit.rawValue)
            encoder.encode(price.amount)
            encoder.encode(price.perUnits)
        }
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        let count = Int(try decoder.decodeUInt8())
        guard count <= Self.entriesMax else { throw .tooLong }
        var prices = SortedMap<Unit, Price>()
        for _ in 0..<count {
            let unit = try Unit(ascendingAfter: prices.entries.last?.key, from: &decoder)
            let amount = try decoder.decodeAmount()
            guard let price = Price(amount: amount, perUnits: try decoder.decodeUInt64()) else {
                throw .invalidValue
            }
            prices[unit] = price
        }
        self.prices = prices
    }
}

extension Unit {
    /// Reads a unit that must be greater than the one before, so that order is unique.
    init(
        ascendingAfter previous: Unit?,
        from decoder: inout CanonicalDecoder
    ) throws(CanonicalError) {
        guard let unit = Unit(rawValue: try decoder.decodeUInt8()) else { throw .unknownTag }
        if let previous, unit <= previous { throw .invalidValue }
        self = unit
    }
}

extension UnitCounts {
    /// The same counts without those that are zero: a unit that was not used is absent.
    var withoutZeros: UnitCounts {
        var counts = self
        for (unit, count) in entries where count == 0 { counts[unit] = nil }
        return counts
    }
}

extension CanonicalEncoder {
    /// Appends a count and the pairs of unit and number, in order of unit.
    public mutating func encode(units: UnitCounts) {
        encode(UInt8(units.count))
        for (unit, count) in units.entries {
            encode(unit.rawValue)
            encode(count)
        }
    }
}

extension CanonicalDecoder {
    /// Reads unit counts; order must ascend and no count may be zero, so that each set of counts
    /// has one encoding.
    public mutating func decodeUnits() throws(CanonicalError) -> UnitCounts {
        let count = Int(try decodeUInt8())
        guard count <= PriceTable.entriesMax else { throw .tooLong }
        var units = UnitCounts()
        for _ in 0..<count {
            let unit = try Unit(ascendingAfter: units.entries.last?.key, from: &self)
            let number = try decodeUInt64()
            guard number > 0 else { throw .invalidValue }
            units[unit] = number
        }
        return units
    }
}
