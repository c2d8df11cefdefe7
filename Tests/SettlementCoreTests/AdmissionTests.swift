import Identity
import MarketTypes
import SettlementCore
import Testing

/// A voucher that arrives at a seller; as it stands it would be admitted.
struct Admission: Sendable {
    var channel: PayeeChannel
    var voucher = VoucherDraft()
    var signer = Market.voucherKey
    var offer = Market.offer()
    var request = Market.request
    var chargeMax = Market.chargeMax
    var now = Market.now

    init() throws { channel = try Market.payeeChannel() }

    mutating func run() throws(SettlementRefusal) {
        try channel.admit(
            signer.sign(voucher.voucher),
            under: offer,
            request: request,
            chargeMax: chargeMax,
            now: now
        )
    }

    /// Admits another voucher first, which must succeed.
    mutating func precede(by draft: VoucherDraft, chargeMax: UInt128 = 0) {
        do {
            channel = try Market.payeeChannel()
            try channel.admit(
                Market.voucherKey.sign(draft.voucher),
                under: Market.offer(),
                request: Market.request,
                chargeMax: Amount(obol: chargeMax),
                now: Market.now
            )
        } catch {
            Issue.record("the voucher before was refused: \(error)")
        }
    }

    mutating func sell(_ offer: Offer) {
        self.offer = offer
        voucher.offer = offer.id
    }
}

@Suite("SET-9: a seller refuses a voucher")
struct AdmissionTests {
    @Test("that breaks a rule, and nothing changes", arguments: violations)
    func refuses(_ violation: Violation<Admission>) throws {
        var admission = try Admission()
        violation.apply(&admission)
        let before = admission.channel
        #expect(throws: violation.refusal) { try admission.run() }
        #expect(admission.channel == before, "a refused voucher must change nothing")
    }

    @Test("for the first reason in order, if there are two", arguments: violations.indices)
    func precedence(_ index: Int) throws {
        let first = Self.violations[index]
        for second in Self.violations[index...].dropFirst() {
            var admission = try Admission()
            second.apply(&admission)
            first.apply(&admission)
            #expect(throws: first.refusal, "\(second.testDescription)") { try admission.run() }
        }
    }

    @Test("for reasons that stand in order of their numbers")
    func order() {
        let codes = Self.violations.map(\.refusal.code)
        #expect(codes == codes.sorted())
    }

    @Test("and admits it when nothing is wrong")
    func admits() throws {
        var admission = try Admission()
        try admission.run()
        #expect(admission.channel.lanes[0].open?.document == admission.voucher.voucher)
        #expect(admission.channel.committed == Amount(obol: 265))
        #expect(admission.channel.isServing)
    }

    @Test("at the last moment of offer and voucher it is still good")
    func lastMoment() throws {
        var admission = try Admission()
        admission.now = Market.voucherEnd
        try admission.run()
        var late = try Admission()
        late.voucher.expiresAt = Timestamp(milliseconds: .max)
        late.now = Market.offerEnd
        try late.run()
    }

    @Test("SET-5: down to the last obol of the deposit, and not beyond")
    func deposit() throws {
        var admission = try Admission()
        admission.voucher.cap = 1000
        try admission.run()
        #expect(admission.channel.committed == Amount(obol: 1000))
        var second = admission
        second.voucher = VoucherDraft(lane: 1, sequence: 1, cap: 1)
        second.chargeMax = .zero
        #expect(throws: SettlementRefusal.insufficientDeposit) { try second.run() }
        second.voucher.cap = 0
        try second.run()
    }

    static let violations: [Violation<Admission>] = parties + times + sequences + amounts

