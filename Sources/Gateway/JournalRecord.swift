import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// What the gateway writes down before it acts; the tags are append-only.
///
/// In order, the records rebuild every channel exactly, and hold all that is needed to check a
/// receipt without asking anybody.
enum JournalRecord: Hashable, Sendable {
    /// A channel as the ledger showed it, before its first use and after each change of deposit.
    case channel(ChannelID, Channel, chain: ChainID)
    /// An offer, before the first voucher under it.
    case offer(Offer)
    /// A promise, before it is sent, the most that may be counted against it, and on whose behalf
    /// it is; nil if whoever pays buys for themselves.
    case voucher(Signed<Voucher>, unitsMax: UnitCounts, buyer: CallBuyer? = nil)
    /// A receipt that was checked, before its answer ends.
    case receipt(Signed<Receipt>)
    /// A promise that never reached the seller; its number is used again.
    case withdrawn(VoucherName)
    /// A seller that broke the rules: it is paid nothing more.
    case struckOff(StrikeOff)
}

/// Which voucher is meant.
struct VoucherName: Hashable, Sendable {
    let channel: ChannelID
    let lane: LaneID
    let sequence: UInt64

    init(channel: ChannelID, lane: LaneID, sequence: UInt64) {
        self.channel = channel
        self.lane = lane
        self.sequence = sequence
    }

    init(_ voucher: Voucher) {
        channel = voucher.channel
        lane = voucher.lane
        sequence = voucher.sequence
    }
}

/// Why and when a seller was struck off.
struct StrikeOff: Hashable, Sendable {
    let seller: AccountID
    let reason: StrikeReason
    let at: Timestamp
    /// The voucher and the receipt that was wrong, if there was one that could be read.
    let evidence: LaneClaim?
}

/// What a seller did; the numbers are append-only.
enum StrikeReason: Hashable, Sendable {
    /// A complete answer came without a receipt.
    case missingReceipt
    /// The receipt is not one, or its signature is wrong.
    case malformedReceipt
    /// The receipt breaks a rule.
    case wrongReceipt(SettlementRefusal)

    /// 1 and 2, and 700 + the refusal's number.
    var code: UInt32 {
        switch self {
        case .missingReceipt: 1
        case .malformedReceipt: 2
        case .wrongReceipt(let refusal): 700 + refusal.code
        }
    }

    init?(code: UInt32) {
        switch code {
        case 1: self = .missingReceipt
        case 2: self = .malformedReceipt
        case 700...:
            guard let refusal = SettlementRefusal(code: code - 700) else { return nil }
            self = .wrongReceipt(refusal)
        default: return nil
        }
    }

    /// The name used in JSON and logs.
    var name: String {
        switch self {
        case .missingReceipt: "missingReceipt"
        case .malformedReceipt: "malformedReceipt"
        case .wrongReceipt(let refusal): "\(refusal)"
        }
    }
}
