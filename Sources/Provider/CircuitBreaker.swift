/// Whether an upstream is worth calling: a pure value that is told the time.
///
/// ```
/// closed ──failures in a row──▶ open ──time passes──▶ half open ──success──▶ closed
///                                 ▲─────────failure──────┘
/// ```
struct CircuitBreaker: Hashable, Sendable {
    /// Whether a call may begin.
    enum Admission: Hashable, Sendable {
        /// It may, as any other.
        case pass
        /// It may, to find out whether the upstream is back.
        case probe
        /// It may not, for this many milliseconds at least.
        case refused(retryAfterMilliseconds: UInt64)
    }

    private enum State: Hashable {
        case closed(failures: Int)
        case open(untilMilliseconds: UInt64)
        case halfOpen(probes: Int)
    }

    private let limits: CircuitBreakerLimits
    private var state = State.closed(failures: 0)

    init(_ limits: CircuitBreakerLimits) {
        self.limits = limits
    }

    /// Whether calls are being refused at this moment.
    func isOpen(atMilliseconds now: UInt64) -> Bool {
        if case .open(let until) = state { now < until } else { false }
    }

    /// Asks for one call; a call that may begin must be answered by one of the methods below.
    mutating func admit(atMilliseconds now: UInt64) -> Admission {
        switch state {
        case .closed: return .pass
        case .open(let until):
            guard now >= until else { return .refused(retryAfterMilliseconds: until - now) }
            state = .halfOpen(probes: 1)
            return .probe
        case .halfOpen(let probes):
            guard probes < limits.probe else {
                return .refused(retryAfterMilliseconds: 1000)
            }
            state = .halfOpen(probes: probes + 1)
            return .probe
        }
    }

    /// The upstream answered.
    mutating func succeeded(_ admission: Admission) {
        switch (state, admission) {
        case (.closed, _), (.halfOpen, .probe): state = .closed(failures: 0)
        case (.open, _), (.halfOpen, _): break  // a call of before the failures says nothing now
        }
    }

    /// The upstream failed.
    mutating func failed(_ admission: Admission, atMilliseconds now: UInt64) {
        let until = now + UInt64(limits.openSeconds) * 1000
        switch (state, admission) {
        case (.closed(let failures), _):
            let count = failures + 1
            state =
                count >= limits.failuresToOpen
                ? .open(untilMilliseconds: until) : .closed(failures: count)
        case (.halfOpen, .probe): state = .open(untilMilliseconds: until)
        case (.open, _), (.halfOpen, _): break
        }
    }

    /// The call ended without saying anything about the upstream.
    mutating func abandoned(_ admission: Admission) {
        guard case .halfOpen(let probes) = state, admission == .probe else { return }
        state = .halfOpen(probes: max(0, probes - 1))
    }
}
