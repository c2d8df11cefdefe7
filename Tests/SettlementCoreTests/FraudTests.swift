import Identity
import MarketTypes
import SettlementCore
import Testing

/// Two receipts under suspicion; as it stands each kind of proof holds.
struct Suspicion: Sendable {
    enum Kind: CaseIterable, Sendable { case equivocation, wrongCharge, overclaim }

    var kind = Kind.equivocation
    var terms = Market.terms()
    /// For one call a total of 177 is claimed, though the charge is 76 and 176 was owed; the other
    /// receipt for it says 176.
    var first: ReceiptDraft
    var second = ReceiptDraft()
    var firstSigner = Market.receiptKey
    var secondSigner = Market.receiptKey
    var offers = [Market.offer(), Market.offer()]
    /// What is handed in with the proof; nil for its own receipts.
    var others: [Verified<Receipt>]?

    init(_ kind: Kind = .equivocation) {
        self.kind = kind
        first = ReceiptDraft()
        first.total = 177
        if kind == .wrongCharge { first.charge = 77 }
    }

    func check() throws {
        let promise = Market.voucherKey.sign(VoucherDraft().voucher).digest
        let one = firstSigner.sign(try first.receipt(answering: promise))
        let two = secondSigner.sign(try second.receipt(answering: promise))
        switch kind {
        case .equivocation:
            let proof = FraudProof.equivocation(one.signed, two.signed)
            try proof.check(others ?? [one, two], in: terms, under: offers)
        case .wrongCharge:
            let proof = FraudProof.wrongCharge(one.signed)
            try proof.check(others ?? [one], in: terms, under: [offers[0]])
        case .overclaim:
            let proof = FraudProof.overclaim(claimed: one.signed, held: two.signed)
            try proof.check(others ?? [one, two], in: terms, under: offers)
        }
    }
}

@Suite("SET-12: a fraud proof is refused")
struct FraudTests {
    @Test("when its receipts could not be the accused's", arguments: violations)
    func refuses(_ violation: Violation<Suspicion>) {
        for kind in [Suspicion.Kind.equivocation, .overclaim] {
            var suspicion = Suspicion(kind)
            violation.apply(&suspicion)
            #expect(throws: violation.refusal) { try suspicion.check() }
        }
    }

    @Test("when it rests on one receipt that is not the accused's", arguments: violations.prefix(9))
    func refusesSingle(_ violation: Violation<Suspicion>) {
        var suspicion = Suspicion(.wrongCharge)
        violation.apply(&suspicion)
        #expect(throws: violation.refusal) { try suspicion.check() }
    }

    @Test("for the first reason in order, if there are two", arguments: violations.indices)
    func precedence(_ index: Int) {
        let first = Self.violations[index]
        for second in Self.violations[index...].dropFirst() where first.isOrdered {
            var suspicion = Suspicion()
            second.apply(&suspicion)
            first.apply(&suspicion)
            #expect(throws: first.refusal) { try suspicion.check() }
        }
    }

    @Test("when the statements agree: equivocation")
    func agreeing() {
        func refused(_ change: (inout Suspicion) -> Void) {
            var suspicion = Suspicion(.equivocation)
            change(&suspicion)
            #expect(throws: SettlementRefusal.notContradictory) { try suspicion.check() }
        }
        refused { $0.first = $0.second }
        refused { $0.first.lane = 1 }
        refused { $0.first.sequence = 3 }
    }

    @Test("when the charge is right: wrong charge")
    func rightCharge() {
        for (status, units, charge) in [
            (CallStatus.delivered, [(Unit.outputToken, UInt64(3))], UInt128(3)),
            (.partial, [(.inputToken, 11)], 4), (.failed, [], 0),
        ] {
            var suspicion = Suspicion(.wrongCharge)
            suspicion.first.status = status
            suspicion.first.units = Market.counts(units)
            suspicion.first.charge = charge
            suspicion.first.total = charge
            #expect(throws: SettlementRefusal.notContradictory) { try suspicion.check() }
        }
    }

    @Test("when the running totals can both be true: overclaim")
    func possibleTotals() {
        func refused(_ change: (inout Suspicion) -> Void) {
            var suspicion = Suspicion(.overclaim)
            change(&suspicion)
            #expect(throws: SettlementRefusal.notContradictory) { try suspicion.check() }
        }
        refused { $0.first.total = 176 }
        refused { $0.first.total = 175 }
        refused { $0.first.sequence = 3 }
        refused { $0.first.lane = 1 }
    }

