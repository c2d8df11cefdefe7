import AccessCore
import AccessStore
import GRDB
import MarketTypes
import Testing

@Suite("A clock that is ahead for a while breaks nothing", .timeLimit(.minutes(2)))
struct ClockJumpTests {
    private static let day: UInt64 = 86_400_000
    private let scratch: Scratch
    private let database: AccessDatabase

    init() throws {
        scratch = try Scratch()
        database = try scratch.open()
    }

    @Test("Tokens are signed before, meanwhile and after it", arguments: [2, 31, 60, 4_000])
    func tokens(days: UInt64) async throws {
        let sealing = try SealingKey(path: scratch.path + ".key")
        let tokens = TokenIssuer(database, sealing: sealing, algorithm: .edDSA)
        let client = try await database.registerClient(
            ClientRequest(
                name: "tool",
                redirects: [],
                scopes: ScopeSet([.readUsage]),
                isConfidential: true
            ),
            by: try await database.localOperator(at: .start),
            source: "test",
            at: .start
        ).client
        let ahead = Timestamp.start.plus(days * Self.day)
        for now in [Timestamp.start, ahead, .start.plus(3_600_000), ahead.plus(1), .start] {
            let given = try await tokens.issue(
                to: client,
                scope: nil,
                issuer: "http://localhost",
                source: "test",
                at: now
            )
            _ = try await tokens.admission(given.access, issuer: "http://localhost", at: now)
            let keys = try await tokens.keys(at: now)
            let soon = now.plus(TokenKey.overlapMilliseconds)
            #expect(keys.contains { $0.signs(at: now) } && keys.contains { $0.signs(at: soon) })
        }
    }

    @Test("A key is followed by one at its end, and no key is made before that")
    func rotation() async throws {
        let sealing = try SealingKey(path: scratch.path + ".key")
        let tokens = TokenIssuer(database, sealing: sealing, algorithm: .edDSA)
        for day in 0..<90 as Range<UInt64> {
            let now = Timestamp.start.plus(day * Self.day)
            let keys = try await tokens.keys(at: now)
            #expect(keys.filter { $0.signs(at: now) }.count == 1)
            #expect(keys.count <= 2)
        }
        let made = try await database.auditRecords(after: 0, of: nil, limit: 100)
            .filter { $0.action == .signingKeyMade }
        #expect(made.count == 4)
    }

    @Test(
        "What was set aside on a day ends as it would have, however long ago that day seems",
        arguments: LimitPlace.chosen
    )
    func settling(_ place: LimitPlace) async throws {
        let stores = try LimitStores(place, scratch)
        let limits = try stores.open()
        let key = try await database.key().key.id
        let voucher = Digest(words: (1, 2, 3, 4))
        _ = try await limits.reserve(
            try spending(key, 10),
            under: .none,
            boundTo: voucher,
            at: .start
        )
        // Days that are counted after it, and one that is so far ahead that it would be forgotten.
        for days in [1, 2, 500, 501, 502] as [UInt64] {
            let now = Timestamp.start.plus(days * Self.day)
            _ = try await limits.releaseUnbound(before: now)
            _ = try await limits.reserve(try spending(key, 1, at: now), under: .none, at: now)
        }
        let charge = Amount(obol: 7)
        #expect(try await limits.settle(vouchers: [(voucher, charge)]).isEmpty)
        #expect(try await limits.openReservations(limit: 10).allSatisfy { $0.voucher != voucher })
        let lines = try await limits.spending(of: key, at: .start)
        let total = try #require(lines.first { $0.slot == CounterSlot(model: nil, day: nil) })
        #expect(total.counter.settled == charge)
        let today = try #require(
            lines.first { $0.slot == CounterSlot(model: nil, day: Timestamp.start.dayUTC) }
        )
        #expect(today.counter.settled == charge && today.counter.reserved.isZero)
    }

    @Test(
        "A day's budget is not free again when the clock comes back",
        arguments: LimitPlace.chosen
    )
    func dayBudget(_ place: LimitPlace) async throws {
        let stores = try LimitStores(place, scratch)
        let limits = try stores.open()
        let rules = try budget(10, .day)
        let key = try await database.key(budgets: rules).key.id
        func spend(_ obol: UInt128, day: UInt64) async throws {
            let now = Timestamp.start.plus(day * Self.day)
            _ = try await limits.releaseUnbound(before: now)
            let made = try await limits.reserve(
                try spending(key, obol, at: now),
                under: rules,
                boundTo: Digest(words: (day, 0, 0, UInt64(obol))),
                at: now
            )
            try await limits.settle(Settlement(made.id, charge: Amount(obol: obol)))
        }
        for day in [0, 1, 401, 402] as [UInt64] { try await spend(10, day: day) }
        await #expect(throws: BudgetRefusal.self) { try await spend(1, day: 1) }
        // What is long over goes when days go by as they do.
        for day in [403, 404, 405] as [UInt64] { try await spend(10, day: day) }
        let days = try await limits.spending(
            of: [key: "x"],
            days: 0...Timestamp.start.plus(500 * Self.day).dayUTC
        ).filter { $0.model == nil }.map { UInt64($0.day) - UInt64(Timestamp.start.dayUTC) }
        #expect(!days.contains(0) && days.contains(405) && days.contains(401))
    }
}
