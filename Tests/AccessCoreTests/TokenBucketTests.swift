import MarketTypes
import Testing

@testable import AccessCore

@Suite("ACC-30 to ACC-33: rates")
struct TokenBucketTests {
    private func at(_ milliseconds: UInt64) -> Timestamp {
        Timestamp.start.adding(milliseconds: milliseconds)
    }

    @Test("a policy of zero, or above its limits, is none")
    func policies() {
        #expect(RatePolicy("a", tokensPerWindow: 0, windowMilliseconds: 1, burst: 1) == nil)
        #expect(RatePolicy("a", tokensPerWindow: 1, windowMilliseconds: 0, burst: 1) == nil)
        #expect(RatePolicy("a", tokensPerWindow: 1, windowMilliseconds: 1, burst: 0) == nil)
        #expect(RatePolicy("A;b", tokensPerWindow: 1, windowMilliseconds: 1, burst: 1) == nil)
        #expect(
            RatePolicy(
                "a",
                tokensPerWindow: RatePolicy.tokensMax + 1,
                windowMilliseconds: 1,
                burst: 1
            ) == nil
        )
    }

    @Test("ACC-31: retrying a millisecond early is refused, at the moment it was told is not")
    func retryIsExact() throws {
        for (tokens, window, burst) in [
            (7, 1_000, 3), (1, 60_000, 1), (120, 60_000, 60), (999_983, 86_400_000, 5),
            (3, 86_400_000, 2),
        ] as [(UInt64, UInt64, UInt64)] {
            let policy = try #require(
                RatePolicy("a", tokensPerWindow: tokens, windowMilliseconds: window, burst: burst)
            )
            var bucket = TokenBucket(policy, at: at(0))
            for _ in 0..<burst { #expect(bucket.take(1, policy: policy, at: at(0)).isAllowed) }
            let refused = bucket.take(1, policy: policy, at: at(0))
            #expect(!refused.isAllowed && refused.remaining == 0)
            let wait = refused.retryAfterMilliseconds
            var early = bucket
            if wait > 1 { #expect(!early.take(1, policy: policy, at: at(wait - 1)).isAllowed) }
            #expect(bucket.take(1, policy: policy, at: at(wait)).isAllowed)
        }
    }

    @Test(
        "ACC-30: over any time, never more than the burst and the rate; and no drift",
        arguments: UInt64(0)..<16
    )
    func neverMore(seed: UInt64) throws {
        var state = seed &* 1_000_003
        let policy = try #require(
            RatePolicy("a", tokensPerWindow: 7, windowMilliseconds: 1_000, burst: 10)
        )
        var bucket = TokenBucket(policy, at: at(0))
        var (now, taken) = (UInt64(0), UInt64(0))
        // A full bucket gains nothing before somebody first asks.
        var firstAsked: UInt64?
        for _ in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            now += state >> 60
            firstAsked = firstAsked ?? now
            if bucket.take(1, policy: policy, at: at(now)).isAllowed { taken += 1 }
            #expect(taken * 1_000 <= 10 * 1_000 + now * 7, "seed \(seed)")
        }
        // Asked all the time, it gives all that there is: nothing was rounded away.
        let since = now - (firstAsked ?? 0)
        #expect((taken + 1) * 1_000 > 10 * 1_000 + since * 7, "seed \(seed)")
    }

    @Test("ACC-32: a clock that goes back gives nothing, one that was far ahead locks nobody out")
    func clocks() throws {
        let policy = try #require(
            RatePolicy("a", tokensPerWindow: 1, windowMilliseconds: 1_000, burst: 1)
        )
        var bucket = TokenBucket(policy, at: at(10_000))
        #expect(bucket.take(1, policy: policy, at: at(10_000)).isAllowed)
        #expect(!bucket.take(1, policy: policy, at: at(9_500)).isAllowed)
        #expect(!bucket.take(1, policy: policy, at: at(10_400)).isAllowed)
        #expect(bucket.take(1, policy: policy, at: at(11_000)).isAllowed)
        var ahead = TokenBucket(level: 0, updated: at(1_000_000))
        #expect(!ahead.take(1, policy: policy, at: at(0)).isAllowed)
        #expect(ahead.take(1, policy: policy, at: at(1_000)).isAllowed)
        var last = TokenBucket(level: 0, updated: at(0))
        #expect(last.take(1, policy: policy, at: Timestamp(milliseconds: .max / 2)).isAllowed)
        #expect(!last.take(.max, policy: policy, at: Timestamp(milliseconds: .max / 2)).isAllowed)
    }

    @Test("ACC-33: the fields of the head say what the bucket says")
    func fields() throws {
        let policy = try #require(
            RatePolicy("key", tokensPerWindow: 100, windowMilliseconds: 60_000, burst: 50)
        )
        var bucket = TokenBucket(policy, at: at(0))
        let allowed = bucket.take(1, policy: policy, at: at(0)).fields
        let texts = allowed.map { "\($0.name): \($0.value)" }
        #expect(
            texts == [
                "ratelimit-policy: \"key\";q=50;w=30", "ratelimit: \"key\";r=49;t=1",
                "ratelimit-limit: 50", "ratelimit-remaining: 49", "ratelimit-reset: 1",
            ]
        )
        for _ in 0..<49 { _ = bucket.take(1, policy: policy, at: at(0)) }
        let refused = bucket.take(1, policy: policy, at: at(0)).fields
        #expect(refused.last?.name == "retry-after" && refused.last?.value == "1")
    }
}
