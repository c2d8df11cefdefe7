import AccessCore
import MarketTypes
import Testing

@Suite("ACC-40 to ACC-44: budgets")
struct BudgetTests {
    private let unit = Denomination.issued(Digest(words: (1, 2, 3, 4)))

    private func rule(
        _ window: BudgetRule.Window,
        _ model: String? = nil,
        _ limit: UInt128,
        _ denomination: Denomination = .native
    ) throws -> BudgetRule {
        try #require(
            BudgetRule(
                window: window,
                model: model,
                limit: Amount(obol: limit),
                denomination: denomination
            )
        )
    }

    private func request(_ obol: UInt128, _ model: String = "m") throws -> SpendingRequest {
        let key = try #require(APIKeyID(text: "abcdefghijkl"))
        return try #require(
            SpendingRequest(
                key: key,
                model: model,
                amount: Amount(obol: obol),
                denomination: .native,
                at: .start
            )
        )
    }

    @Test("ACC-41: the first limit that would break is named, wide before narrow")
    func precedence() throws {
        let rules = try #require(
            BudgetRules([
                try rule(.day, "m", 10), try rule(.total, "m", 20), try rule(.day, nil, 30),
                try rule(.total, nil, 40),
            ])
        )
        #expect(rules.rules.map(\.limit.obol) == [40, 30, 20, 10])
        for (amount, limit) in [(41, 40), (31, 30), (21, 20), (11, 10)] as [(UInt128, UInt128)] {
            let error = #expect(throws: BudgetRefusal.self) {
                try rules.check(try request(amount)) { _ in .zero }
            }
            guard case .exceeded(let excess) = error else {
                Issue.record("\(amount) was refused for another reason")
                continue
            }
            #expect(excess.rule.limit.obol == limit && excess.available.obol == limit)
        }
        try rules.check(try request(10)) { _ in .zero }
        // Another model is not bound by this one's limits.
        try rules.check(try request(30, "other")) { _ in .zero }
    }

    @Test("ACC-41: what is reserved counts like what is spent, to the last obol")
    func exact() throws {
        let rules = try #require(BudgetRules([try rule(.total, nil, 100)]))
        var counter = BudgetCounter.zero
        try counter.reserve(Amount(obol: 60))
        try counter.reserve(Amount(obol: 30))
        try counter.settle(Amount(obol: 30), charge: Amount(obol: 10))
        #expect(counter.used.obol == 70)
        let fixed = counter
        try rules.check(try request(30)) { _ in fixed }
        #expect(throws: BudgetRefusal.self) { try rules.check(try request(31)) { _ in fixed } }
    }

    @Test("ACC-42: a key with limits spends in nothing else")
    func otherDenomination() throws {
        let rules = try #require(BudgetRules([try rule(.total, nil, 100, unit)]))
        #expect(throws: BudgetRefusal.otherDenomination) {
            try rules.check(try request(1)) { _ in .zero }
        }
        try BudgetRules.none.check(try request(.max)) { _ in .zero }
    }

    @Test("ACC-43: a refused change leaves a counter as it was")
    func unchanged() throws {
        var counter = BudgetCounter(settled: Amount(obol: .max - 10), reserved: .zero)
        let before = counter
        #expect(throws: BudgetRefusal.overflow) { try counter.reserve(Amount(obol: 11)) }
        #expect(counter == before)
        try counter.reserve(Amount(obol: 10))
        let reserved = counter
        #expect(throws: BudgetRefusal.aboveReservation) {
            try counter.settle(Amount(obol: 10), charge: Amount(obol: 11))
        }
        #expect(throws: BudgetRefusal.aboveReservation) {
            try counter.settle(Amount(obol: 11), charge: .zero)
        }
        #expect(counter == reserved)
    }

    @Test("two rules for one thing, or too many, are none")
    func rules() throws {
        #expect(BudgetRules([try rule(.day, nil, 1), try rule(.day, nil, 2)]) == nil)
        let many = try (0...BudgetRules.countMax).map { try rule(.day, "m\($0)", 1) }
        #expect(BudgetRules(many) == nil)
        #expect(BudgetRule(window: .day, model: "", limit: .zero, denomination: .native) == nil)
    }

    @Test("ACC-44: a reservation is charged only for the voucher that it was bound to")
    func reservations() throws {
        let id = try #require(ReservationID(bytes: bytes(16)))
        var reservation = Reservation(id: id, request: try request(10), created: .start)
        #expect(throws: BudgetRefusal.unbound) {
            try reservation.checkSettling(Amount(obol: 1))
        }
        try reservation.checkSettling(.zero)
        let (first, second) = (Digest(words: (1, 1, 1, 1)), Digest(words: (2, 2, 2, 2)))
        try reservation.bind(to: first)
        try reservation.bind(to: first)
        #expect(throws: BudgetRefusal.boundElsewhere) { try reservation.bind(to: second) }
        try reservation.checkSettling(Amount(obol: 10))
        #expect(throws: BudgetRefusal.aboveReservation) {
            try reservation.checkSettling(Amount(obol: 11))
        }
    }
}
