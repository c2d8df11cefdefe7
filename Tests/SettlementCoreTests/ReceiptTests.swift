import Identity
import MarketTypes
import SettlementCore
import Testing

@Suite("SET-8, SET-14: a buyer refuses a receipt with")
struct ReceiptTests {
    private func refuse(_ violation: Violation<Exchange>) throws {
        var exchange = try Exchange()
        violation.apply(&exchange)
        let before = exchange.payer
        #expect(throws: violation.refusal) { try exchange.accept() }
        #expect(exchange.payer == before, "a refused receipt must change nothing")
    }

    @Test("anything wrong in itself, and nothing changes", arguments: Exchange.wrongs)
    func wrong(_ violation: Violation<Exchange>) throws {
        try refuse(violation)
    }

    @Test("anything that does not fit what the buyer knows", arguments: surprises)
    func surprising(_ violation: Violation<Exchange>) throws {
        try refuse(violation)
    }

    @Test("the first reason in order, if there are two", arguments: Exchange.wrongs.indices)
    func precedence(_ index: Int) throws {
        let all = Exchange.wrongs + Self.surprises
        let first = all[index]
        for second in all[index...].dropFirst() where first.isOrdered && second.isOrdered {
            var exchange = try Exchange()
            second.apply(&exchange)
            first.apply(&exchange)
            #expect(throws: first.refusal, "\(second.testDescription)") {
                try exchange.accept()
            }
        }
    }

    @Test("reasons that stand in order of their numbers")
    func order() {
        for table in [Exchange.wrongs, Self.surprises] {
            let codes = table.map(\.refusal.code)
            #expect(codes == codes.sorted())
        }
    }

    @Test("and accepts it when nothing is wrong")
    func accepts() throws {
        var exchange = try Exchange()
        try exchange.accept()
        let lane = exchange.payer.lanes[0]
        #expect(lane.call == nil)
        #expect(lane.sequence == 2)
        #expect(lane.total == Amount(obol: 176))
        #expect(exchange.payer.committed == Amount(obol: 176))
    }

    @Test("and accepts an answer that failed, which costs nothing (P6)")
    func failed() throws {
        var exchange = try Exchange()
        exchange.receipt.status = .failed
        exchange.receipt.units = UnitCounts()
        (exchange.receipt.charge, exchange.receipt.total) = (0, 100)
        try exchange.accept()
        #expect(exchange.payer.lanes[0].total == Amount(obol: 100))
        #expect(exchange.payer.lanes[0].sequence == 2)
    }

    @Test("and accepts exactly the chunks that arrived")
    func chunks() throws {
        var exchange = try Exchange()
        var response = ResponseChain(voucher: exchange.voucher.voucher.signingDigest)
        for chunk in ["one", "", "two"] { response.append(Array(chunk.utf8)) }
        exchange.response = response
        (exchange.receipt.response, exchange.receipt.chunks) = (response.head, 3)
        try exchange.accept()
        #expect(exchange.payer.lanes[0].sequence == 2)
    }

    @Test("and accepts units, charge, cap and times at their limits")
    func limits() throws {
        var exchange = try Exchange()
        exchange.receipt.units = Market.unitsMax
        (exchange.receipt.charge, exchange.receipt.total) = (165, 265)
        exchange.receipt.startedAt = Market.voucherEnd
        exchange.receipt.finishedAt = Market.voucherEnd
        try exchange.accept()
        #expect(exchange.payer.available == Amount(obol: 735))
    }

    /// SET-14, in order.
    static let surprises: [Violation<Exchange>] = [
        Violation(.staleSequence, "a number that has its receipt") { exchange in
            do { try exchange.accept() } catch { Issue.record(error) }
        },
        Violation(.staleSequence, "the number before") {
            $0.voucher.sequence = 1
            $0.receipt.sequence = 1
        },
        Violation(.wrongVoucher, "a number that was never reserved") {
            $0.voucher.sequence = 3
            $0.receipt.sequence = 3
        },
        Violation(.wrongVoucher, "a voucher with another cap than the lane's") {
            $0.voucher.cap = 266
        },
        Violation(.wrongVoucher, "a lane that has no call") {
            $0.voucher.lane = 1
            $0.receipt.lane = 1
        },
        Violation(.wrongResponse, "another response than arrived") {
            $0.response = ResponseChain(voucher: $0.voucher.voucher.signingDigest)
            $0.receipt.response = .zero
        },
        Violation(.wrongResponse, "a chunk more than arrived") {
            $0.response = ResponseChain(voucher: $0.voucher.voucher.signingDigest)
            $0.receipt.chunks = 1
        },
        Violation(.unitsOverLimit, "a token more than was asked for") {
            $0.receipt.units = Market.counts([(.outputToken, 101)])
            ($0.receipt.charge, $0.receipt.total) = (101, 201)
        },
        Violation(.unitsOverLimit, "units that were not reserved, though free") {
            $0.receipt.units[.byte] = 1
        },
        Violation(.wrongTotal, "an obol more on the total than the charge") {
            $0.receipt.total = 177
        },
        Violation(.wrongTotal, "an obol less on the total than the charge") {
            $0.receipt.total = 175
        },
    ]
}

