import AccessCore
import AccessStore
import Foundation
import MarketTypes

/// Reserves, binds and settles as fast as it can, and says so line by line: a gateway's worth of
/// calls, for tests that kill it, or run two of it against one limit.
///
/// `limit-hammer <store> <key> <budget> <amount> <calls> <lanes> <bucket tokens>`, where the store
/// is a SQLite file or a `postgres:` address.
@main
struct Hammer {
    static func main() async throws {
        let words = Array(CommandLine.arguments.dropFirst())
        guard words.count == 7, let key = APIKeyID(text: words[1]),
            let numbers = Numbers(words[2...])
        else {
            FileHandle.standardError.write(Data("wrong usage\n".utf8))
            exit(64)
        }
        let hammer = Hammer(store: try store(words[0]), key: key, numbers: numbers)
        await withTaskGroup(of: Void.self) { group in
            for lane in 0..<numbers.lanes {
                group.addTask { await hammer.run(lane) }
            }
        }
        say("done")
    }

    struct Numbers {
        let budget, amount: UInt128
        let calls, lanes: Int
        let tokens: UInt64

        init?(_ words: ArraySlice<String>) {
            let words = Array(words)
            guard let budget = UInt128(words[0]), let amount = UInt128(words[1]),
                let calls = Int(words[2]), let lanes = Int(words[3]),
                let tokens = UInt64(words[4])
            else { return nil }
            self.budget = budget
            self.amount = amount
            self.calls = calls
            self.lanes = lanes
            self.tokens = tokens
        }
    }

    let store: any LimitStore
    let key: APIKeyID
    let numbers: Numbers

    private static func store(_ text: String) throws -> any LimitStore {
        if let address = PostgresAddress(text) { return PostgresLimits(address) }
        return SQLiteLimits(try AccessDatabase(path: text))
    }

    private func run(_ lane: Int) async {
        let rule = BudgetRule(
            window: .total,
            limit: Amount(obol: numbers.budget),
            denomination: .native
        )
        let policy = RatePolicy(
            "hammer",
            tokensPerWindow: 1,
            windowMilliseconds: RatePolicy.windowMillisecondsMax,
            burst: max(1, numbers.tokens)
        )
        guard let rule, let rules = BudgetRules([rule]), let policy else { return }
        for call in 0..<numbers.calls {
            do {
                try await self.call(lane, call, rules, policy)
            } catch let refusal as BudgetRefusal {
                Self.say("refused \(refusal.code)")
            } catch {
                Self.say("failed \(error)")
                exit(1)
            }
        }
    }

    private func call(
        _ lane: Int,
        _ number: Int,
        _ rules: BudgetRules,
        _ policy: RatePolicy
    ) async throws {
        let now = Timestamp(milliseconds: UInt64(Date().timeIntervalSince1970 * 1000))
        if numbers.tokens > 0 {
            let answers = try await store.take([BucketUse("hammer", policy)], at: now)
            guard answers.last?.isAllowed == true else { return Self.say("limited") }
            Self.say("taken")
        }
        let request = SpendingRequest(
            key: key,
            model: "m\(lane % 4)",
            amount: Amount(obol: numbers.amount),
            denomination: .native,
            at: now
        )
        guard let request else { return }
        let reservation = try await store.reserve(request, under: rules, at: now)
        Self.say("reserved \(reservation.id)")
        try await store.bind(
            reservation.id,
            to: Digest(words: (UInt64(lane), UInt64(number), UInt64.random(in: 0 ... .max), 1))
        )
        Self.say("bound \(reservation.id)")
        // Every other call is charged for half.
        let charge = number % 2 == 0 ? numbers.amount / 2 : numbers.amount
        try await store.settle(Settlement(reservation.id, charge: Amount(obol: charge)))
        Self.say("settled \(charge)")
    }

    /// One line at once, so that none is lost or mixed when the process is killed.
    private static func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = write(STDOUT_FILENO, bytes, bytes.count)
    }
}
