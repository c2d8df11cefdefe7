import Identity
import MarketTypes
import SettlementCore

/// Sees every document that an honest party signs, and every answer that it was given.
struct Witness {
    /// A transaction whose outcome somebody was told.
    struct Acknowledged {
        let digest: Digest
        let height: UInt64
        let code: UInt32
    }

    private(set) var acknowledged: [Acknowledged] = []
    private var known: Set<Digest> = []
    private var vouchers: [CallName: Digest] = [:]
    private var receipts: [CallName: Digest] = [:]
    private var serving: [LaneName: Digest] = [:]
    /// How many accepted transactions did what an actor decided once.
    private var decisions: [Digest: Int] = [:]

    mutating func acknowledge(_ digest: Digest, height: UInt64, code: UInt32) {
        guard known.insert(digest).inserted else { return }
        acknowledged.append(Acknowledged(digest: digest, height: height, code: code))
    }

    /// An honest buyer signed a voucher; says what is wrong, or nil.
    mutating func signed(_ voucher: Verified<Voucher>) -> String? {
        let name = CallName(voucher.document)
        if let other = vouchers[name], other != voucher.digest {
            return "a buyer signed two vouchers for one call"
        }
        vouchers[name] = voucher.digest
        return nil
    }

    /// The buyer may use the call's number again: the voucher ended unanswered.
    mutating func withdrawn(_ voucher: Voucher) {
        vouchers[CallName(voucher)] = nil
    }

    /// An honest seller began to serve a voucher; says what is wrong, or nil.
    mutating func admitted(_ voucher: Verified<Voucher>) -> String? {
        let lane = LaneName(channel: voucher.document.channel, lane: voucher.document.lane)
        defer { serving[lane] = voucher.digest }
        return serving[lane] == nil ? nil : "a seller serves two calls in one lane"
    }

    /// The seller is done with the lane's voucher.
    mutating func ended(_ voucher: Voucher) {
        serving[LaneName(channel: voucher.channel, lane: voucher.lane)] = nil
    }

    /// An honest seller sent a receipt; says what is wrong, or nil.
    mutating func sent(_ receipt: Verified<Receipt>) -> String? {
        let name = CallName(receipt.document)
        if let other = receipts[name], other != receipt.digest {
            return "a seller signed two receipts for one call"
        }
        receipts[name] = receipt.digest
        return nil
    }

    /// A decision took effect in a block; says what is wrong, or nil.
    mutating func tookEffect(_ decision: Digest) -> String? {
        decisions[decision, default: 0] += 1
        return decisions[decision] == 1 ? nil : "one decision took effect twice"
    }
}

extension CallName {
    init(_ voucher: Voucher) {
        channel = voucher.channel
        lane = voucher.lane
        sequence = voucher.sequence
    }

    init(_ receipt: Receipt) {
        channel = receipt.channel
        lane = receipt.lane
        sequence = receipt.sequence
    }
}
