import AccessCore
import AccessStore
import MarketTypes
import Testing

@Suite("AccessStore: tokens taken ahead", .timeLimit(.minutes(2)))
struct LeasedRateTests {
    let scratch: Scratch
    let store: SQLiteLimits

    init() throws {
        scratch = try Scratch()
        store = SQLiteLimits(try scratch.open())
    }

    private func use(_ burst: UInt64, _ name: String = "k") throws -> BucketUse {
        let policy = RatePolicy(
            "key",
            tokensPerWindow: 60,
            windowMilliseconds: 60_000,
            burst: burst
        )
        return BucketUse(name, try #require(policy))
    }

    @Test("ACC-33: two doors on one store let through what the store has, and no more")
    func together() async throws {
        let use = try use(1_000)
        let doors = [LeasedRates(store), LeasedRates(store)]
        let allowed = try await withThrowingTaskGroup(of: Int.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    var count = 0
                    for _ in 0..<300 {
                        let last = try await doors[worker % 2].take([use], at: .start).last
                        if last?.isAllowed == true { count += 1 }
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(allowed <= 1_000)
        // What one door took ahead and did not need is at most a twentieth of the burst.
        #expect(allowed >= 900)
    }

    @Test("whoever asks slowly takes one at a time and loses none")
    func slow() async throws {
        let (use, rates) = (try use(20), LeasedRates(store))
        var time = Timestamp.start
        for left in stride(from: UInt64(19), through: 0, by: -1) {
            let decision = try #require(try await rates.take([use], at: time).last)
            // A token comes back each second, and 300 ms pass.
            #expect(decision.isAllowed && decision.remaining >= left)
            time = time.adding(milliseconds: 300)
        }
    }

    @Test("what is refused is refused by the store, with its own time to wait")
    func refusal() async throws {
        let (use, rates) = (try use(100), LeasedRates(store))
        var count = 0
        while let decision = try await rates.take([use], at: .start).last, decision.isAllowed {
            count += 1
        }
        #expect(count == 100, "one door alone gets all there is")
        let refused = try #require(try await rates.take([use], at: .start).last)
        #expect(!refused.isAllowed && refused.retryAfterMilliseconds == 1_000)
        let other = try #require(try await rates.take([try self.use(100, "l")], at: .start).last)
        #expect(other.isAllowed)
    }

    @Test("if one bucket of two has too little, nothing is taken from the other")
    func allOrNone() async throws {
        let (small, large) = (try use(1, "small"), try use(100, "large"))
        let rates = LeasedRates(store)
        #expect(try await rates.take([large, small], at: .start).last?.isAllowed == true)
        for _ in 0..<5 {
            #expect(try await rates.take([large, small], at: .start).last?.isAllowed == false)
        }
        let left = try #require(try await store.take([large], at: .start).last)
        #expect(left.remaining == 98)
    }
}
