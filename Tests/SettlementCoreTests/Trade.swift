import Identity
import MarketTypes
import SettlementCore
import Testing

/// A buyer and a seller who trade over a bad line and crash now and then, each with its log.
///
/// Both log before they act; what is not in a log did not happen.
struct Trade {
    enum BuyerEntry {
        case signed(Voucher, unitsMax: UnitCounts)
        case accepted(SettledCall, Offer)
        case withdrew(Voucher)
    }
    enum SellerEntry {
        case admitted(Verified<Voucher>, Offer, chargeMax: Amount)
        case finished(Verified<Receipt>)
    }

    var random: SplitMix64
    var terms: ChannelTerms
    var buyer: PayerChannel
    var seller: PayeeChannel
    var buyerLog: [BuyerEntry] = []
    var sellerLog: [SellerEntry] = []
    /// Signed vouchers by lane, with the offer of each.
    var vouchers: [UInt16: (Verified<Voucher>, Offer)] = [:]
    /// Receipts that the seller sent and the buyer may not have got yet, by lane.
    var receipts: [UInt16: (Verified<Receipt>, ResponseChain)] = [:]
    /// What the rules say each receipt must cost, added up with other arithmetic.
    var owed: [UInt16: UInt128] = [:]
    var ends: [CallStatus: Int] = [:]
    let offers: [Offer]

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        let lanes = UInt16(1 + random.below(5))
        terms = Market.terms(deposit: 3000, lanes: lanes)
        buyer = PayerChannel(terms: terms)
        seller = PayeeChannel(terms: terms)
        let other = Market.table([(.inputToken, 7, 3), (.outputToken, 11, 7), (.byte, 1, 1000)])
        offers = [Market.offer(), Market.offer(prices: other, model: "other")]
    }

    /// Does one thing that can happen next.
    mutating func step() throws {
        switch random.below(12) {
        case 0...2: try order()
        case 3...4: try deliverVoucher()
        case 5...6: try serve()
        case 7...8: try deliverReceipt(isKnown: true)
        case 9: try reconcile()
        case 10: try random.once(in: 2) ? crashBuyer() : crashSeller()
        default: try topUp()
        }
    }

    private mutating func order() throws {
        let offer = offers[random.below(2)]
        let units = offer.unitsMax(
            requestBytes: random.below(60),
            outputTokens: UInt32(random.below(80))
        )
        var reserved = units
        if reserved[.byte] != nil { reserved[.byte] = 5000 }
        let before = buyer
        do throws(SettlementRefusal) {
            let voucher = try buyer.reserve(
                offer: offer,
                request: Market.request,
                unitsMax: reserved,
                now: Market.now,
                expiresAt: Market.voucherEnd
            )
            buyerLog.append(.signed(voucher, unitsMax: reserved))
            vouchers[voucher.lane.rawValue] = (Market.voucherKey.sign(voucher), offer)
        } catch {
            #expect([.noFreeLane, .insufficientDeposit].contains(error))
            #expect(buyer == before)
        }
    }

    private mutating func pickLane() -> UInt16 { UInt16(random.below(Int(terms.lanes))) }

    private mutating func deliverVoucher() throws {
        guard let (voucher, offer) = vouchers[pickLane()] else { return }
        try admit(voucher, offer)
        if random.once(in: 4) {
            let before = seller
            #expect(throws: SettlementRefusal.replayed) {
                try seller.admit(
                    voucher,
                    under: offer,
                    request: Market.request,
                    chargeMax: .zero,
                    now: Market.now
                )
            }
            #expect(seller == before)
        }
    }

    private mutating func admit(_ voucher: Verified<Voucher>, _ offer: Offer) throws {
        let lane = seller.lanes[Int(voucher.document.lane.rawValue)]
        let isKnown =
            lane.open?.digest == voucher.digest || lane.last?.voucher.digest == voucher.digest
        let room = voucher.document.cap.obol - lane.total.obol
        do throws(SettlementRefusal) {
            try seller.admit(
                voucher,
                under: offer,
                request: Market.request,
                chargeMax: Amount(obol: room),
                now: Market.now
            )
            sellerLog.append(.admitted(voucher, offer, chargeMax: Amount(obol: room)))
        } catch {
            #expect(error == .replayed && isKnown, "an honest buyer was refused")
        }
    }

    private mutating func serve() throws {
        let index = pickLane()
        guard let voucher = seller.lanes[Int(index)].open else { return }
        var response = ResponseChain(voucher: voucher.digest)
        for _ in 0..<random.below(4) { response.append([UInt8(random.below(256))]) }
        let status = [CallStatus.delivered, .delivered, .partial, .failed][random.below(4)]
        try finish(voucher, status, response)
    }

    private mutating func finish(
        _ voucher: Verified<Voucher>,
        _ status: CallStatus,
        _ response: ResponseChain
    ) throws {
        let index = voucher.document.lane.rawValue
        let offer = try #require(offers.first { $0.id == voucher.document.offer })
        let most = try #require(buyer.lanes[Int(index)].call).unitsMax
        var units = UnitCounts()
        for (unit, count) in most.entries {
            units[unit] = UInt64(random.below(Int(min(count, 5000)) + 1))
        }
        let outcome = CallOutcome(
            status: status,
            units: units,
            response: response,
            parameters: [],
            startedAt: Market.now,
            finishedAt: Market.now
        )
        let receipt = Market.receiptKey.sign(
            try seller.draft(voucher, under: offer, outcome: outcome)
        )
        sellerLog.append(.finished(receipt))
        try seller.finish(receipt)
        receipts[index] = (receipt, response)
        ends[status, default: 0] += 1
        guard status != .failed else { return }
        for (unit, count) in units.entries {
            let price = try #require(offer.prices.prices[unit])
            owed[index, default: 0] += try #require(SlowPrices.charge(price, count))
        }
    }

    mutating func deliverReceipt(isKnown: Bool, lane: UInt16? = nil) throws {
        let index = lane ?? pickLane()
        guard let (receipt, response) = receipts[index], let (voucher, offer) = vouchers[index]
        else { return }
        try buyer.accept(
            receipt,
            for: voucher,
            under: offer,
            response: isKnown ? response : nil
        )
        buyerLog.append(
            .accepted(SettledCall(voucher: voucher, receipt: receipt), offer)
        )
        let before = buyer
        #expect(throws: SettlementRefusal.staleSequence) {
            try buyer.accept(receipt, for: voucher, under: offer, response: response)
        }
        #expect(buyer == before)
        receipts[index] = nil
        vouchers[index] = nil
    }

    /// CALL-11: the buyer asks what became of a call, and takes the receipt or the voucher back.
    mutating func reconcile(lane: UInt16? = nil) throws {
        let index = lane ?? pickLane()
        guard let call = buyer.lanes[Int(index)].call else { return }
        let there = seller.lanes[Int(index)]
        if there.sequence == call.voucher.sequence {
            try deliverReceipt(isKnown: false, lane: index)
        } else if there.open == nil {
            try buyer.withdraw(call.voucher)
            buyerLog.append(.withdrew(call.voucher))
            vouchers[index] = nil
        }
    }

    private mutating func topUp() throws {
        guard random.once(in: 3) else { return }
        terms.deposit = Amount(obol: terms.deposit.obol + UInt128(random.below(200)))
        try buyer.update(terms)
        try seller.update(terms)
    }
}

