import CanonicalCoding
import LedgerCore
import MarketTypes
import SettlementCore
import Testing

@testable import Provider

@Suite("When to claim")
struct PlannerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let unclaimed: UInt64
        var earned: UInt64 = 1000
        var isServing = false
        var status = Channel.Status.open
        var waitedSeconds: UInt64 = 0
        var isShuttingDown = false
        /// Nil for nothing, otherwise whether the channel is released.
        let release: Bool?
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "nothing owed", unclaimed: 0, release: nil),
        Case(name: "little owed", unclaimed: 99, release: nil),
        Case(name: "enough owed", unclaimed: 100, release: false),
        Case(name: "little owed, not for long", unclaimed: 1, waitedSeconds: 59, release: nil),
        Case(name: "little owed for long", unclaimed: 1, waitedSeconds: 60, release: false),
        Case(name: "nothing owed for long", unclaimed: 0, waitedSeconds: 60, release: nil),
        Case(name: "shutdown with a debt", unclaimed: 1, isShuttingDown: true, release: false),
        Case(name: "shutdown without", unclaimed: 0, isShuttingDown: true, release: nil),
        Case(name: "closing", unclaimed: 1, status: closing(500), release: true),
        Case(name: "closing, all paid", unclaimed: 0, status: closing(500), release: true),
        Case(
            name: "closing, never used",
            unclaimed: 0,
            earned: 0,
            status: closing(500),
            release: nil
        ),
        Case(
            name: "closing with a call in progress",
            unclaimed: 1,
            isServing: true,
            status: closing(500),
            release: nil
        ),
        Case(
            name: "closing with a call in progress for a while",
            unclaimed: 1,
            isServing: true,
            status: closing(500),
            waitedSeconds: 5,
            release: false
        ),
        Case(
            name: "closing soon with a call in progress",
            unclaimed: 1,
            isServing: true,
            status: closing(110),
            release: false
        ),
        Case(
            name: "closing with a call in progress, all paid",
            unclaimed: 0,
            isServing: true,
            status: closing(500),
            release: nil
        ),
        Case(
            name: "past its closing",
            unclaimed: 1,
            isServing: true,
            status: closing(50),
            release: nil
        ),
        Case(name: "past its closing, at rest", unclaimed: 1, status: closing(51), release: nil),
        Case(name: "closed", unclaimed: 1000, status: .closed, release: nil),
    ]

    private static func closing(_ height: UInt64) -> Channel.Status {
        .closing(at: BlockHeight(height))
    }

    static let channel = ChannelID(.zero)

    @Test("an issued unit is claimed by its own amount, or by time alone: STOA's does not count")
    func units() {
        let euro = Digest(sha256: [1])
        func standing(_ unclaimed: UInt64, _ denomination: Denomination) -> ClaimPlanner.Standing {
            ClaimPlanner.Standing(
                channel: Self.channel,
                denomination: denomination,
                unclaimed: Amount(obol: UInt128(unclaimed)),
                earned: Amount(obol: UInt128(unclaimed)),
                isServing: false,
                status: .open
            )
        }
        var policy = policy()
        policy.unitAmounts[euro.description] = Amount(obol: 7)
        var planner = ClaimPlanner(policy)
        #expect(planner.plan([standing(6, .issued(euro))], at: moment(0)).isEmpty)
        #expect(planner.plan([standing(7, .issued(euro))], at: moment(0)).count == 1)
        let other = Denomination.issued(Digest(sha256: [2]))
        var second = ClaimPlanner(policy)
        #expect(second.plan([standing(1_000_000, other)], at: moment(0)).isEmpty)
        #expect(second.plan([standing(1_000_000, other)], at: moment(60)).count == 1)
    }

    private func policy() -> ClaimPolicy {
        var policy = ClaimPolicy()
        policy.amount = Amount(obol: 100)
        policy.intervalSeconds = 60
        return policy
    }

    private func standing(_ item: Case) -> ClaimPlanner.Standing {
        ClaimPlanner.Standing(
            channel: Self.channel,
            unclaimed: Amount(obol: UInt128(item.unclaimed)),
            earned: Amount(obol: UInt128(item.earned)),
            isServing: item.isServing,
            status: item.status
        )
    }

    private func moment(_ seconds: UInt64, isShuttingDown: Bool = false) -> ClaimPlanner.Moment {
        ClaimPlanner.Moment(
            milliseconds: 1_000_000 + seconds * 1000,
            height: BlockHeight(50),
            isShuttingDown: isShuttingDown
        )
    }

    @Test("the plan follows the policy", arguments: cases)
    func decides(_ item: Case) {
        var planner = ClaimPlanner(policy())
        var standing = standing(item)
        if item.waitedSeconds > 0 {
            _ = planner.plan([standing], at: moment(0))
        }
        let steps = planner.plan(
            [standing],
            at: moment(item.waitedSeconds, isShuttingDown: item.isShuttingDown)
        )
        let expected = item.release.map {
            [ClaimPlanner.Step(channel: Self.channel, release: $0)]
        }
        #expect(steps == expected ?? [])
        standing = self.standing(Case(name: "", unclaimed: 0, release: nil))
        #expect(planner.plan([standing], at: moment(1000)).isEmpty)
    }

    @Test("after a refusal the planner pauses, longer each time, up to an hour")
    func pauses() {
        var planner = ClaimPlanner(policy())
        let owed = standing(Case(name: "", unclaimed: 1000, release: nil))
        var now: UInt64 = 0
        var pauses: [UInt64] = []
        for _ in 0..<12 {
            let millisecond = 1_000_000 + now * 1000
            planner.failed(Self.channel, wasCharged: true, atMilliseconds: millisecond)
            let start = now
            while planner.plan([owed], at: moment(now)).isEmpty { now += 1 }
            pauses.append(now - start)
        }
        #expect(pauses.prefix(4) == [10, 20, 40, 80])
        #expect(pauses.last == 3600)
        planner.paid(Self.channel)
        #expect(!planner.plan([owed], at: moment(now)).isEmpty)
    }

    @Test("what cost nothing is tried again soon, and while a channel closes all is")
    func shortPauses() {
        var planner = ClaimPlanner(policy())
        let owed = standing(Case(name: "", unclaimed: 1000, release: nil))
        for _ in 0..<9 {
            planner.failed(Self.channel, wasCharged: false, atMilliseconds: 1_000_000)
        }
        #expect(planner.plan([owed], at: moment(4)).isEmpty)
        #expect(!planner.plan([owed], at: moment(5)).isEmpty)
        for _ in 0..<9 {
            planner.failed(Self.channel, wasCharged: true, atMilliseconds: 1_000_000)
        }
        let closing = standing(
            Case(name: "", unclaimed: 1000, status: Self.closing(500), release: nil)
        )
        #expect(planner.plan([owed], at: moment(100)).isEmpty)
        #expect(planner.plan([closing], at: moment(59)).isEmpty)
        #expect(!planner.plan([closing], at: moment(60)).isEmpty)
    }

    @Test("claims share transactions up to their limits")
    func batches() async throws {
        let market = try await Market.make(lanes: 4)
        var random = SplitMix64(seed: 3)
        var history = try BookHistory(market, steps: 40, random: &random).book
        try history.apply(.claimBegun(market.channel))
        let draft = try #require(history.accounts[market.channel]?.claim)
        let one = PreparedClaim(draft, release: false)
        #expect(PreparedClaim.batches([]).isEmpty)
        let batches = PreparedClaim.batches(Array(repeating: one, count: 70))
        #expect(batches.map(\.count) == [32, 32, 6])
    }
}