    private static let parties: [Violation<Admission>] = [
        Violation(.wrongChain, "of another chain") { $0.voucher.chain = ChainID(.zero) },
        Violation(.wrongChannel, "of another channel") {
            $0.voucher.channel = ChannelID(.zero)
        },
        Violation(.channelClosed, "while the channel closes") { admission in
            var terms = admission.channel.terms
            terms.isOpen = false
            do { try admission.channel.update(terms) } catch { Issue.record(error) }
        },
        Violation(.wrongSigner, "signed by a stranger") { $0.signer = Market.strangerKey },
        Violation(.wrongSigner, "signed by the seller") { $0.signer = Market.receiptKey },
        Violation(.wrongSigner, "signed by the payer's account") { $0.signer = Market.key(4) },
        Violation(.wrongOffer, "for another offer") { $0.voucher.offer = OfferID(.zero) },
        Violation(.wrongOffer, "for another version of the offer") {
            $0.voucher.offer = Market.offer(model: "small-2").id
        },
        Violation(.wrongOffer, "for another seller's offer") {
            $0.sell(Market.offer(seller: Market.payer))
        },
        Violation(.wrongOffer, "for an offer in another denomination") {
            $0.sell(Market.offer(denomination: .issued(Market.digest(1))))
        },
    ]

    private static let times: [Violation<Admission>] = [
        Violation(.offerExpired, "a millisecond after the offer") {
            $0.now = Timestamp(milliseconds: Market.offerEnd.milliseconds + 1)
            $0.voucher.expiresAt = $0.now
        },
        Violation(.voucherExpired, "a millisecond after its end") {
            $0.voucher.expiresAt = Timestamp(milliseconds: Market.now.milliseconds - 1)
            $0.now = Market.now
        },
        Violation(.laneOutOfRange, "for the lane after the last") { $0.voucher.lane = 4 },
        Violation(.laneOutOfRange, "for the last lane there can be") { $0.voucher.lane = .max },
    ]

    private static let sequences: [Violation<Admission>] = [
        Violation(.replayed, "that is being served") {
            $0.precede(by: VoucherDraft())
            ($0.voucher, $0.signer) = (VoucherDraft(), Market.voucherKey)
            $0.now = Market.now
            $0.offer = Market.offer()
        },
        Violation(.replayed, "that was served") { admission in
            do { admission.channel = try Market.payeeChannel() } catch { Issue.record(error) }
            let offer = Market.offer(prices: Market.table([(.call, 100, 1)]))
            admission.voucher = VoucherDraft(sequence: 1, cap: 100, offer: offer.id)
            (admission.offer, admission.now) = (offer, Market.now)
            admission.signer = Market.voucherKey
        },
        Violation(.staleSequence, "with a number that was used") { $0.voucher.sequence = 1 },
        Violation(.staleSequence, "with number 0") { $0.voucher.sequence = 0 },
        Violation(.sequenceGap, "that skips a number") { $0.voucher.sequence = 3 },
        Violation(.sequenceGap, "with the last number there is") { $0.voucher.sequence = .max },
        Violation(.laneBusy, "while its lane has a call") {
            $0.precede(by: VoucherDraft(cap: 101))
            $0.voucher.sequence = 2
            $0.voucher.lane = 0
        },
    ]

    private static let amounts: [Violation<Admission>] = [
        Violation(.wrongRequest, "for another request") { $0.request = Market.digest(9) },
        Violation(.capBelowTotal, "with a cap below what the lane cost") { $0.voucher.cap = 99 },
        Violation(.capTooSmall, "with a cap an obol too small") {
            $0.voucher.cap = 264
            $0.chargeMax = Market.chargeMax
        },
        Violation(.capTooSmall, "for a call that may cost anything") {
            $0.voucher.cap = 1000
            $0.chargeMax = Amount(obol: .max)
        },
        Violation(.insufficientDeposit, "with a cap an obol above the deposit") {
            $0.voucher.cap = 1001
        },
        Violation(.insufficientDeposit, "with the greatest cap there is") {
            $0.voucher.cap = .max
        },
        Violation(.insufficientDeposit, "with a cap that another lane's leaves no room for") {
            $0.precede(by: VoucherDraft(lane: 1, sequence: 1, cap: 800))
            $0.voucher.cap = 265
        },
    ]
}
