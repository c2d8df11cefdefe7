import AccessCore
import AccessStore
import Foundation
import MarketTypes
import Testing

@Suite("AccessStore: limits", .timeLimit(.minutes(3)))
struct LimitTests {
    let scratch: Scratch
    let database: AccessDatabase

    init() throws {
        scratch = try Scratch()
        database = try scratch.open()
    }

    @Test(
        "ACC-46: all of these hold over PostgreSQL too",
        .enabled(if: LimitPlace.isPostgresNamed, "STOA_TEST_POSTGRES names no database")
    )
    func chosen() {
        #expect(LimitPlace.chosen == [.sqlite, .postgres])
    }

    @Test(
        "ACC-43: 64 calls at once never reserve more than the budget, and the rest is free again",
        arguments: LimitPlace.chosen
    )
    func parallel(_ place: LimitPlace) async throws {
        let stores = try LimitStores(place, scratch)
        let limits = try stores.open()
        let rules = try budget(1_000)
        let key = try await database.key(budgets: rules).key
        let request = try spending(key.id, 30)
        let made = await reserveAtOnce(64, request, under: rules, limits)
        // 33 × 30 = 990, and one more would be 1,020.
        #expect(made.count == 33)
        for (number, reservation) in made.enumerated() {
            try await limits.bind(reservation.id, to: Digest(words: (UInt64(number), 0, 0, 1)))
            try await limits.settle(
                Settlement(reservation.id, charge: Amount(obol: number % 2 == 0 ? 10 : 0))
            )
        }
        let total = try await limits.spending(of: key.id, at: .start)
            .first { $0.slot == CounterSlot(model: nil, day: nil) }
        #expect(total?.counter == BudgetCounter(settled: Amount(obol: 170), reserved: .zero))
        #expect(try await limits.openReservations(limit: 100).isEmpty)
        #expect(await reserveAtOnce(64, request, under: rules, limits).count == 27)
    }

    private func reserveAtOnce(
        _ count: Int,
        _ request: SpendingRequest,
        under rules: BudgetRules,
        _ limits: any LimitStore
    ) async -> [Reservation] {
        await withTaskGroup(of: Reservation?.self) { group in
            for _ in 0..<count {
                group.addTask {
                    try? await limits.reserve(request, under: rules, at: .start)
                }
            }
            var made: [Reservation] = []
            for await reservation in group {
                if let reservation { made.append(reservation) }
            }
            return made
        }
    }

