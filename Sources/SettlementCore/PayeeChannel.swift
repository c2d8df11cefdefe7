public import CanonicalCoding
public import Identity
public import MarketTypes

/// The seller's side of one lane.
///
/// ```
/// idle ──admit(voucher)──▶ serving ──finish(receipt)──▶ idle
/// ```
public struct PayeeLane: Hashable, Sendable {
    /// The last call that has a receipt: what a claim shows.
    public internal(set) var last: SettledCall?
    /// The voucher of the call in progress, if any.
    public internal(set) var open: Verified<Voucher>?

    /// The sequence number of the last call that has a receipt.
    public var sequence: UInt64 { last?.receipt.document.sequence ?? 0 }
    /// The running total after that call.
    public var total: Amount { last?.receipt.document.total ?? .zero }
    /// What this lane may still cost the payer: the open cap, or the total.
    public var exposure: Amount { open?.document.cap ?? total }
}

/// A voucher and the receipt that answered it.
public struct SettledCall: Hashable, Sendable {
    /// What the payer promised.
    public let voucher: Verified<Voucher>
    /// What the payee delivered.
    public let receipt: Verified<Receipt>

    /// Pairs them; rules check that they belong together.
    public init(voucher: Verified<Voucher>, receipt: Verified<Receipt>) {
        self.voucher = voucher
        self.receipt = receipt
    }
}

/// The seller's side of a channel: decides which vouchers to serve and keeps what is owed.
///
/// Invariant: the sum of all lanes' exposures never exceeds the deposit, so every receipt can be
/// claimed in full (SET-5).
public struct PayeeChannel: Hashable, Sendable {
    /// What was agreed on the ledger.
    public private(set) var terms: ChannelTerms
    /// One entry for each lane, by number.
    public private(set) var lanes: [PayeeLane]
    /// The sum of all lanes' exposures.
    public private(set) var committed: Amount = .zero
    /// The receipts since the last claim, as the Merkle tree whose root the claim publishes.
    public private(set) var unclaimed = MerkleFrontier()
    /// What the ledger has already paid out.
    public private(set) var settled: Amount = .zero

    /// Creates the state of a channel that has seen no call.
    public init(terms: ChannelTerms) {
        self.terms = terms
        lanes = Array(repeating: PayeeLane(), count: Int(terms.lanes))
    }

    /// Everything the lanes' receipts add up to.
    public var earned: Amount {
        Amount(obol: lanes.reduce(0) { $0 + $1.total.obol })  // ≤ deposit: the invariant
    }

    /// Whether any call is in progress.
    public var isServing: Bool { lanes.contains { $0.open != nil } }

    /// Takes over a larger deposit or the closing, as the ledger reports them.
    ///
    /// - Throws: `wrongChannel`, or `insufficientDeposit` if the deposit would fall below what
    ///   was promised.
    public mutating func update(_ terms: ChannelTerms) throws(SettlementRefusal) {
        guard terms.id == self.terms.id, terms.lanes == self.terms.lanes else {
            throw .wrongChannel
        }
        guard committed <= terms.deposit else { throw .insufficientDeposit }
        self.terms = terms
    }

    /// Decides whether to serve a voucher; on success its lane is serving (SET-9).
    ///
    /// - Parameters:
    ///   - request: the digest of what actually arrived.
    ///   - chargeMax: the most this call may come to; the cap must leave room for it.
    /// - Throws: the first ``SettlementRefusal`` in order of precedence; nothing has changed then.
    public mutating func admit(
        _ voucher: Verified<Voucher>,
        under offer: Offer,
        request: Digest,
        chargeMax: Amount,
        now: Timestamp
    ) throws(SettlementRefusal) {
        try checkTerms(voucher, under: offer, now: now)
        let promise = voucher.document
        guard promise.lane.rawValue < terms.lanes else { throw .laneOutOfRange }
        let lane = lanes[Int(promise.lane.rawValue)]
        if lane.open?.digest == voucher.digest || lane.last?.voucher.digest == voucher.digest {
            throw .replayed
        }
        guard promise.sequence > lane.sequence else { throw .staleSequence }
        guard promise.sequence - lane.sequence == 1 else { throw .sequenceGap }
        guard lane.open == nil else { throw .laneBusy }
        guard promise.request == request else { throw .wrongRequest }
        guard promise.cap >= lane.total else { throw .capBelowTotal }
        guard promise.cap.obol - lane.total.obol >= chargeMax.obol else { throw .capTooSmall }
        let room = terms.deposit.obol - committed.obol + lane.exposure.obol
        guard promise.cap.obol <= room else { throw .insufficientDeposit }
        committed = Amount(obol: committed.obol - lane.exposure.obol + promise.cap.obol)
        lanes[Int(promise.lane.rawValue)].open = voucher
    }

