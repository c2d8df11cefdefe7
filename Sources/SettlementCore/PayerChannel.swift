public import Identity
public import MarketTypes

/// The buyer's side of one lane.
///
/// ```
/// idle ──reserve──▶ waiting ──accept(receipt)──▶ idle
///                      └─────withdrawn───────────▶ idle   (the seller never had the voucher)
/// ```
public struct PayerLane: Hashable, Sendable {
    /// The call in progress: what was promised, and what it may have used at most.
    public struct Call: Hashable, Sendable {
        /// What was promised.
        public let voucher: Voucher
        /// The most units a right receipt can count.
        public let unitsMax: UnitCounts
    }

    /// The sequence number of the last call that has a receipt.
    public internal(set) var sequence: UInt64 = 0
    /// The running total after that call.
    public internal(set) var total: Amount = .zero
    /// The call in progress, if any.
    public internal(set) var call: Call?

    /// The most this lane may have cost: the open voucher's cap, or the total.
    public var exposure: Amount { call?.voucher.cap ?? total }
}

/// The buyer's side of a channel: hands out lanes, signs for them, and checks what comes back.
///
/// Invariant: the sum of all lanes' exposures never exceeds the deposit (SET-5).
public struct PayerChannel: Hashable, Sendable {
    /// What was agreed on the ledger.
    public private(set) var terms: ChannelTerms
    /// One entry for each lane, by number.
    public private(set) var lanes: [PayerLane]
    /// The sum of all lanes' exposures.
    public private(set) var committed: Amount = .zero

    /// Creates the state of a channel that has seen no call.
    public init(terms: ChannelTerms) {
        self.terms = terms
        lanes = Array(repeating: PayerLane(), count: Int(terms.lanes))
    }

    /// What new vouchers may still promise.
    public var available: Amount {
        Amount(obol: terms.deposit.obol - committed.obol)  // committed ≤ deposit: the invariant
    }

    /// Takes over a larger deposit or the closing, as the ledger reports them.
    ///
    /// - Throws: `wrongChannel` if the terms are another channel's, or `insufficientDeposit` if
    ///   the deposit would fall below what was promised.
    public mutating func update(_ terms: ChannelTerms) throws(SettlementRefusal) {
        guard terms.id == self.terms.id, terms.lanes == self.terms.lanes else {
            throw .wrongChannel
        }
        guard committed <= terms.deposit else { throw .insufficientDeposit }
        self.terms = terms
    }

    /// Takes the lowest idle lane for one call and returns the voucher to sign.
    ///
    /// - Throws: `channelClosed`, `wrongOffer`, `offerExpired`, `noFreeLane`,
    ///   `insufficientDeposit` or `arithmetic`; nothing has changed then.
    public mutating func reserve(
        offer: Offer,
        request: Digest,
        unitsMax: UnitCounts,
        now: Timestamp,
        expiresAt: Timestamp
    ) throws(SettlementRefusal) -> Voucher {
        guard terms.isOpen else { throw .channelClosed }
        guard offer.seller == terms.payee, offer.denomination == terms.denomination else {
            throw .wrongOffer
        }
        guard now <= offer.expiresAt else { throw .offerExpired }
        guard let index = lanes.firstIndex(where: { $0.call == nil }) else { throw .noFreeLane }
        let charge = try offer.prices.charge(for: unitsMax)
        guard charge <= available else { throw .insufficientDeposit }
        let lane = lanes[index]
        let (sequence, overflow) = lane.sequence.addingReportingOverflow(1)
        guard !overflow else { throw .arithmetic }
        let voucher = Voucher(
            chain: terms.chain,
            channel: terms.id,
            lane: LaneID(UInt16(index)),
            sequence: sequence,
            cap: Amount(obol: lane.total.obol + charge.obol),
            offer: offer.id,
            request: request,
            expiresAt: expiresAt
        )
        restore(voucher, unitsMax: unitsMax)
        return voucher
    }