@Suite("SET-10: the ledger refuses to pay for a lane with")
struct ClaimTests {
    @Test("anything wrong in itself", arguments: Exchange.wrongs)
    func wrong(_ violation: Violation<Exchange>) throws {
        var exchange = try Exchange()
        violation.apply(&exchange)
        #expect(throws: violation.refusal) { try exchange.payment() }
    }

    @Test("anything that does not fit what was settled", arguments: surprises)
    func surprising(_ violation: Violation<Exchange>) throws {
        var exchange = try Exchange()
        violation.apply(&exchange)
        #expect(throws: violation.refusal) { try exchange.payment() }
    }

    @Test("the first reason in order, if there are two", arguments: Exchange.wrongs.indices)
    func precedence(_ index: Int) throws {
        let first = Exchange.wrongs[index]
        for second in Self.surprises where first.isOrdered {
            var exchange = try Exchange()
            second.apply(&exchange)
            first.apply(&exchange)
            #expect(throws: first.refusal) { try exchange.payment() }
        }
    }

    @Test("and pays the difference, also while the channel closes")
    func pays() throws {
        var exchange = try Exchange()
        #expect(try exchange.payment() == Amount(obol: 76))
        exchange.terms.isOpen = false
        #expect(try exchange.payment() == Amount(obol: 76))
        exchange.settled = .none
        #expect(try exchange.payment() == Amount(obol: 176))
    }

    @Test("and pays for a call that started at the last moment of its offer, and took no time")
    func lastMoment() throws {
        var exchange = try Exchange()
        exchange.voucher.expiresAt = Market.offerEnd
        exchange.receipt.startedAt = Market.offerEnd
        exchange.receipt.finishedAt = Market.offerEnd
        #expect(try exchange.payment() == Amount(obol: 76))
    }

    @Test("and pays nothing for work that failed, which is no refusal")
    func paysNothing() throws {
        var exchange = try Exchange()
        exchange.receipt.status = .failed
        exchange.receipt.units = UnitCounts()
        (exchange.receipt.charge, exchange.receipt.total) = (0, 100)
        #expect(try exchange.payment().isZero)
    }

    static let surprises: [Violation<Exchange>] = [
        Violation(.staleSequence, "the number that was settled last") {
            $0.settled = LaneSettlement(sequence: 2, total: Amount(obol: 100))
        },
        Violation(.staleSequence, "a number below what was settled") {
            $0.settled = LaneSettlement(sequence: .max, total: .zero)
        },
        Violation(.wrongTotal, "a total below what was settled") {
            $0.settled = LaneSettlement(sequence: 1, total: Amount(obol: 177))
        },
        Violation(.wrongTotal, "less of a difference than the charge") {
            $0.settled = LaneSettlement(sequence: 1, total: Amount(obol: 101))
        },
    ]
}