    private func checkTerms(
        _ voucher: Verified<Voucher>,
        under offer: Offer,
        now: Timestamp
    ) throws(SettlementRefusal) {
        let promise = voucher.document
        guard promise.chain == terms.chain else { throw .wrongChain }
        guard promise.channel == terms.id else { throw .wrongChannel }
        guard terms.isOpen else { throw .channelClosed }
        guard voucher.key == terms.voucherKey else { throw .wrongSigner }
        guard promise.offer == offer.id, offer.seller == terms.payee,
            offer.denomination == terms.denomination
        else { throw .wrongOffer }
        guard now <= offer.expiresAt else { throw .offerExpired }
        guard now <= promise.expiresAt else { throw .voucherExpired }
    }

    /// Draws up the receipt of a lane's open call; the caller signs it and then calls ``finish``.
    ///
    /// A charge above the cap is impossible by construction of the cap; where metering says more
    /// all the same, the call fails rather than overcharges. A call starts when it is admitted,
    /// so a clock that says later than the voucher's end, or that stepped back during the call,
    /// is corrected: otherwise nobody would accept the receipt (SET-11).
    ///
    /// - Throws: `wrongVoucher` if that voucher is not the lane's open one, or what the price
    ///   table throws, or `overCap`.
    public func draft(
        _ voucher: Verified<Voucher>,
        under offer: Offer,
        outcome: CallOutcome
    ) throws(SettlementRefusal) -> Receipt {
        guard voucher.document.lane.rawValue < terms.lanes else { throw .laneOutOfRange }
        let lane = lanes[Int(voucher.document.lane.rawValue)]
        guard lane.open?.digest == voucher.digest else { throw .wrongVoucher }
        let units = outcome.status == .failed ? UnitCounts() : outcome.units
        let charge = try offer.prices.charge(for: units)
        guard charge.obol <= voucher.document.cap.obol - lane.total.obol else { throw .overCap }
        let startedAt = min(
            outcome.startedAt,
            voucher.document.expiresAt,
            offer.expiresAt
        )
        return Receipt(
            voucher: voucher,
            status: outcome.status,
            units: units,
            charge: charge,
            total: Amount(obol: lane.total.obol + charge.obol),
            response: outcome.response,
            weights: offer.weights,
            parameters: outcome.parameters,
            startedAt: startedAt,
            finishedAt: max(startedAt, outcome.finishedAt)
        )
    }

    /// Puts a receipt in its lane, which is idle afterwards.
    ///
    /// - Throws: `laneOutOfRange`, `wrongVoucher` if the receipt does not answer the lane's open
    ///   voucher, `wrongTotal` or `overCap` if its total would break the invariant.
    public mutating func finish(_ receipt: Verified<Receipt>) throws(SettlementRefusal) {
        let paper = receipt.document
        guard paper.lane.rawValue < terms.lanes else { throw .laneOutOfRange }
        let index = Int(paper.lane.rawValue)
        guard let voucher = lanes[index].open, voucher.digest == paper.voucher,
            voucher.document.sequence == paper.sequence
        else { throw .wrongVoucher }
        guard paper.total >= lanes[index].total else { throw .wrongTotal }
        guard paper.total <= voucher.document.cap else { throw .overCap }
        let before = lanes[index].exposure.obol
        lanes[index].last = SettledCall(voucher: voucher, receipt: receipt)
        lanes[index].open = nil
        committed = Amount(obol: committed.obol - before + paper.total.obol)
        unclaimed.append(receipt.digest)
    }

    /// Notes that the ledger paid a claim: `root` receipts are behind us.
    public mutating func claimed(settled: Amount, receipts: MerkleFrontier) {
        self.settled = settled
        unclaimed = receipts
    }
}

/// How a call ended, as the seller's daemon saw it.
public struct CallOutcome: Hashable, Sendable {
    /// Delivered, partial or failed.
    public let status: CallStatus
    /// What was used; ignored for a failed call.
    public let units: UnitCounts
    /// The chain over the chunks that were sent.
    public let response: ResponseChain
    /// The sampling parameters that applied, by ascending name, each once.
    public let parameters: [CallParameter]
    /// When the work started.
    public let startedAt: Timestamp
    /// When the last chunk was ready.
    public let finishedAt: Timestamp

    /// Creates an outcome.
    public init(
        status: CallStatus,
        units: UnitCounts,
        response: ResponseChain,
        parameters: [CallParameter],
        startedAt: Timestamp,
        finishedAt: Timestamp
    ) {
        self.status = status
        self.units = units.withoutZeros
        self.response = response
        self.parameters = parameters
        self.startedAt = startedAt
        self.finishedAt = finishedAt
    }
}
