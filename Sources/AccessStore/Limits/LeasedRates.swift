public import AccessCore
public import MarketTypes
import Synchronization

/// Takes tokens from a shared store a few ahead while somebody asks fast, so that not each request
/// waits for the store; the limit of the store holds all the same.
///
/// How many are taken ahead doubles with each time that they were used up within a quarter of a
/// second, from one to a twentieth of the burst. Whoever asks slowly takes one at a time and
/// loses none; after a fast burst at most what was taken last is lost.
public final class LeasedRates: RateStore {
    private struct Lease {
        let policy: RatePolicy
        var tokens: UInt64
        var step: UInt64
        var decision: RateDecision
        var takenAt: Timestamp
    }

    /// The most buckets that are remembered.
    static let leasesMax = 16_384
    /// The most tokens that are taken ahead.
    static let stepMax: UInt64 = 256
    /// Who comes back sooner asks fast.
    private static let fastMilliseconds: UInt64 = 250
    /// How long tokens are good for: what was taken ahead fills again in the store meanwhile.
    private static let lifeMilliseconds: UInt64 = 1_000

    private let store: any RateStore
    private let leases = Mutex<[String: Lease]>([:])

    /// Takes from this store.
    public init(_ store: any RateStore) {
        self.store = store
    }

    public func take(_ uses: [BucketUse], at now: Timestamp) async throws -> [RateDecision] {
        let (known, wanted) = leases.withLock { leases in
            if let known = Self.takeKnown(uses, &leases, at: now) {
                return (known, [BucketUse]())
            }
            return ([RateDecision](), uses.map { Self.ahead($0, leases[$0.bucket], at: now) })
        }
        if wanted.isEmpty { return known }
        let decisions = try await store.take(wanted, at: now)
        guard decisions.allSatisfy(\.isAllowed) else {
            // There may be enough for this request alone.
            return wanted == uses ? decisions : try await store.take(uses, at: now)
        }
        return leases.withLock { leases in
            if leases.count > Self.leasesMax { leases.removeAll() }
            var answers: [RateDecision] = []
            for (index, decision) in decisions.enumerated() {
                let (use, taken) = (uses[index], wanted[index])
                let old = leases[use.bucket].flatMap { Self.isGood($0, use, now) ? $0 : nil }
                let rest = taken.tokens - use.tokens + (old?.tokens ?? 0)
                leases[use.bucket] = Lease(
                    policy: use.policy,
                    tokens: rest,
                    step: taken.tokens,
                    decision: decision,
                    takenAt: now
                )
                answers.append(decision.with(further: rest))
            }
            return answers
        }
    }

    /// The answers if everything that is asked for was taken before.
    private static func takeKnown(
        _ uses: [BucketUse],
        _ leases: inout [String: Lease],
        at now: Timestamp
    ) -> [RateDecision]? {
        for use in uses {
            guard let lease = leases[use.bucket], isGood(lease, use, now),
                lease.tokens >= use.tokens
            else { return nil }
        }
        return uses.compactMap { use in
            guard var lease = leases[use.bucket] else { return nil }
            lease.tokens -= use.tokens
            leases[use.bucket] = lease
            return lease.decision.with(further: lease.tokens)
        }
    }

    private static func isGood(_ lease: Lease, _ use: BucketUse, _ now: Timestamp) -> Bool {
        lease.policy == use.policy && now >= lease.takenAt
            && now.milliseconds - lease.takenAt.milliseconds < lifeMilliseconds
    }

    private static func ahead(_ use: BucketUse, _ lease: Lease?, at now: Timestamp) -> BucketUse {
        guard let lease, isGood(lease, use, now),
            now.milliseconds - lease.takenAt.milliseconds < fastMilliseconds
        else { return use }
        let most = max(1, min(stepMax, use.policy.burst / 20))
        return BucketUse(use.bucket, use.policy, tokens: max(use.tokens, min(most, lease.step * 2)))
    }
}

extension RateDecision {
    /// The decision with tokens that were taken and are not used.
    func with(further tokens: UInt64) -> RateDecision {
        RateDecision(
            policy: policy,
            isAllowed: isAllowed,
            remaining: remaining + tokens,
            retryAfterMilliseconds: retryAfterMilliseconds,
            fullAfterMilliseconds: fullAfterMilliseconds
        )
    }
}