extension Trade {
    /// Starts the buyer again from its log.
    mutating func crashBuyer() throws {
        var again = PayerChannel(terms: terms)
        for entry in buyerLog {
            switch entry {
            case .signed(let voucher, let unitsMax):
                try again.replay(voucher, unitsMax: unitsMax)
            case .accepted(let call, let offer):
                try again.accept(
                    call.receipt,
                    for: call.voucher,
                    under: offer,
                    response: nil
                )
            case .withdrew(let voucher): try again.withdraw(voucher)
            }
        }
        #expect(again == buyer, "the buyer's log does not lead to where it was")
        buyer = again
    }

    /// Starts the seller again from its log; every call that was open fails (CALL-10).
    mutating func crashSeller() throws {
        var again = PayeeChannel(terms: terms)
        for entry in sellerLog {
            switch entry {
            case .admitted(let voucher, let offer, let chargeMax):
                try again.admit(
                    voucher,
                    under: offer,
                    request: Market.request,
                    chargeMax: chargeMax,
                    now: Market.now
                )
            case .finished(let receipt): try again.finish(receipt)
            }
        }
        #expect(again == seller, "the seller's log does not lead to where it was")
        seller = again
        for lane in seller.lanes {
            guard let voucher = lane.open else { continue }
            try finish(voucher, .failed, ResponseChain(voucher: voucher.digest))
        }
    }
}
