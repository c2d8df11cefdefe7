import LedgerCore
import MarketTypes

/// Names one call for ever.
struct CallName: Hashable {
    let channel: ChannelID
    let lane: LaneID
    let sequence: UInt64
}

/// Names one lane.
struct LaneName: Hashable {
    let channel: ChannelID
    let lane: LaneID
}

/// Follows channels and lanes in the state's bytes: what was settled only grows, was promised by
/// the payer, and adds up to what was paid, which the deposit covers.
struct LaneChecker {
    private struct Lane {
        var sequence: UInt64 = 0
        var total: UInt128 = 0
    }
    private struct Sum {
        var deposit: UInt128 = 0
        var paid: UInt128 = 0
        var settled: UInt128 = 0
    }

    /// The largest cap that any voucher for a call ever had.
    private var caps: [CallName: UInt128] = [:]
    /// What an honest payer has receipts for, by lane, and the most one call can cost it.
    private var delivered: [LaneName: (total: UInt128, callMax: UInt128)] = [:]
    private var lanes: [LaneName: Lane] = [:]
    private var sums: [ChannelID: Sum] = [:]

    mutating func promised(_ call: CallName, cap: UInt128) {
        caps[call] = max(caps[call] ?? 0, cap)
    }

    /// An honest payer has a lane and what was delivered in it, when the lane is new and after a
    /// restart; it is out at most one call beyond that at any time.
    mutating func has(_ lane: LaneName, total: UInt128, callMax: UInt128) {
        delivered[lane] = (total, callMax)
    }

    /// An honest payer took a receipt; says what is wrong, or nil.
    mutating func delivered(_ lane: LaneName, charge: UInt128, total: UInt128) -> String? {
        let before = delivered[lane]?.total ?? 0
        delivered[lane]?.total = total
        return total == before + charge ? nil : "a payer took a total that is not the sum"
    }

    /// Takes a block's changes over, and says what is wrong, or nil.
    mutating func apply(_ changes: [StateChange]) -> String? {
        var touched: [ChannelID] = []
        for change in changes {
            let key = change.key.bytes
            guard key[0] == 0x20 || key[0] == 0x21, let digest = Digest(bytes: key[1..<33]) else {
                continue
            }
            let channel = ChannelID(digest)
            guard let value = change.value else { return "a channel or lane is gone" }
            touched.append(channel)
            let fault = key[0] == 0x20 ? put(value, channel) : putLane(key, value, channel)
            if let fault { return fault }
        }
        for channel in touched {
            guard let sum = sums[channel] else { return "a lane without a channel" }
            guard sum.settled == sum.paid else {
                return "\(sum.paid) obol paid, and the lanes settled \(sum.settled)"
            }
        }
        return nil
    }

    private mutating func put(_ value: [UInt8], _ channel: ChannelID) -> String? {
        let before = sums[channel] ?? Sum()
        let deposit = MoneyChecker.amount(value, at: RawChannel.deposit)
        let paid = MoneyChecker.amount(value, at: RawChannel.paid)
        guard paid >= before.paid, deposit >= before.deposit else { return "a channel shrank" }
        guard paid <= deposit else { return "more was paid than deposited" }
        sums[channel] = Sum(deposit: deposit, paid: paid, settled: before.settled)
        return nil
    }

    private mutating func putLane(
        _ key: [UInt8],
        _ value: [UInt8],
        _ channel: ChannelID
    ) -> String? {
        let number = LaneID(UInt16(key[33]) << 8 | UInt16(key[34]))
        let name = LaneName(channel: channel, lane: number)
        let before = lanes[name] ?? Lane()
        let sequence = MoneyChecker.number(value, at: 1)
        let total = MoneyChecker.amount(value, at: 9)
        guard sequence > before.sequence, total >= before.total else {
            return "lane \(number.rawValue) ran backwards"
        }
        let call = CallName(channel: channel, lane: number, sequence: sequence)
        guard let cap = caps[call], total <= cap else {
            return "lane \(number.rawValue) settled \(total), and nobody promised that"
        }
        if let due = delivered[name], total > due.total + due.callMax {
            return "a payer is out \(total) for \(due.total) delivered: more than one call"
        }
        lanes[name] = Lane(sequence: sequence, total: total)
        sums[channel, default: Sum()].settled += total - before.total
        return nil
    }
}
