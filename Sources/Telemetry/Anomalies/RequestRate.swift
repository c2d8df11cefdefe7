/// How often somebody asks in a minute, and whether that is unusual for them.
///
/// Of each minute that is over, with `n` requests, the mean and the variance are taken over with
/// the weight `a` (exponentially weighted, after Finch 2009):
///
/// ```
/// d = n − mean        mean += a·d        variance = (1 − a)·(variance + a·d²)
/// ```
///
/// A minute is unusual once it has more than `max(floor, mean + k·√variance)` requests. What is
/// above that limit is not learned from, so that a flood does not make itself usual in a minute;
/// who goes up slowly does become usual, which this cannot tell from growth. During the first
/// minutes after somebody was first seen nothing is unusual. Constant memory: five numbers.
public struct RequestRate: Hashable, Sendable {
    /// What is unusual.
    public struct Rules: Hashable, Sendable {
        /// The weight of the latest minute, above 0 and at most 1.
        public var weight = 0.1
        /// How many standard deviations above the mean are unusual.
        public var deviations = 6.0
        /// So many requests in a minute are never unusual.
        public var floor = 60.0
        /// For so many minutes after somebody was first seen nothing is unusual.
        public var learningMinutes: UInt64 = 10

        /// The standard rules.
        public init() {}
    }

    /// More than usual.
    public struct Alarm: Hashable, Sendable {
        /// The requests in this minute so far.
        public let count: UInt64
        /// How many would still have been usual.
        public let usualMax: UInt64
    }

    /// The most minutes without a request that are gone through one by one; after as many, the mean
    /// is as good as zero.
    private static let quietMinutesMax: UInt64 = 240

    private let firstMinute: UInt64
    private var minute: UInt64
    private var count: UInt64 = 0
    private var mean = 0.0
    private var variance = 0.0
    private var isAlarmed = false

    /// Starts with somebody's first request, in a minute since 1970.
    public init(firstMinute: UInt64) {
        self.firstMinute = firstMinute
        minute = firstMinute
    }

    /// The latest minute with a request.
    public var latestMinute: UInt64 { minute }

    /// Notes a request; at most one alarm a minute.
    ///
    /// A clock that went back stays in the minute in which it was.
    public mutating func note(minute now: UInt64, rules: Rules) -> Alarm? {
        if now > minute { advance(to: now, rules) }
        count += 1
        let limit = limit(rules)
        guard !isAlarmed, minute - firstMinute >= rules.learningMinutes,
            Double(count) > limit
        else { return nil }
        isAlarmed = true
        return Alarm(count: count, usualMax: UInt64(limit))
    }

    /// The most requests that are usual in a minute.
    public func limit(_ rules: Rules) -> Double {
        max(rules.floor, mean + rules.deviations * variance.squareRoot())
    }

    private mutating func advance(to now: UInt64, _ rules: Rules) {
        learn(min(Double(count), limit(rules)), rules)
        for _ in 0..<min(now - minute - 1, Self.quietMinutesMax) { learn(0, rules) }
        minute = now
        count = 0
        isAlarmed = false
    }

    private mutating func learn(_ count: Double, _ rules: Rules) {
        let difference = count - mean
        mean += rules.weight * difference
        variance =
            (1 - rules.weight) * (variance + rules.weight * difference * difference)
    }
}
