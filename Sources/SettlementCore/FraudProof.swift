public import CanonicalCoding
public import Identity
public import MarketTypes

/// Signed statements of one seller that cannot all be honest (SET-12, promise P7).
///
/// A proof is complete: whoever holds it needs nothing but the offers that it names.
public enum FraudProof: Hashable, Sendable {
    /// Two different receipts for one call.
    case equivocation(Signed<Receipt>, Signed<Receipt>)
    /// A receipt whose charge is not units × price, or that charges for failed work.
    case wrongCharge(Signed<Receipt>)
    /// A claimed receipt with a higher total than one for the same or a later call.
    case overclaim(claimed: Signed<Receipt>, held: Signed<Receipt>)

    /// The receipts, one or two.
    public var receipts: [Signed<Receipt>] {
        switch self {
        case .equivocation(let first, let second): [first, second]
        case .wrongCharge(let receipt): [receipt]
        case .overclaim(let claimed, let held): [claimed, held]
        }
    }

    /// The call that the fraud was about; a bond is slashed once for each.
    public var subject: FraudSubject {
        let paper = receipts[0].document
        return FraudSubject(channel: paper.channel, lane: paper.lane, sequence: paper.sequence)
    }

    /// Decides whether the receipts contradict each other or the price table.
    ///
    /// - Parameters:
    ///   - receipts: this proof's receipts, their signatures checked, in the same order.
    ///   - channel: the channel that the receipts name.
    ///   - offers: the offers that the receipts name, in the same order.
    /// - Throws: why this proves nothing.
    public func check(
        _ receipts: [Verified<Receipt>],
        in channel: ChannelTerms,
        under offers: [Offer]
    ) throws(SettlementRefusal) {
        guard receipts.map(\.signed) == self.receipts, offers.count == receipts.count else {
            throw .invalidSignature
        }
        for (receipt, offer) in zip(receipts, offers) {
            guard receipt.document.chain == channel.chain else { throw .wrongChain }
            guard receipt.document.channel == channel.id else { throw .wrongChannel }
            guard receipt.key == offer.receiptKey else { throw .wrongSigner }
            guard offer.id == receipt.document.offer, offer.seller == channel.payee else {
                throw .wrongOffer
            }
        }
        guard contradicts(receipts, offers) else { throw .notContradictory }
    }

    private func contradicts(_ receipts: [Verified<Receipt>], _ offers: [Offer]) -> Bool {
        switch self {
        case .equivocation:
            let first = receipts[0]
            let second = receipts[1]
            return first.document.lane == second.document.lane
                && first.document.sequence == second.document.sequence
                && first.digest != second.digest
        case .wrongCharge:
            do {
                try ReceiptRules.checkCharge(receipts[0].document, under: offers[0])
                return false
            } catch {
                return true
            }
        case .overclaim:
            let claimed = receipts[0].document
            let held = receipts[1].document
            return claimed.lane == held.lane && claimed.sequence <= held.sequence
                && claimed.total > held.total
        }
    }
}

/// Which call a fraud was about.
public struct FraudSubject: Hashable, Sendable {
    /// The channel that paid.
    public let channel: ChannelID
    /// The lane of the channel.
    public let lane: LaneID
    /// The number of the call in its lane.
    public let sequence: UInt64

    /// Names a call.
    public init(channel: ChannelID, lane: LaneID, sequence: UInt64) {
        self.channel = channel
        self.lane = lane
        self.sequence = sequence
    }
}

extension FraudProof: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        switch self {
        case .equivocation: encoder.encode(UInt8(1))
        case .wrongCharge: encoder.encode(UInt8(2))
        case .overclaim: encoder.encode(UInt8(3))
        }
        for receipt in receipts { encoder.encode(receipt) }
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        switch try decoder.decodeUInt8() {
        case 1:
            self = .equivocation(try Signed(from: &decoder), try Signed(from: &decoder))
        case 2:
            self = .wrongCharge(try Signed(from: &decoder))
        case 3:
            self = .overclaim(
                claimed: try Signed(from: &decoder),
                held: try Signed(from: &decoder)
            )
        default: throw .unknownTag
        }
    }
}
