public import CanonicalCoding
public import MarketTypes
import SettlementCore

/// One denomination in which an asset's income reaches its shareholders, and how much of it each
/// share has earned since the beginning.
public struct IncomeStream: Hashable, Sendable {
    /// What the income counts.
    public let denomination: Denomination
    /// What one share has earned, in parts of ``ShareRecord/scale``; it only grows.
    public private(set) var index: UInt128
    /// What could not be divided yet, in the same parts; it joins the next income.
    public private(set) var rest: UInt128

    init(_ denomination: Denomination) {
        self.denomination = denomination
        (index, rest) = (0, 0)
    }

    /// Divides an income among the shares in accounts; what is left over waits for the next.
    ///
    /// At all times the pot × scale is what all holders are owed, in parts, + rest, exactly: what
    /// rises here by index × shares + rest is what the pot rises by.
    ///
    /// - Returns: false, and nothing has changed, if nobody could be paid: no share is in an
    ///   account, or the index would end: after 2^128 smallest units while all shares are in
    ///   accounts, 2^80 in the worst of cases.
    mutating func add(_ income: Amount, circulating: UInt64, scale: UInt128) -> Bool {
        let parts = income.obol.multipliedFullWidth(by: scale)
        let (low, carry) = parts.low.addingReportingOverflow(rest)
        let high = parts.high + (carry ? 1 : 0)
        let shares = UInt128(circulating)
        guard high < shares else { return false }
        let (quotient, left) = shares.dividingFullWidth((high, low))
        let (sum, overflow) = index.addingReportingOverflow(quotient)
        guard !overflow else { return false }
        (index, rest) = (sum, left)
        return true
    }

    /// Takes over the parts that a holder who has left was owed below one smallest unit.
    mutating func takeBack(_ fraction: UInt64) {
        // Cannot overflow before 2^79 holders have left between two incomes.
        rest += UInt128(fraction)
    }
}

/// The shares of one asset, under the name of their unit.
public struct ShareRecord: Hashable, Sendable {
    /// The most denominations in which income is shared, the native one included.
    public static let streamsMax = 4

    /// What the shares are shares of.
    public let asset: AssetID
    /// How many there are, for ever.
    public let count: UInt64
    /// How many are in accounts: those in pools, orders, jobs and channels earn nothing.
    public internal(set) var circulating: UInt64
    /// In what income is shared; the native denomination first, then in the order of admission.
    public internal(set) var streams: [IncomeStream]

    init(asset: AssetID, count: UInt64, income: [Denomination]) {
        self.asset = asset
        self.count = count
        circulating = 0
        streams = ([.native] + income).map { IncomeStream($0) }
    }

    /// Into how many parts each smallest unit of an income is divided: the count, so that nothing
    /// is left over while all shares are in accounts, and less than a unit otherwise.
    ///
    /// More parts would gain nothing, since rests are kept, and would cost the index its room.
    public var scale: UInt128 { UInt128(count) }

    /// The place of a denomination among the streams; nil if income in it is not shared.
    public func place(of denomination: Denomination) -> Int? {
        streams.firstIndex { $0.denomination == denomination }
    }
}

extension IncomeStream: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(denomination)
        encoder.encode(index)
        encoder.encode(rest)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        denomination = try Denomination(from: &decoder)
        index = try decoder.decodeAmount().obol
        rest = try decoder.decodeAmount().obol
    }
}

extension ShareRecord: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(asset.digest)
        encoder.encode(count)
        encoder.encode(circulating)
        encoder.encode(list: streams)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        asset = AssetID(try decoder.decodeDigest())
        count = try decoder.decodeUInt64()
        circulating = try decoder.decodeUInt64()
        streams = try decoder.decodeList(of: IncomeStream.self, countMax: Self.streamsMax)
    }
}
