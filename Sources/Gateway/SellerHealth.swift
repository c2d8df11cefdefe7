/// What is known of one seller's health, from the calls it answered and did not answer.
///
/// ```
/// closed ──failuresMax failures──▶ open ──cooldown──▶ half open ──success──▶ closed
///                                                         └─failure─▶ open, twice as long
/// ```
///
/// A pure value; time comes in milliseconds of any clock that does not run backwards.
struct SellerHealth: Hashable, Sendable {
    /// Whether calls are sent.
    enum Circuit: Hashable, Sendable {
        case closed
        /// No calls until then.
        case open(untilMilliseconds: UInt64)
        /// One call is on trial; if it never ends, another may be tried from then on.
        case halfOpen(trialEndsMilliseconds: UInt64)
    }

    private(set) var circuit: Circuit = .closed
    /// Failures since the last success.
    private(set) var failures: UInt32 = 0
    /// The time to the first byte, averaged with weight 1/8 for the newest (RFC 6298, section 2);
    /// nil before the first answer.
    private(set) var latencyMicroseconds: UInt64?
    private var stops: UInt32 = 0
    /// Requests that this seller alone called faulty since it last served one.
    private var refusals: UInt32 = 0
    private let limits: SellerHealthLimits

    init(limits: SellerHealthLimits) {
        self.limits = limits
    }

    /// The name used in JSON.
    var name: String {
        switch circuit {
        case .closed: "healthy"
        case .open: "down"
        case .halfOpen: "trial"
        }
    }

    /// Whether a call may be sent at `now`; asking changes nothing.
    func admits(at now: UInt64) -> Bool {
        switch circuit {
        case .closed: true
        case .open(let until): now >= until
        case .halfOpen(let trialEnds): now >= trialEnds
        }
    }

    /// Notes that a call is sent; a seller that was down is on trial from here on.
    ///
    /// A call that was decided on before the seller went down is no trial.
    mutating func began(at now: UInt64) {
        guard circuit != .closed, admits(at: now) else { return }
        circuit = .halfOpen(trialEndsMilliseconds: now + limits.cooldownMillisecondsMax)
    }

    /// Notes that the seller is there; how fast it refuses says nothing of how fast it serves.
    mutating func answered() {
        circuit = .closed
        failures = 0
        stops = 0
    }

    mutating func succeeded(afterMicroseconds latency: UInt64) {
        answered()
        refusals = 0
        let before = latencyMicroseconds ?? latency
        latencyMicroseconds = before - before / 8 + latency / 8
    }

    /// Notes that a call's client left before its seller had done anything: it was no trial.
    mutating func abandoned(at now: UInt64) {
        if case .halfOpen = circuit { circuit = .open(untilMilliseconds: now) }
    }

    /// Notes a request that this seller called faulty and another one served. It answers, so only
    /// many in a row say that it does not serve.
    mutating func refusedAlone(at now: UInt64) {
        refusals += 1
        guard refusals >= limits.failuresMax else { return }
        refusals = 0
        failures = limits.failuresMax
        failed(at: now)
    }

    /// Notes a failure. One of a call that was under way when the seller went down says no more
    /// than is known: a burst of them is one fault, not many failed trials.
    mutating func failed(at now: UInt64) {
        failures = failures == .max ? .max : failures + 1
        if case .open = circuit { return }
        guard circuit != .closed || failures >= limits.failuresMax else { return }
        let doubled = limits.cooldownMilliseconds << UInt64(min(stops, 16))
        circuit = .open(untilMilliseconds: now + min(doubled, limits.cooldownMillisecondsMax))
        stops = min(stops + 1, 16)
    }
}
