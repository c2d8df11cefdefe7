import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// What one lane's part of a claim settles.
struct ClaimedLane: Hashable, Sendable {
    let lane: LaneID
    let settlement: LaneSettlement
}

/// A claim as it was drawn up: the same messages go to the ledger however often they are sent.
struct DraftedClaim: Hashable, Sendable {
    /// The most bytes of one claim, so that any claim fits a transaction.
    static let bytesMax = 200 << 10
    /// The most offers that one claim's lanes end with: the royalties of so many assets can be
    /// paid by one transaction whatever their lineage (LIN-32).
    static let offersMax = Lineage.edgesPerTransactionMax / Lineage.edgesMax

    let channel: ChannelID
    /// The last call of each claimed lane, by ascending lane.
    let calls: [SettledCall]
    /// The receipts since the claim before.
    let receipts: MerkleFrontier
    /// What the ledger will pay.
    let amount: Amount
    /// Whether every lane that is owed anything is in it.
    let isComplete: Bool

    /// The lanes as they stand once the claim is paid.
    var lanes: [ClaimedLane] { calls.map(ClaimedLane.init) }

    /// The message for the ledger; a channel is released only by a complete claim.
    func message(release: Bool) -> ChannelClaim {
        ChannelClaim(
            channel: channel,
            lanes: calls.map {
                LaneClaim(voucher: $0.voucher.signed, receipt: $0.receipt.signed)
            },
            receiptsRoot: receipts.root,
            receiptsCount: receipts.count,
            release: release && isComplete
        )
    }
}

/// One channel as the provider keeps it: what is owed, what was paid, and the claim under way.
struct ChannelAccount: Hashable, Sendable {
    /// The rules' side: lanes and what they owe.
    private(set) var channel: PayeeChannel
    /// What the ledger settled in each lane, by number.
    private(set) var settlements: [LaneSettlement]
    /// The claim that was drawn up and is neither paid nor given up.
    private(set) var claim: DraftedClaim?
    /// The receipts since that claim was drawn up.
    private var receiptsSinceClaim = MerkleFrontier()
    /// Where the channel stands on the ledger.
    private(set) var status = Channel.Status.open

    /// Whether a voucher was ever admitted.
    private(set) var wasPromised = false

    /// Everything the receipts add up to; kept, because adding up all lanes takes a while.
    private(set) var earned = Amount.zero

    init(terms: ChannelTerms) {
        channel = PayeeChannel(terms: terms)
        settlements = Array(repeating: .none, count: Int(terms.lanes))
    }

    /// What is owed beyond what was paid.
    var unclaimed: Amount {
        Amount(obol: earned.obol - min(earned.obol, channel.settled.obol))
    }

    /// Makes a change in place.
    mutating func change(
        _ body: (inout ChannelAccount) throws(SettlementRefusal) -> Void
    ) throws(SettlementRefusal) {
        try body(&self)
    }

    /// Takes over a larger deposit; whether the channel is open comes from ``setStatus(_:)``.
    ///
    /// Deposits only grow, so a smaller one is an older answer that came late.
    mutating func setTerms(_ terms: ChannelTerms) throws(SettlementRefusal) {
        var next = terms
        next.deposit = max(terms.deposit, channel.terms.deposit)
        next.isOpen = status == .open
        try channel.update(next)
    }

    /// Takes over where the channel stands on the ledger.
    ///
    /// A channel closes and never opens again, so an earlier state is an older answer that came
    /// late.
    mutating func setStatus(_ status: Channel.Status) {
        switch (self.status, status) {
        case (.closed, _), (.closing, .open): return
        default: self.status = status
        }
        var terms = channel.terms
        terms.isOpen = status == .open
        // Only the opening changes, and the rules accept that in every state.
        try? channel.update(terms)
    }

    mutating func admit(_ offering: VoucherOffering) throws(SettlementRefusal) {
        try channel.admit(
            offering.voucher,
            under: offering.offer,
            request: offering.request,
            chargeMax: offering.chargeMax,
            now: offering.now
        )
        wasPromised = true
    }

    /// Whether nothing at all happened in it: forgetting it loses nothing.
    var isUnused: Bool { !wasPromised && claim == nil && channel.settled.isZero }

    mutating func finish(_ receipt: Verified<Receipt>) throws(SettlementRefusal) {
        try channel.finish(receipt)
        earned = Amount(obol: earned.obol + receipt.document.charge.obol)  // ≤ deposit
        if claim != nil { receiptsSinceClaim.append(receipt.digest) }
    }
}

extension ChannelAccount {
    /// Draws up a claim for as many lanes as one may have; from here on receipts belong to the
    /// next one.
    mutating func beginClaim() {
        var calls: [SettledCall] = []
        var amount: UInt128 = 0
        var bytes = 0
        var offers: Set<OfferID> = []
        var isComplete = true
        for (lane, settled) in zip(channel.lanes, settlements) {
            guard let call = lane.last, lane.total > settled.total else { continue }
            let size = Self.bytes(of: call)
            let offer = call.receipt.document.offer
            guard calls.count < ChannelClaim.lanesMax, bytes + size <= DraftedClaim.bytesMax
            else {
                isComplete = false
                break
            }
            guard offers.count < DraftedClaim.offersMax || offers.contains(offer) else {
                isComplete = false
                continue
            }
            offers.insert(offer)
            bytes += size
            calls.append(call)
            amount += lane.total.obol - settled.total.obol
        }
        claim = DraftedClaim(
            channel: channel.terms.id,
            calls: calls,
            receipts: channel.unclaimed,
            amount: Amount(obol: amount),
            isComplete: isComplete
        )
        receiptsSinceClaim = MerkleFrontier()
    }

    /// Whether the claim that was drawn up has all that is owed.
    var isWhollyDrafted: Bool { claim != nil && receiptsSinceClaim.count == 0 }

    /// The ledger paid the claim that was drawn up.
    mutating func endClaim() {
        guard let claim else { return }
        self.claim = nil
        for entry in claim.lanes { settlements[Int(entry.lane.rawValue)] = entry.settlement }
        channel.claimed(settled: settledTotal, receipts: receiptsSinceClaim)
    }

    /// The claim that was drawn up will not be paid; its receipts go into the next one.
    mutating func dropClaim() {
        claim = nil
        receiptsSinceClaim = MerkleFrontier()
    }

    /// Takes over what the ledger says it settled.
    mutating func setSettlements(_ lanes: [ClaimedLane]) throws(SettlementRefusal) {
        for entry in lanes {
            guard Int(entry.lane.rawValue) < settlements.count else { throw .laneOutOfRange }
            settlements[Int(entry.lane.rawValue)] = entry.settlement
        }
        channel.claimed(settled: settledTotal, receipts: channel.unclaimed)
    }

    private var settledTotal: Amount {
        Amount(obol: settlements.reduce(0) { $0 &+ $1.total.obol })
    }

    /// What one lane adds to a claim; top-level documents have a version byte that parts do not.
    private static func bytes(of call: SettledCall) -> Int {
        call.voucher.signed.canonicalBytes.count + call.receipt.signed.canonicalBytes.count
    }
}

extension ClaimedLane {
    init(_ call: SettledCall) {
        let receipt = call.receipt.document
        lane = receipt.lane
        settlement = LaneSettlement(sequence: receipt.sequence, total: receipt.total)
    }
}

extension ClaimedLane: CanonicalCodable {
    func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(lane.rawValue)
        encoder.encode(settlement)
    }

    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        lane = LaneID(try decoder.decodeUInt16())
        settlement = try LaneSettlement(from: &decoder)
    }
}
