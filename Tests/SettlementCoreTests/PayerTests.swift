import Identity
import MarketTypes
import SettlementCore
import Testing

@Suite("A buyer")
struct PayerTests {
    private func reserve(
        _ channel: inout PayerChannel,
        _ offer: Offer = Market.offer(),
        _ unitsMax: UnitCounts = Market.unitsMax,
        now: Timestamp = Market.now
    ) throws -> Voucher {
        try channel.reserve(
            offer: offer,
            request: Market.request,
            unitsMax: unitsMax,
            now: now,
            expiresAt: Market.voucherEnd
        )
    }

    @Test("SET-13: refuses to promise what it should not, and nothing changes")
    func refusesReserve() throws {
        func refused(
            _ refusal: SettlementRefusal,
            _ terms: ChannelTerms = Market.terms(),
            _ offer: Offer = Market.offer(),
            _ unitsMax: UnitCounts = Market.unitsMax,
            now: Timestamp = Market.now,
            busy: Int = 0
        ) throws {
            var channel = PayerChannel(terms: Market.terms())
            for _ in 0..<busy { _ = try reserve(&channel, Market.offer(), UnitCounts()) }
            try channel.update(terms)
            let before = channel
            #expect(throws: refusal) { try reserve(&channel, offer, unitsMax, now: now) }
            #expect(channel == before)
        }
        var closed = Market.terms()
        closed.isOpen = false
        let after = Timestamp(milliseconds: Market.offerEnd.milliseconds + 1)
        let dear = Market.offer(prices: Market.table([(.call, .max, 1)]))
        try refused(.channelClosed, closed, Market.offer(seller: Market.payer), now: after)
        try refused(.wrongOffer, Market.terms(), Market.offer(seller: Market.payer), now: after)
        try refused(.wrongOffer, Market.terms(), Market.offer(denomination: .issued(.zero)))
        try refused(.offerExpired, now: after, busy: 4)
        try refused(.noFreeLane, Market.terms(deposit: 0), busy: 4)
        try refused(.insufficientDeposit, Market.terms(deposit: 164))
        try refused(.unpricedUnit, Market.terms(), dear)
        try refused(.arithmetic, Market.terms(), dear, Market.counts([(.call, 2)]))
    }

    @Test("SET-13: promises the lane's total and the most the call can cost")
    func reserves() throws {
        var channel = try Market.payerChannel()
        let first = try reserve(&channel)
        let second = try reserve(&channel)
        #expect((first.lane, first.sequence, first.cap) == (LaneID(0), 2, Amount(obol: 265)))
        #expect((second.lane, second.sequence, second.cap) == (LaneID(1), 1, Amount(obol: 165)))
        #expect(channel.committed == Amount(obol: 430))
        #expect(channel.available == Amount(obol: 570))
    }

    @Test("SET-15: frees a lane only for its open voucher")
    func withdraw() throws {
        var channel = try Market.payerChannel()
        let before = channel
        let voucher = try reserve(&channel)
        let reserved = channel
        for draft in [VoucherDraft(lane: 4), VoucherDraft(lane: 1), VoucherDraft(cap: 264)] {
            #expect(throws: SettlementRefusal.wrongVoucher) {
                try channel.withdraw(draft.voucher)
            }
            #expect(channel == reserved)
        }
        try channel.withdraw(voucher)
        #expect(channel == before)
        #expect(throws: SettlementRefusal.wrongVoucher) { try channel.withdraw(voucher) }
        let again = try reserve(&channel)
        #expect(again == voucher, "the number is used again")
    }

    @Test("SET-16: refuses to put back a voucher that it cannot have signed", arguments: replays)
    func refusesReplay(_ violation: Violation<VoucherDraft>) throws {
        var channel = try Market.payerChannel()
        if violation.refusal == .laneBusy { _ = try reserve(&channel) }
        var draft = VoucherDraft()
        violation.apply(&draft)
        let before = channel
        #expect(throws: violation.refusal) {
            try channel.replay(draft.voucher, unitsMax: Market.unitsMax)
        }
        #expect(channel == before)
    }

    static let replays: [Violation<VoucherDraft>] = [
        Violation(.wrongChain, "another chain") { $0.chain = ChainID(.zero) },
        Violation(.wrongChannel, "another channel") { $0.channel = ChannelID(.zero) },
        Violation(.laneOutOfRange, "no such lane") { $0.lane = 4 },
        Violation(.staleSequence, "a number with a receipt") { $0.sequence = 1 },
        Violation(.sequenceGap, "a number too far") { $0.sequence = 3 },
        Violation(.laneBusy, "another number than the open one's") { $0.sequence = 3 },
        Violation(.capBelowTotal, "less than the lane cost") { $0.cap = 99 },
        Violation(.insufficientDeposit, "more than the deposit") { $0.cap = 1001 },
        Violation(.insufficientDeposit, "the most there is") { $0.cap = .max },
    ]

    @Test("SET-16: puts a voucher back, and a later one of the same number in its place")
    func putsBack() throws {
        var channel = try Market.payerChannel()
        var other = channel
        let voucher = try reserve(&channel)
        try other.replay(VoucherDraft(cap: 900).voucher, unitsMax: Market.unitsMax)
        try other.replay(voucher, unitsMax: Market.unitsMax)
        #expect(other == channel)
    }

    @Test("SET-5: refuses terms that are another channel's or cover less")
    func update() throws {
        var channel = try Market.payerChannel()
        _ = try reserve(&channel)
        let before = channel
        #expect(throws: SettlementRefusal.wrongChannel) {
            try channel.update(Market.terms(lanes: 5))
        }
        #expect(throws: SettlementRefusal.insufficientDeposit) {
            try channel.update(Market.terms(deposit: 264))
        }
        #expect(channel == before)
        try channel.update(Market.terms(deposit: 265))
        #expect(channel.available.isZero)
    }
}

@Suite("Refusals")
struct RefusalTests {
    @Test("SET-19: numbers are distinct, count from 1 in order of declaration, and lead back")
    func codes() {
        let all = SettlementRefusal.allCases
        #expect(all.map(\.code) == Array(1...31))
        for refusal in all { #expect(SettlementRefusal(code: refusal.code) == refusal) }
        #expect(SettlementRefusal(code: 0) == nil)
        #expect(SettlementRefusal(code: 32) == nil)
    }

    @Test("every refusal stands in some table, except the one that is reserved")
    func covered() {
        let tables = [
            AdmissionTests.violations.map(\.refusal), Exchange.wrongs.map(\.refusal),
            ReceiptTests.surprises.map(\.refusal), ClaimTests.surprises.map(\.refusal),
            FraudTests.violations.map(\.refusal), PayerTests.replays.map(\.refusal),
            [.notContradictory, .noFreeLane],  // FraudTests.agreeing, PayerTests.refusesReserve
        ]
        let covered = Set(tables.flatMap(\.self))
        #expect(Set(SettlementRefusal.allCases).subtracting(covered) == [.nothingToClaim])
    }
}
