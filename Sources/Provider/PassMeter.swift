import CanonicalCoding
import LedgerCore
import MarketTypes
import SettlementCore

/// One period of one pass: what a call's units are counted in.
struct PassUse: CanonicalCodable, Hashable {
    let pass: PassID
    let startsAt: BlockHeight
    let endsAt: BlockHeight

    init(_ pass: PassID, _ period: PassPeriod) {
        self.pass = pass
        startsAt = period.startsAt
        endsAt = period.endsAt
    }

    func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(pass.digest)
        encoder.encode(startsAt.rawValue)
        encoder.encode(endsAt.rawValue)
    }

    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        pass = PassID(try decoder.decodeDigest())
        startsAt = BlockHeight(try decoder.decodeUInt64())
        endsAt = BlockHeight(try decoder.decodeUInt64())
    }
}

/// A call that a pass pays for.
struct PassCall: Hashable, Sendable {
    let use: PassUse
    /// What the period includes.
    let included: UnitCounts
    /// The most that the call can use.
    let unitsMax: UnitCounts
}

/// What passes have used: a value that is rebuilt from the journal's vouchers and receipts.
///
/// While a call runs, the most that it can use counts as used; its receipt says what it was.
struct PassMeter: Hashable, Sendable {
    private struct Place: Hashable {
        let channel: ChannelID
        let lane: LaneID
    }

    private struct OpenCall: Hashable {
        let use: PassUse
        let unitsMax: UnitCounts
    }

    /// What receipts say was used in each period, by pass.
    private var used: [PassID: [PassUse: UnitCounts]] = [:]
    private var reserved: [PassUse: UnitCounts] = [:]
    private var open: [Place: OpenCall] = [:]

    /// Whether what is left of the period is enough for whatever the call may use.
    func hasRoom(for call: PassCall) -> Bool {
        call.included.entries.allSatisfy { unit, included in
            let before = used[call.use.pass]?[call.use]
            let taken = [before?[unit], reserved[call.use]?[unit], call.unitsMax[unit]]
            var sum: UInt64 = 0
            for count in taken {
                let (next, overflow) = sum.addingReportingOverflow(count ?? 0)
                guard !overflow else { return false }
                sum = next
            }
            return sum <= included
        }
    }

    /// Counts the most that an admitted call can use, until ``end(_:)``.
    mutating func begin(_ use: PassUse, _ voucher: Voucher, unitsMax: UnitCounts) {
        let place = Place(channel: voucher.channel, lane: voucher.lane)
        open[place] = OpenCall(use: use, unitsMax: unitsMax)
        reserved[use, default: UnitCounts()].add(unitsMax)
    }

    /// Counts what a receipt says, if its call was one of a pass.
    mutating func end(_ receipt: Receipt) {
        let place = Place(channel: receipt.channel, lane: receipt.lane)
        guard let call = open.removeValue(forKey: place) else { return }
        reserved[call.use]?.subtract(call.unitsMax)
        if reserved[call.use]?.isEmpty == true { reserved[call.use] = nil }
        used[call.use.pass, default: [:]][call.use, default: UnitCounts()].add(receipt.units)
    }

    /// Forgets periods that ended before a height and have no call under way.
    mutating func forget(before height: BlockHeight) {
        used = used.compactMapValues { periods in
            let kept = periods.filter { $0.key.endsAt >= height || reserved[$0.key] != nil }
            return kept.isEmpty ? nil : kept
        }
    }

    /// What a pass has used, by ascending period, as far as it is remembered.
    func used(of pass: PassID) -> [(period: PassUse, units: UnitCounts)] {
        (used[pass] ?? [:]).sorted { $0.key.startsAt < $1.key.startsAt }
            .map { (period: $0.key, units: $0.value) }
    }
}

extension UnitCounts {
    /// Adds counts; a sum beyond all counting stays at the end of counting.
    fileprivate mutating func add(_ other: UnitCounts) {
        for (unit, count) in other.entries {
            let (sum, overflow) = (self[unit] ?? 0).addingReportingOverflow(count)
            self[unit] = overflow ? .max : sum
        }
    }

    /// Takes off what was added before.
    fileprivate mutating func subtract(_ other: UnitCounts) {
        for (unit, count) in other.entries {
            let before = self[unit] ?? 0
            self[unit] = before > count ? before - count : nil
        }
    }
}