    /// Puts a logged voucher back as its lane's open call, after a restart.
    ///
    /// - Throws: the refusal that would have kept the voucher from being signed.
    public mutating func replay(
        _ voucher: Voucher,
        unitsMax: UnitCounts
    ) throws(SettlementRefusal) {
        guard voucher.chain == terms.chain else { throw .wrongChain }
        guard voucher.channel == terms.id else { throw .wrongChannel }
        guard voucher.lane.rawValue < terms.lanes else { throw .laneOutOfRange }
        let lane = lanes[Int(voucher.lane.rawValue)]
        guard lane.call == nil || lane.call?.voucher.sequence == voucher.sequence else {
            throw .laneBusy
        }
        guard voucher.sequence > lane.sequence else { throw .staleSequence }
        guard voucher.sequence - lane.sequence == 1 else { throw .sequenceGap }
        guard voucher.cap >= lane.total else { throw .capBelowTotal }
        let room = terms.deposit.obol - committed.obol + lane.exposure.obol
        guard voucher.cap.obol <= room else { throw .insufficientDeposit }
        restore(voucher, unitsMax: unitsMax)
    }

    private mutating func restore(_ voucher: Voucher, unitsMax: UnitCounts) {
        let index = Int(voucher.lane.rawValue)
        let before = lanes[index].exposure.obol
        lanes[index].call = PayerLane.Call(voucher: voucher, unitsMax: unitsMax)
        committed = Amount(obol: committed.obol - before + voucher.cap.obol)
    }

    /// Checks the receipt of the lane's open call without accepting it.
    ///
    /// - Parameter response: the chain over what arrived; nil when that is unknown, as after a
    ///   restart: then the receipt is taken at its word on the chunks, and nothing else.
    /// - Throws: the first ``SettlementRefusal`` in order of precedence.
    public func check(
        _ receipt: Verified<Receipt>,
        for voucher: Verified<Voucher>,
        under offer: Offer,
        response: ResponseChain?
    ) throws(SettlementRefusal) {
        try ReceiptRules.check(receipt, for: voucher, under: offer, in: terms)
        let paper = receipt.document
        let lane = lanes[Int(paper.lane.rawValue)]
        guard paper.sequence > lane.sequence else { throw .staleSequence }
        guard let call = lane.call, call.voucher == voucher.document else { throw .wrongVoucher }
        if let response {
            guard paper.response == response.head, paper.chunks == response.chunks else {
                throw .wrongResponse
            }
        }
        for (unit, count) in paper.units.entries where count > call.unitsMax[unit] ?? 0 {
            throw .unitsOverLimit
        }
        guard paper.total.obol - paper.charge.obol == lane.total.obol else { throw .wrongTotal }
    }

    /// Accepts the receipt of the lane's open call; the lane is idle afterwards.
    ///
    /// - Throws: as ``check(_:for:under:response:)``; nothing has changed then.
    public mutating func accept(
        _ receipt: Verified<Receipt>,
        for voucher: Verified<Voucher>,
        under offer: Offer,
        response: ResponseChain?
    ) throws(SettlementRefusal) {
        try check(receipt, for: voucher, under: offer, response: response)
        let paper = receipt.document
        close(paper.lane, sequence: paper.sequence, total: paper.total)
    }

    /// Frees a lane whose voucher the seller proved never to have had; its number is used again.
    ///
    /// - Throws: `wrongVoucher` if that voucher is not the lane's open one.
    public mutating func withdraw(_ voucher: Voucher) throws(SettlementRefusal) {
        guard voucher.lane.rawValue < terms.lanes,
            let call = lanes[Int(voucher.lane.rawValue)].call, call.voucher == voucher
        else { throw .wrongVoucher }
        let lane = lanes[Int(voucher.lane.rawValue)]
        close(voucher.lane, sequence: lane.sequence, total: lane.total)
    }

    private mutating func close(_ lane: LaneID, sequence: UInt64, total: Amount) {
        let index = Int(lane.rawValue)
        let before = lanes[index].exposure.obol
        lanes[index].call = nil
        lanes[index].sequence = sequence
        lanes[index].total = total
        committed = Amount(obol: committed.obol - before + total.obol)
    }
}
