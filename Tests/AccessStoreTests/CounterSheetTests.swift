import AccessCore
import Foundation
import GRDB
import MarketTypes
import Testing

@testable import AccessStore

@Suite("Counters that changes of one transaction share")
struct CounterSheetTests: Sendable {
    private let scratch: Scratch
    private let keys: [APIKeyID]

    init() async throws {
        scratch = try Scratch()
        let database = try scratch.open()
        keys = [try await database.key().key.id, try await database.key().key.id]
    }

    /// The counters and reservations, row by row.
    private func rows(_ database: AccessDatabase) async throws -> [String] {
        try await database.read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM counters ORDER BY key, model, day")
                .map(\.description)
                + Row.fetchAll(db, sql: "SELECT * FROM reservations ORDER BY id")
                .map(\.description)
        }
    }

    private func empty(_ name: String) throws -> AccessDatabase {
        try AccessDatabase(path: scratch.folder.appendingPathComponent(name).path)
    }

    private enum Step: Sendable {
        case reserve(Reservation, BudgetRules)
        case end(Reservation, Amount)
    }

    private func steps(_ seed: UInt64) throws -> [Step] {
        var random = SplitMix(state: seed)
        var steps: [Step] = []
        var made: [Reservation] = []
        for _ in 0..<80 {
            if !made.isEmpty, random.next() % 5 < 2 {
                // Some end twice, and some with more than was set aside.
                let which = Int(random.next() % UInt64(made.count))
                steps.append(.end(made[which], Amount(obol: UInt128(random.next() % 14))))
                continue
            }
            let name = withUnsafeBytes(of: (random.next(), random.next())) { Array($0) }
            let reservation = Reservation(
                id: try #require(ReservationID(bytes: name)),
                request: try spending(
                    keys[Int(random.next() % 2)],
                    UInt128(random.next() % 12),
                    model: "m\(random.next() % 3)",
                    at: .start.plus(random.next() % 3 * 86_400_000)
                ),
                created: .start,
                voucher: random.next() % 4 == 0
                    ? nil : Digest(words: (random.next(), random.next(), 0, 1))
            )
            made.append(reservation)
            steps.append(.reserve(reservation, try budget(60)))
        }
        return steps
    }

    /// What a step came to: nothing, or its refusal's number.
    private static func take(_ step: Step, _ sheet: CounterSheet) throws -> UInt32 {
        do {
            switch step {
            case .reserve(let reservation, let rules):
                try sheet.reserve(reservation, under: rules)
            case .end(let reservation, let charge):
                let found = try sheet.db.row(
                    "SELECT * FROM reservations WHERE id = ?",
                    arguments: [Data(reservation.id.bytes)]
                )
                guard let found else { throw BudgetRefusal.unknownReservation }
                try sheet.end(try Reservation(found), charge: charge)
            }
            return 0
        } catch let refusal as BudgetRefusal {
            return refusal.code
        }
    }

    @Test(
        "ACC-43: steps that share a transaction come to what each by itself would",
        arguments: UInt64(1)...20
    )
    func sharedOrAlone(seed: UInt64) async throws {
        let steps = try steps(seed)
        let (together, alone) = (try empty("together.\(seed)"), try empty("alone.\(seed)"))
        let shared = try await together.write { db in
            let sheet = CounterSheet(db)
            let codes = try steps.map { try Self.take($0, sheet) }
            try sheet.write()
            return codes
        }
        var single: [UInt32] = []
        for step in steps {
            single.append(
                try await alone.write { db in
                    let sheet = CounterSheet(db)
                    let code = try Self.take(step, sheet)
                    try sheet.write()
                    return code
                }
            )
        }
        #expect(shared == single)
        #expect(try await rows(together) == rows(alone))
        #expect(Set(single).isSuperset(of: [0, BudgetRefusal.unknownReservation.code]))
    }

    @Test("A refusal leaves nothing behind, also for those that share its transaction")
    func refusals() async throws {
        let database = try scratch.open()
        let limits = SQLiteLimits(database)
        let request = try spending(keys[0], 10)
        let rules = try budget(35)
        let made = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<40 {
                group.addTask {
                    let reservation = try? await limits.reserve(
                        request,
                        under: rules,
                        boundTo: Digest(words: (UInt64(number), 3, 3, 3)),
                        at: .start
                    )
                    return reservation != nil
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(made == 3)
        let lines = try await limits.spending(of: keys[0], at: .start)
        #expect(lines.count == 4)
        #expect(lines.allSatisfy { $0.counter.reserved.obol == 30 && $0.counter.settled.isZero })
    }

    @Test("The bounds count what is new in the same transaction")
    func bounds() async throws {
        let database = try scratch.open()
        let key = keys[0]
        let codes = try await database.write { db in
            let sheet = CounterSheet(db)
            var codes: [UInt32] = []
            for number in 0..<LimitBounds.modelsPerKeyMax + 1 {
                codes.append(try Self.take(try self.reserve(key, "m\(number)", number), sheet))
            }
            for number in 0..<LimitBounds.openPerKeyMax {
                let next = try self.reserve(key, "m1", 10_000 + number)
                codes.append(try Self.take(next, sheet))
            }
            try sheet.write()
            return codes
        }
        #expect(codes.count { $0 == 0 } == LimitBounds.openPerKeyMax)
        #expect(codes[LimitBounds.modelsPerKeyMax] == BudgetRefusal.tooManyModels.code)
        #expect(codes.last == BudgetRefusal.tooManyOpen.code)
    }

    private func reserve(_ key: APIKeyID, _ model: String, _ number: Int) throws -> Step {
        let name = withUnsafeBytes(of: (UInt64(number), UInt64(1))) { Array($0) }
        return .reserve(
            Reservation(
                id: try #require(ReservationID(bytes: name)),
                request: try spending(key, 1, model: model),
                created: .start
            ),
            .none
        )
    }
}

private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
