/// Why a voucher, receipt, claim or fraud proof was refused.
///
/// One list serves buyer, seller and ledger, so that all three give the same reason. A refusal
/// never moves money. Numbers are append-only; which of several reasons is given is in
/// docs/spec/settlement.md.
public enum SettlementRefusal: Error, Hashable, CaseIterable, Sendable {
    /// The document names another chain.
    case wrongChain
    /// The document names another channel.
    case wrongChannel
    /// The channel is closing or closed.
    case channelClosed
    /// The key that signed may not sign this.
    case wrongSigner
    /// The signature does not verify.
    case invalidSignature
    /// The offer is not the one agreed, not this seller's, or in another denomination.
    case wrongOffer
    /// The call started after the offer ended.
    case offerExpired
    /// The call started after the voucher ended.
    case voucherExpired
    /// The channel has no such lane.
    case laneOutOfRange
    /// Exactly this voucher was accepted before.
    case replayed
    /// The lane is already past this sequence number.
    case staleSequence
    /// A sequence number was skipped.
    case sequenceGap
    /// The lane has a call in progress.
    case laneBusy
    /// The digest does not match what was asked.
    case wrongRequest
    /// The cap is below what the lane already cost.
    case capBelowTotal
    /// The cap leaves too little for what was asked.
    case capTooSmall
    /// The deposit does not cover the caps of all lanes.
    case insufficientDeposit
    /// The receipt answers another voucher.
    case wrongVoucher
    /// The receipt names other weights than the offer.
    case wrongWeights
    /// The receipt's response digest is not that of the chunks received.
    case wrongResponse
    /// A unit was counted that has no price.
    case unpricedUnit
    /// More units were counted than the call could have used.
    case unitsOverLimit
    /// A sum or product does not fit.
    case arithmetic
    /// The charge is not units times price.
    case wrongCharge
    /// Work that failed was charged for.
    case chargedForFailure
    /// The running total is not the previous one plus the charge.
    case wrongTotal
    /// The running total exceeds the voucher's cap.
    case overCap
    /// The times contradict each other.
    case wrongTimes
    /// Nothing is owed beyond what was settled.
    case nothingToClaim
    /// The two statements do not contradict each other.
    case notContradictory
    /// Every lane of the channel has a call in progress.
    case noFreeLane

    /// The number for the wire.
    public var code: UInt32 {
        switch self {
        case .wrongChain: 1
        case .wrongChannel: 2
        case .channelClosed: 3
        case .wrongSigner: 4
        case .invalidSignature: 5
        case .wrongOffer: 6
        case .offerExpired: 7
        case .voucherExpired: 8
        case .laneOutOfRange: 9
        case .replayed: 10
        case .staleSequence: 11
        case .sequenceGap: 12
        case .laneBusy: 13
        case .wrongRequest: 14
        case .capBelowTotal: 15
        case .capTooSmall: 16
        case .insufficientDeposit: 17
        case .wrongVoucher: 18
        case .wrongWeights: 19
        case .wrongResponse: 20
        case .unpricedUnit: 21
        case .unitsOverLimit: 22
        case .arithmetic: 23
        case .wrongCharge: 24
        case .chargedForFailure: 25
        case .wrongTotal: 26
        case .overCap: 27
        case .wrongTimes: 28
        case .nothingToClaim: 29
        case .notContradictory: 30
        case .noFreeLane: 31
        }
    }

    /// The refusal with this number, or nil.
    public init?(code: UInt32) {
        guard let match = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = match
    }
}
