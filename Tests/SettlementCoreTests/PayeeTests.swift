import CanonicalCoding
import Identity
import MarketTypes
import SettlementCore
import Testing

@Suite("SET-11: a seller's receipt")
struct PayeeTests {
    private let voucher = Market.voucherKey.sign(VoucherDraft().voucher)

    private func serving() throws -> PayeeChannel {
        var channel = try Market.payeeChannel()
        try channel.admit(
            voucher,
            under: Market.offer(),
            request: Market.request,
            chargeMax: Market.chargeMax,
            now: Market.now
        )
        return channel
    }

    private func outcome(
        _ status: CallStatus = .delivered,
        _ units: [(Unit, UInt64)] = [(.outputToken, 3)],
        startedAt: Timestamp = Market.now,
        finishedAt: Timestamp = Market.now
    ) -> CallOutcome {
        CallOutcome(
            status: status,
            units: Market.counts(units),
            response: ResponseChain(voucher: voucher.digest),
            parameters: [],
            startedAt: startedAt,
            finishedAt: finishedAt
        )
    }

    @Test("is not drawn up for what was not admitted or cannot be charged")
    func refusesDraft() throws {
        let channel = try serving()
        func refused(
            _ refusal: SettlementRefusal,
            _ draft: VoucherDraft,
            _ outcome: CallOutcome,
            _ offer: Offer = Market.offer()
        ) {
            let other = Market.voucherKey.sign(draft.voucher)
            #expect(throws: refusal) { try channel.draft(other, under: offer, outcome: outcome) }
        }
        refused(.laneOutOfRange, VoucherDraft(lane: 4), outcome())
        refused(.wrongVoucher, VoucherDraft(lane: 1), outcome())
        refused(.wrongVoucher, VoucherDraft(cap: 264), outcome())
        refused(.unpricedUnit, VoucherDraft(), outcome(.partial, [(.second, 1)]))
        refused(.overCap, VoucherDraft(), outcome(.delivered, [(.outputToken, 166)]))
        let dear = Market.offer(prices: Market.table([(.call, .max, 1)]))
        refused(.arithmetic, VoucherDraft(), outcome(.delivered, [(.call, 2)]), dear)
    }

    @Test("is not put in a lane it does not belong to")
    func refusesFinish() throws {
        var channel = try serving()
        let before = channel
        var drafts: [(SettlementRefusal, ReceiptDraft)] = [
            (.laneOutOfRange, ReceiptDraft(lane: 4)), (.wrongVoucher, ReceiptDraft(lane: 1)),
            (.wrongVoucher, ReceiptDraft(voucher: .zero)),
            (.wrongVoucher, ReceiptDraft(sequence: 3)),
        ]
        var low = ReceiptDraft()
        low.total = 99
        var high = ReceiptDraft()
        high.total = 266
        drafts += [(.wrongTotal, low), (.overCap, high)]
        for (refusal, draft) in drafts {
            let receipt = Market.receiptKey.sign(try draft.receipt(answering: voucher.digest))
            #expect(throws: refusal) { try channel.finish(receipt) }
            #expect(channel == before)
        }
    }

    @Test("is final: the lane takes no second one")
    func final() throws {
        var channel = try serving()
        let draft = try channel.draft(voucher, under: Market.offer(), outcome: outcome())
        let receipt = Market.receiptKey.sign(draft)
        try channel.finish(receipt)
        let before = channel
        #expect(throws: SettlementRefusal.wrongVoucher) { try channel.finish(receipt) }
        #expect(channel == before)
        #expect(channel.lanes[0].last?.receipt == receipt)
        #expect(channel.committed == Amount(obol: 103))
        #expect(channel.earned == Amount(obol: 103))
        #expect(channel.unclaimed.count == 2)
    }

    @Test("of a failed call has no units and no charge, whatever was metered (P6)")
    func failed() throws {
        let channel = try serving()
        let receipt = try channel.draft(
            voucher,
            under: Market.offer(),
            outcome: outcome(.failed, [(.outputToken, 99)])
        )
        #expect(receipt.units.isEmpty)
        #expect(receipt.charge.isZero)
        #expect(receipt.total == Amount(obol: 100))
    }

    @Test("leaves out units that were not used, so that it has an encoding")
    func zeros() throws {
        let channel = try serving()
        let units: [(Unit, UInt64)] = [(.outputToken, 0), (.call, 1), (.second, 0)]
        let receipt = try channel.draft(
            voucher,
            under: Market.offer(),
            outcome: outcome(.delivered, units)
        )
        #expect(receipt.units == Market.counts([(.call, 1)]))
        #expect(try Receipt(canonicalBytes: receipt.canonicalBytes) == receipt)
    }

    @Test("has times that a buyer accepts, whatever the clock did")
    func times() throws {
        let channel = try serving()
        let late = Timestamp(milliseconds: .max)
        let early = Timestamp(milliseconds: 1)
        for (started, finished) in [(late, late), (late, early), (Market.now, early)] {
            let draft = try channel.draft(
                voucher,
                under: Market.offer(),
                outcome: outcome(startedAt: started, finishedAt: finished)
            )
            #expect(draft.startedAt == min(started, Market.voucherEnd))
            try ReceiptRules.check(
                Market.receiptKey.sign(draft),
                for: voucher,
                under: Market.offer(),
                in: channel.terms
            )
        }
    }

    @Test("SET-5: other terms are refused if they are another channel's or cover less")
    func update() throws {
        var channel = try serving()
        let before = channel
        #expect(throws: SettlementRefusal.wrongChannel) {
            try channel.update(Market.terms(lanes: 5))
        }
        #expect(throws: SettlementRefusal.insufficientDeposit) {
            try channel.update(Market.terms(deposit: 264))
        }
        let stranger = ChannelTerms(
            chain: Market.chain,
            id: ChannelID(.zero),
            payer: Market.payer,
            payee: Market.payee,
            denomination: .native,
            deposit: Amount(obol: 1000),
            voucherKey: Market.voucherKey.publicKey,
            lanes: 4,
            isOpen: true
        )
        #expect(throws: SettlementRefusal.wrongChannel) { try channel.update(stranger) }
        #expect(channel == before)
        try channel.update(Market.terms(deposit: 265))
        #expect(channel.terms.deposit == Amount(obol: 265))
    }

    @Test("a claim leaves what was earned, and starts a new tree")
    func claimed() throws {
        var channel = try Market.payeeChannel()
        channel.claimed(settled: Amount(obol: 100), receipts: .init())
        #expect(channel.settled == channel.earned)
        #expect(channel.unclaimed.count == 0)
        #expect(!channel.isServing)
    }
}
