import CanonicalCoding
import Identity
import MarketTypes
import SettlementCore
import Testing

@Suite("Whatever the order of calls, losses and crashes")
struct TradeTests {
    /// What must hold at every moment.
    private func checkInvariants(_ trade: Trade) {
        let buyer = trade.buyer
        let seller = trade.seller
        let promised = buyer.lanes.reduce(UInt128(0)) { $0 + $1.exposure.obol }
        let admitted = seller.lanes.reduce(UInt128(0)) { $0 + $1.exposure.obol }
        #expect(buyer.committed.obol == promised)
        #expect(seller.committed.obol == admitted)
        #expect(promised <= trade.terms.deposit.obol)
        #expect(admitted <= trade.terms.deposit.obol)
        for (index, (here, there)) in zip(buyer.lanes, seller.lanes).enumerated() {
            let ahead = there.sequence - here.sequence
            #expect(ahead <= 1, "the seller never has more than one receipt more")
            let isOpen = trade.receipts[UInt16(index)] != nil
            #expect((ahead == 1) == isOpen)
            #expect(ahead == 1 || here.total == there.total)
            #expect(there.total.obol == trade.owed[UInt16(index), default: 0])
            // P6: beyond what was receipted, at most the one call that the lane is in.
            guard let call = here.call else {
                #expect(here.exposure == here.total)
                continue
            }
            let offer = trade.offers.first { $0.id == call.voucher.offer }
            let most = try? offer?.prices.charge(for: call.unitsMax)
            #expect(here.exposure.obol - here.total.obol == most?.obol)
        }
    }

    @Test("SET-5, P6: books agree, and exposure is one call per lane", arguments: UInt64(0)..<60)
    func agree(seed: UInt64) throws {
        var trade = Trade(seed: seed)
        for _ in 0..<120 {
            try trade.step()
            checkInvariants(trade)
        }
        try trade.crashSeller()
        for lane in 0..<trade.terms.lanes { try trade.reconcile(lane: lane) }
        try trade.crashBuyer()
        checkInvariants(trade)
        let spent = trade.buyer.lanes.map(\.total)
        #expect(spent == trade.seller.lanes.map(\.total))
        #expect(trade.buyer.committed == trade.seller.earned, "nothing is left open")
        #expect(trade.ends.values.reduce(0, +) > 3, "hardly anything happened")
    }

    @Test("SET-10: the ledger pays exactly what was earned, in parts", arguments: UInt64(0)..<20)
    func claims(seed: UInt64) throws {
        var trade = Trade(seed: seed)
        var settled: [LaneID: LaneSettlement] = [:]
        var paid: UInt128 = 0
        for _ in 0..<5 {
            for _ in 0..<30 { try trade.step() }
            for call in trade.seller.lanes.compactMap(\.last) {
                let lane = call.receipt.document.lane
                let before = settled[lane] ?? .none
                let offer = try #require(
                    trade.offers.first { $0.id == call.receipt.document.offer }
                )
                guard call.receipt.document.sequence > before.sequence else { continue }
                let due = try ClaimRules.payment(
                    for: call,
                    under: offer,
                    in: trade.terms,
                    after: before
                )
                paid += due.obol
                let now = LaneSettlement(
                    sequence: call.receipt.document.sequence,
                    total: call.receipt.document.total
                )
                settled[lane] = now
                #expect(throws: SettlementRefusal.staleSequence) {
                    try ClaimRules.payment(for: call, under: offer, in: trade.terms, after: now)
                }
            }
            #expect(paid == trade.seller.earned.obol)
            #expect(paid <= trade.terms.deposit.obol)
        }
    }

    @Test("the claim's tree has every receipt since the start", arguments: UInt64(0)..<10)
    func tree(seed: UInt64) throws {
        var trade = Trade(seed: seed)
        for _ in 0..<100 { try trade.step() }
        let digests = trade.sellerLog.compactMap { entry -> Digest? in
            if case .finished(let receipt) = entry { receipt.digest } else { nil }
        }
        #expect(trade.seller.unclaimed.count == UInt64(digests.count))
        #expect(trade.seller.unclaimed.root == MerkleTree.root(of: digests))
    }

    @Test("SET-12: no honest seller's receipts prove a fraud", arguments: UInt64(0)..<6)
    func honest(seed: UInt64) throws {
        var trade = Trade(seed: seed)
        for _ in 0..<90 { try trade.step() }
        let receipts = trade.sellerLog.compactMap { entry -> Verified<Receipt>? in
            if case .finished(let receipt) = entry { receipt } else { nil }
        }
        func offer(_ receipt: Verified<Receipt>) throws -> Offer {
            try #require(trade.offers.first { $0.id == receipt.document.offer })
        }
        for first in receipts.prefix(12) {
            #expect(throws: SettlementRefusal.notContradictory) {
                try FraudProof.wrongCharge(first.signed).check(
                    [first],
                    in: trade.terms,
                    under: [try offer(first)]
                )
            }
            for second in receipts.prefix(12) {
                let offers = [try offer(first), try offer(second)]
                let proofs: [FraudProof] = [
                    .equivocation(first.signed, second.signed),
                    .overclaim(claimed: first.signed, held: second.signed),
                ]
                for proof in proofs {
                    #expect(throws: SettlementRefusal.notContradictory) {
                        try proof.check([first, second], in: trade.terms, under: offers)
                    }
                }
            }
        }
    }
}