    @Test(
        "HST-5: what is reserved for a voucher is bound from the start, and settled by its digest",
        arguments: LimitPlace.chosen
    )
    func boundAtOnce(_ place: LimitPlace) async throws {
        let stores = try LimitStores(place, scratch)
        let limits = try stores.open()
        let rules = try budget(100)
        let key = try await database.key(budgets: rules).key
        let voucher = Digest(words: (7, 7, 7, 7))
        let made = try await limits.reserve(
            try spending(key.id, 60),
            under: rules,
            boundTo: voucher,
            at: .start
        )
        #expect(made.voucher == voucher)
        #expect(try await limits.boundVouchers(limit: 10) == [voucher])
        let later = Timestamp.start.adding(milliseconds: 1)
        #expect(try await limits.releaseUnbound(before: later) == 0)
        await #expect(throws: BudgetRefusal.self) {
            try await limits.reserve(
                try spending(key.id, 60),
                under: rules,
                boundTo: Digest(words: (8, 8, 8, 8)),
                at: .start
            )
        }
        #expect(try await limits.boundVouchers(limit: 10) == [voucher])
        #expect(try await limits.settle(vouchers: [(voucher, Amount(obol: 25))]).isEmpty)
        #expect(try await limits.openReservations(limit: 10).isEmpty)
    }

    @Test(
        "ACC-44: a damaged count holds up no other ending of the same change",
        .enabled(if: LimitPlace.isPostgresNamed)
    )
    func damagedAmongOthers() async throws {
        let stores = try LimitStores(.postgres, scratch)
        let limits = try stores.open()
        let rules = try budget(100)
        let vouchers = [Digest(words: (1, 1, 1, 1)), Digest(words: (2, 2, 2, 2))]
        var keys: [APIKeyID] = []
        for voucher in vouchers {
            let key = try await database.key(budgets: rules).key
            keys.append(key.id)
            let request = try spending(key.id, 30)
            _ = try await limits.reserve(request, under: rules, boundTo: voucher, at: .start)
        }
        try stores.damage("DELETE FROM stoa_limits.counters WHERE key = '\(keys[0].text)'")
        let left = try await limits.settle(vouchers: vouchers.map { ($0, Amount(obol: 25)) })
        #expect(left == [vouchers[0]])
        let open = try await limits.openReservations(limit: 10)
        #expect(open.map(\.request.key) == [keys[0]])
    }

    @Test(
        "ACC-44: a reservation ends once, with no more than it set aside, after it was bound",
        arguments: LimitPlace.chosen
    )
    func endings(_ place: LimitPlace) async throws {
        let stores = try LimitStores(place, scratch)
        let limits = try stores.open()
        let rules = try budget(100)
        let key = try await database.key(budgets: rules).key
        let reservation = try await limits.reserve(
            try spending(key.id, 50),
            under: rules,
            at: .start
        )
        let charge = Settlement(reservation.id, charge: Amount(obol: 20))
        await #expect(throws: BudgetRefusal.unbound) { try await limits.settle(charge) }
        try await limits.bind(reservation.id, to: Digest(words: (1, 0, 0, 0)))
        await #expect(throws: BudgetRefusal.boundElsewhere) {
            try await limits.bind(reservation.id, to: Digest(words: (2, 0, 0, 0)))
        }
        await #expect(throws: BudgetRefusal.aboveReservation) {
            try await limits.settle(Settlement(reservation.id, charge: Amount(obol: 51)))
        }
        try await limits.settle(charge)
        await #expect(throws: BudgetRefusal.unknownReservation) {
            try await limits.settle(charge)
        }
        let free = try await limits.reserve(try spending(key.id, 80), under: rules, at: .start)
        try await limits.settle(Settlement(free.id, charge: .zero))
    }

    @Test(
        "ACC-44: a voucher ends its reservation, whoever hears of its end, and once",
        arguments: LimitPlace.chosen
    )
    func voucherEndings(_ place: LimitPlace) async throws {
        let stores = try LimitStores(place, scratch)
        let limits = try stores.open()
        let rules = try budget(100)
        let key = try await database.key(budgets: rules).key
        let bound = try await limits.reserve(try spending(key.id, 50), under: rules, at: .start)
        let loose = try await limits.reserve(try spending(key.id, 30), under: rules, at: .start)
        let voucher = Digest(words: (1, 0, 0, 0))
        try await limits.bind(bound.id, to: voucher)
        #expect(try await limits.boundVouchers(limit: 10) == [voucher])
        // Vouchers of calls without a meter end too.
        let other = Digest(words: (9, 0, 0, 0))
        let above = try await limits.settle(
            vouchers: [(other, Amount(obol: 5)), (voucher, Amount(obol: 51))]
        )
        #expect(above == [voucher], "more than was set aside is somebody's to look at")
        for _ in 0..<2 {
            let none = try await limits.settle(vouchers: [(voucher, Amount(obol: 20))])
            #expect(none.isEmpty)
        }
        let spent = try await limits.spending(of: key.id, at: .start)
            .first { $0.slot == CounterSlot(model: nil, day: nil) }
        #expect(spent?.counter.settled == Amount(obol: 20))
        #expect(spent?.counter.reserved == Amount(obol: 30))

        #expect(try await limits.releaseUnbound(before: .start) == 0, "it may yet be bound")
        let later = Timestamp.start.adding(milliseconds: 1)
        #expect(try await limits.releaseUnbound(before: later) == 1)
        await #expect(throws: BudgetRefusal.unknownReservation) {
            try await limits.bind(loose.id, to: Digest(words: (2, 0, 0, 0)))
        }
        #expect(try await limits.openReservations(limit: 10).isEmpty)
    }

    @Test(
        "ACC-42: a day's budget is free again on the next day of UTC, the total is not",
        arguments: LimitPlace.chosen
    )
    func days(_ place: LimitPlace) async throws {
        let stores = try LimitStores(place, scratch)
        let limits = try stores.open()
        let day = try #require(
            BudgetRule(window: .day, limit: Amount(obol: 10), denomination: .native)
        )
        let total = try #require(
            BudgetRule(window: .total, limit: Amount(obol: 15), denomination: .native)
        )
        let rules = try #require(BudgetRules([day, total]))
        let key = try await database.key(budgets: rules).key.id
        let night = Timestamp(milliseconds: 20_000 * 86_400_000 - 1)
        _ = try await limits.reserve(try spending(key, 10, at: night), under: rules, at: night)
        await #expect(throws: BudgetRefusal.self) {
            try await limits.reserve(try spending(key, 1, at: night), under: rules, at: night)
        }
        let morning = night.plus(1)
        _ = try await limits.reserve(try spending(key, 5, at: morning), under: rules, at: morning)
        await #expect(throws: BudgetRefusal.self) {
            try await limits.reserve(try spending(key, 1, at: morning), under: rules, at: morning)
        }
    }

    @Test(
        "ACC-45: what was open when the process ended is listed at the next start",
        arguments: LimitPlace.chosen
    )
    func restart(_ place: LimitPlace) async throws {
        let stores = try LimitStores(place, scratch)
        let limits = try stores.open()
        let rules = try budget(100)
        let key = try await database.key(budgets: rules).key.id
        let voucher = Digest(words: (9, 9, 9, 9))
        let bound = try await limits.reserve(try spending(key, 10), under: rules, at: .start)
        try await limits.bind(bound.id, to: voucher)
        let open = try await limits.reserve(
            try spending(key, 20),
            under: rules,
            at: .start.plus(1)
        )
        let again = try stores.open()
        let found = try await again.openReservations(limit: 10)
        #expect(found.map(\.id) == [bound.id, open.id])
        #expect(found.map(\.voucher) == [voucher, nil])
        try await again.settle(Settlement(bound.id, charge: Amount(obol: 7)))
        try await again.settle(Settlement(open.id, charge: .zero))
        let lines = try await again.spending(of: key, at: .start)
        #expect(lines.count == 4)
        #expect(lines.allSatisfy { $0.counter.settled.obol == 7 && $0.counter.reserved.isZero })
    }

    @Test(
        "API4 (OWASP 2023): a key has only so many calls open, on so many models",
        arguments: LimitPlace.chosen
    )
    func bounded(_ place: LimitPlace) async throws {
        let stores = try LimitStores(place, scratch)
        let limits = try stores.open()
        let key = try await database.key().key.id
        for number in 0..<LimitBounds.modelsPerKeyMax {
            let reservation = try await limits.reserve(
                try spending(key, 1, model: "m\(number)"),
                under: .none,
                at: .start
            )
            try await limits.settle(Settlement(reservation.id, charge: .zero))
        }
        await #expect(throws: BudgetRefusal.tooManyModels) {
            try await limits.reserve(
                try spending(key, 1, model: "another"),
                under: .none,
                at: .start
            )
        }
        for _ in 0..<LimitBounds.openPerKeyMax {
            _ = try await limits.reserve(
                try spending(key, 1, model: "m1"),
                under: .none,
                at: .start
            )
        }
        await #expect(throws: BudgetRefusal.tooManyOpen) {
            try await limits.reserve(try spending(key, 1, model: "m1"), under: .none, at: .start)
        }
    }

    @Test(
        "ACC-30: two databases of one file let through what one would, and nothing is half taken",
        arguments: LimitPlace.chosen
    )
    func shared(_ place: LimitPlace) async throws {
        let stores = try LimitStores(place, scratch)
        let limits = try stores.open()
        let other = try stores.open()
        let policy = try #require(
            RatePolicy("test", tokensPerWindow: 1, windowMilliseconds: 1_000, burst: 50)
        )
        let small = try #require(
            RatePolicy("small", tokensPerWindow: 1, windowMilliseconds: 1_000, burst: 20)
        )
        let both: [any LimitStore] = [limits, other]
        let taken = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<128 {
                let store = both[number % 2]
                group.addTask {
                    let answers = try? await store.take([BucketUse("a", policy)], at: .start)
                    return answers?.last?.isAllowed ?? false
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(taken == 50)
        let uses = [BucketUse("b", policy), BucketUse("c", small)]
        for _ in 0..<30 { _ = try await limits.take(uses, at: .start) }
        // What the second bucket refused was not taken from the first.
        let left = try await limits.take([BucketUse("b", policy, tokens: 30)], at: .start)
        #expect(left.last?.isAllowed == true && left.last?.remaining == 0)
    }
}
