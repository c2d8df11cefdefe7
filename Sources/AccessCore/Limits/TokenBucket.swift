public import MarketTypes

/// How many requests are let through: so many in a window on average, and so many at once.
public struct RatePolicy: Hashable, Sendable {
    /// The most tokens that a window or a burst may have.
    public static let tokensMax: UInt64 = 1_000_000
    /// The longest window in milliseconds: a day.
    public static let windowMillisecondsMax: UInt64 = 86_400_000

    /// What headers call it; lower-case letters.
    public let name: String
    /// How many tokens come back in a window.
    public let tokensPerWindow: UInt64
    /// The window in milliseconds.
    public let windowMilliseconds: UInt64
    /// How many tokens there can be at most: what may be used at once.
    public let burst: UInt64

    /// Makes a policy; nil if a number is zero or above its limit, or the name is unfit.
    public init?(
        _ name: String,
        tokensPerWindow: UInt64,
        windowMilliseconds: UInt64,
        burst: UInt64
    ) {
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        guard (1...32).contains(name.utf8.count), name.utf8.allSatisfy(letters.contains),
            (1...Self.tokensMax).contains(tokensPerWindow), (1...Self.tokensMax).contains(burst),
            (1...Self.windowMillisecondsMax).contains(windowMilliseconds)
        else { return nil }
        self.name = name
        self.tokensPerWindow = tokensPerWindow
        self.windowMilliseconds = windowMilliseconds
        self.burst = burst
    }

    private init(known name: String, _ tokens: UInt64, per window: UInt64, burst: UInt64) {
        self.name = name
        tokensPerWindow = tokens
        windowMilliseconds = window
        self.burst = burst
    }

    /// So many a minute, and as many at once.
    static func perMinute(_ name: String, _ tokens: UInt64, burst: UInt64) -> RatePolicy {
        RatePolicy(known: name, tokens, per: 60_000, burst: burst)
    }

    /// So many a day, and as many at once.
    static func perDay(_ name: String, _ tokens: UInt64) -> RatePolicy {
        RatePolicy(known: name, tokens, per: 86_400_000, burst: tokens)
    }

    /// In what time an empty bucket is full again.
    public var fillMilliseconds: UInt64 {
        (burst * windowMilliseconds).dividedRoundingUp(by: tokensPerWindow)
    }

    var capacity: UInt64 { burst * windowMilliseconds }
}

/// A token bucket in integers.
///
/// The level is counted in parts of a token, as many as its window has milliseconds: so a
/// millisecond brings a whole number of parts, and nothing is ever rounded away.
public struct TokenBucket: Hashable, Sendable {
    /// What is in it, in parts of a token.
    public private(set) var level: UInt64
    /// When it was last looked at.
    public private(set) var updated: Timestamp

    /// A bucket that nobody used yet.
    public init(_ policy: RatePolicy, at now: Timestamp) {
        level = policy.capacity
        updated = now
    }

    /// A bucket as it was stored.
    public init(level: UInt64, updated: Timestamp) {
        self.level = level
        self.updated = updated
    }

    /// Takes tokens if they are there; otherwise nothing is taken.
    ///
    /// A clock that goes back brings nothing and takes nothing; a bucket from more than a window
    /// ahead was written by a clock that was wrong, and counts as looked at now.
    ///
    /// - Parameter tokens: at least one; more than the burst is never there.
    public mutating func take(
        _ tokens: UInt64,
        policy: RatePolicy,
        at now: Timestamp
    ) -> RateDecision {
        refill(policy, at: now)
        let (cost, overflows) = tokens.multipliedReportingOverflow(by: policy.windowMilliseconds)
        let isAllowed = !overflows && cost <= level
        var retry: UInt64 = 0
        if isAllowed {
            level -= cost
        } else {
            let wanted = min(overflows ? policy.capacity : cost, policy.capacity)
            retry = (wanted - min(level, wanted)).dividedRoundingUp(by: policy.tokensPerWindow)
        }
        return RateDecision(
            policy: policy,
            isAllowed: isAllowed,
            remaining: level / policy.windowMilliseconds,
            retryAfterMilliseconds: isAllowed ? 0 : max(1, retry),
            fullAfterMilliseconds: (policy.capacity - level)
                .dividedRoundingUp(by: policy.tokensPerWindow)
        )
    }

    private mutating func refill(_ policy: RatePolicy, at now: Timestamp) {
        level = min(level, policy.capacity)
        let latest = now.milliseconds + policy.windowMilliseconds
        if updated.milliseconds > latest { updated = now }
        guard now > updated else { return }
        let elapsed = now.milliseconds - updated.milliseconds
        let (gain, overflows) = elapsed.multipliedReportingOverflow(by: policy.tokensPerWindow)
        let room = policy.capacity - level
        level += overflows ? room : min(gain, room)
        updated = now
    }
}

/// What a bucket answered.
public struct RateDecision: Hashable, Sendable {
    /// By which policy.
    public let policy: RatePolicy
    /// Whether the tokens were taken.
    public let isAllowed: Bool
    /// How many whole tokens are left.
    public let remaining: UInt64
    /// When it is worth asking again; exact: not a millisecond earlier. 0 if allowed.
    public let retryAfterMilliseconds: UInt64
    /// When the bucket is full again if nobody takes anything.
    public let fullAfterMilliseconds: UInt64

    /// Joins the parts.
    public init(
        policy: RatePolicy,
        isAllowed: Bool,
        remaining: UInt64,
        retryAfterMilliseconds: UInt64,
        fullAfterMilliseconds: UInt64
    ) {
        self.policy = policy
        self.isAllowed = isAllowed
        self.remaining = remaining
        self.retryAfterMilliseconds = retryAfterMilliseconds
        self.fullAfterMilliseconds = fullAfterMilliseconds
    }

    /// The fields of an answer's head: the pair of the IETF draft (10), and the three that clients
    /// in the wild read; `Retry-After` if it was refused.
    public var fields: [(name: String, value: String)] {
        let full = fullAfterMilliseconds.dividedRoundingUp(by: 1000)
        let window = policy.fillMilliseconds.dividedRoundingUp(by: 1000)
        var fields = [
            ("ratelimit-policy", "\"\(policy.name)\";q=\(policy.burst);w=\(window)"),
            ("ratelimit", "\"\(policy.name)\";r=\(remaining);t=\(full)"),
            ("ratelimit-limit", "\(policy.burst)"),
            ("ratelimit-remaining", "\(remaining)"),
            ("ratelimit-reset", "\(full)"),
        ]
        if !isAllowed {
            fields.append(("retry-after", "\(retryAfterMilliseconds.dividedRoundingUp(by: 1000))"))
        }
        return fields
    }
}

extension UInt64 {
    func dividedRoundingUp(by divisor: UInt64) -> UInt64 {
        self / divisor + (self % divisor == 0 ? 0 : 1)
    }
}
