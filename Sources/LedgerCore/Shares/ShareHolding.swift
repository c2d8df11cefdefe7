public import CanonicalCoding
import MarketTypes

/// What an account has earned of one income stream and not withdrawn.
public struct Entitlement: Hashable, Sendable {
    /// The stream's index up to which ``owed`` and ``fraction`` count.
    public private(set) var paidIndex: UInt128
    /// What can be withdrawn, in the denomination's smallest unit.
    public private(set) var owed: UInt128
    /// What is owed beyond that, in parts of ``ShareRecord/scale``, fewer than make a unit.
    public private(set) var fraction: UInt64

    /// Nothing, as everybody has it of a new stream.
    static let none = Entitlement(paidIndex: 0, owed: 0, fraction: 0)

    /// Adds what `shares` have earned since the last time.
    ///
    /// - Returns: false, and nothing has changed, for numbers that no ledger has: there, an index
    ///   only grows, nobody has more shares than there are, so that the parts are below
    ///   scale × 2^128, and all that is owed is in the pot, which fits 128 bits.
    mutating func settle(_ index: UInt128, shares: UInt64, scale: UInt128) -> Bool {
        guard index >= paidIndex else { return false }
        let earned = (index - paidIndex).multipliedFullWidth(by: UInt128(shares))
        let (low, carry) = earned.low.addingReportingOverflow(UInt128(fraction))
        let parts = (high: earned.high + (carry ? 1 : 0), low: low)
        guard parts.high < scale else { return false }
        let (units, rest) = scale.dividingFullWidth(parts)
        let (sum, overflow) = owed.addingReportingOverflow(units)
        guard !overflow else { return false }
        (paidIndex, owed, fraction) = (index, sum, UInt64(rest))
        return true
    }

    /// Empties what can be withdrawn, and returns it.
    mutating func takeOwed() -> Amount {
        defer { owed = 0 }
        return Amount(obol: owed)
    }

    /// Gives up what is below one smallest unit, and returns it.
    mutating func takeFraction() -> UInt64 {
        defer { fraction = 0 }
        return fraction
    }
}

/// What an account is owed as a holder of one asset's shares, by stream; an account that has a
/// share or is owed something has such an entry, so a list of the entries is one of the holders.
public struct ShareHolding: Hashable, Sendable {
    /// By the places of the record's streams; those that are missing are nothing.
    public private(set) var entitlements: [Entitlement]

    init() { entitlements = [] }

    /// Brings all streams up to date, before the number of shares changes from `shares`.
    mutating func settle(_ record: ShareRecord, shares: UInt64) {
        guard let settled = settled(record, shares: shares) else {
            preconditionFailure("a holding of shares of \(record.asset) does not fit its record")
        }
        self = settled
    }

    /// The holding with all streams up to date, for who has `shares`.
    ///
    /// - Returns: nil if the three are not of one ledger at one height, as a node can answer that
    ///   lies or that was asked for them one after the other.
    public func settled(_ record: ShareRecord, shares: UInt64) -> ShareHolding? {
        var holding = self
        for (place, stream) in record.streams.enumerated() {
            if place == holding.entitlements.count { holding.entitlements.append(.none) }
            guard
                holding.entitlements[place].settle(
                    stream.index,
                    shares: shares,
                    scale: record.scale
                )
            else { return nil }
        }
        return holding
    }

    /// Takes out what is owed of a stream that has been settled.
    mutating func takeOwed(at place: Int) -> Amount { entitlements[place].takeOwed() }

    /// Gives what is below one smallest unit back to the streams of a holder without shares.
    mutating func leave(_ streams: inout [IncomeStream]) {
        for place in entitlements.indices where entitlements[place].owed == 0 {
            streams[place].takeBack(entitlements[place].takeFraction())
        }
    }

    /// Whether anything is owed.
    var isOwed: Bool { entitlements.contains { $0.owed > 0 } }
}

extension Entitlement: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(paidIndex)
        encoder.encode(owed)
        encoder.encode(fraction)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        paidIndex = try decoder.decodeAmount().obol
        owed = try decoder.decodeAmount().obol
        fraction = try decoder.decodeUInt64()
    }
}

extension ShareHolding: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(list: entitlements)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        entitlements = try decoder.decodeList(
            of: Entitlement.self,
            countMax: ShareRecord.streamsMax
        )
    }
}