    @Test("and stands when the statements contradict each other")
    func stands() throws {
        for kind in Suspicion.Kind.allCases { try Suspicion(kind).check() }
        var later = Suspicion(.overclaim)
        later.second.sequence = 9
        try later.check()
        var stream = Suspicion(.equivocation)
        stream.first = stream.second
        stream.first.chunks = 1
        try stream.check()
    }

    @Test("and stands for every way to charge wrongly")
    func wrongCharges() throws {
        let ways: [(inout ReceiptDraft) -> Void] = [
            { $0.charge = 75 }, { $0.units[.second] = 1 }, { $0.status = .failed },
            { $0.total = 75 },
            { ($0.status, $0.units, $0.charge) = (.failed, Market.counts([(.byte, 1)]), 0) },
        ]
        for way in ways {
            var suspicion = Suspicion(.wrongCharge)
            suspicion.first = ReceiptDraft()
            way(&suspicion.first)
            try suspicion.check()
        }
        var large = Suspicion(.wrongCharge)
        large.offers[0] = Market.offer(prices: Market.table([(.call, .max, 1)]))
        large.first.offer = large.offers[0].id
        large.first.units = Market.counts([(.call, 2)])
        try large.check()
    }

    @Test("a proof is about the call of its first receipt")
    func subject() throws {
        let digest = Market.digest(7)
        let one = Market.receiptKey.sign(
            try ReceiptDraft(lane: 3, sequence: 8).receipt(answering: digest)
        ).signed
        let two = Market.receiptKey.sign(try ReceiptDraft().receipt(answering: digest)).signed
        let subject = FraudSubject(channel: Market.channel, lane: LaneID(3), sequence: 8)
        #expect(FraudProof.equivocation(one, two).subject == subject)
        #expect(FraudProof.wrongCharge(one).subject == subject)
        #expect(FraudProof.overclaim(claimed: one, held: two).subject == subject)
    }

    /// The first nine touch the first receipt only.
    static let violations: [Violation<Suspicion>] = [
        Violation(.invalidSignature, "other receipts than the proof's were checked") {
            let paper = try? ReceiptDraft().receipt(answering: .zero)
            $0.others = paper.map { [Market.receiptKey.sign($0), Market.receiptKey.sign($0)] }
        },
        Violation(.invalidSignature, "no receipts were checked") { $0.others = [] },
        Violation(.wrongChain, "of another chain") { $0.first.chain = ChainID(.zero) },
        Violation(.wrongChannel, "of another channel") { $0.first.channel = ChannelID(.zero) },
        Violation(.wrongSigner, "signed by the buyer") { $0.firstSigner = Market.voucherKey },
        Violation(.wrongSigner, "signed by a stranger") { $0.firstSigner = Market.strangerKey },
        Violation(.wrongOffer, "under another offer") { $0.first.offer = OfferID(.zero) },
        Violation(.wrongOffer, "under another seller's offer") {
            $0.offers[0] = Market.offer(seller: Market.payer)
            $0.first.offer = $0.offers[0].id
        },
        Violation(.wrongOffer, "the channel is another seller's") { suspicion in
            let terms = Market.terms()
            suspicion.terms = ChannelTerms(
                chain: terms.chain,
                id: terms.id,
                payer: terms.payer,
                payee: terms.payer,
                denomination: terms.denomination,
                deposit: terms.deposit,
                voucherKey: terms.voucherKey,
                lanes: terms.lanes,
                isOpen: true
            )
        },
        Violation(.wrongChain, "the second of another chain", isOrdered: false) {
            $0.second.chain = ChainID(.zero)
        },
        Violation(.wrongChannel, "the second of another channel", isOrdered: false) {
            $0.second.channel = ChannelID(.zero)
        },
        Violation(.wrongSigner, "the second signed by a stranger", isOrdered: false) {
            $0.secondSigner = Market.strangerKey
        },
        Violation(.wrongOffer, "the second under another offer", isOrdered: false) {
            $0.second.offer = OfferID(.zero)
        },
    ]
}