@Suite("The circuit breaker")
struct CircuitBreakerTests {
    private func breaker() -> CircuitBreaker {
        var limits = CircuitBreakerLimits()
        limits.failuresToOpen = 3
        limits.openSeconds = 10
        limits.probe = 2
        return CircuitBreaker(limits)
    }

    private func opened() -> CircuitBreaker {
        var breaker = breaker()
        for _ in 0..<3 { breaker.failed(.pass, atMilliseconds: 1000) }
        return breaker
    }

    @Test("it stays closed while failures do not come in a row")
    func closed() {
        var breaker = breaker()
        for _ in 0..<10 {
            breaker.failed(.pass, atMilliseconds: 0)
            breaker.failed(.pass, atMilliseconds: 0)
            breaker.succeeded(.pass)
        }
        #expect(breaker.admit(atMilliseconds: 0) == .pass)
        #expect(!breaker.isOpen(atMilliseconds: 0))
    }

    @Test("it opens after enough failures, and says for how long")
    func opens() {
        var breaker = opened()
        #expect(breaker.isOpen(atMilliseconds: 10_999))
        #expect(
            breaker.admit(atMilliseconds: 4000) == .refused(retryAfterMilliseconds: 7000)
        )
        #expect(
            breaker.admit(atMilliseconds: 10_999) == .refused(retryAfterMilliseconds: 1)
        )
    }

    @Test("then it lets a few probes through, and no more")
    func probes() {
        var breaker = opened()
        #expect(breaker.admit(atMilliseconds: 11_000) == .probe)
        #expect(breaker.admit(atMilliseconds: 11_000) == .probe)
        #expect(
            breaker.admit(atMilliseconds: 11_000) == .refused(retryAfterMilliseconds: 1000)
        )
        breaker.abandoned(.probe)
        #expect(breaker.admit(atMilliseconds: 11_000) == .probe)
    }

    @Test("a probe that succeeds closes it, one that fails opens it again")
    func decides() {
        var good = opened()
        _ = good.admit(atMilliseconds: 11_000)
        good.succeeded(.probe)
        #expect(good.admit(atMilliseconds: 11_000) == .pass)
        var bad = opened()
        _ = bad.admit(atMilliseconds: 11_000)
        bad.failed(.probe, atMilliseconds: 12_000)
        #expect(bad.admit(atMilliseconds: 21_999) == .refused(retryAfterMilliseconds: 1))
        #expect(bad.admit(atMilliseconds: 22_000) == .probe)
    }

    @Test("calls from before it opened change nothing")
    func late() {
        var breaker = opened()
        breaker.succeeded(.pass)
        breaker.failed(.pass, atMilliseconds: 9000)
        breaker.abandoned(.pass)
        #expect(breaker.admit(atMilliseconds: 11_000) == .probe)
        breaker.succeeded(.pass)
        breaker.failed(.pass, atMilliseconds: 11_000)
        #expect(breaker.admit(atMilliseconds: 11_000) == .probe)
    }
}
