import Synchronization

/// Whether a service can do its work now: its ledger answers, its files can be written.
///
/// Whoever asks is a stranger, so the checks run at most once in a while, and by one asker at a
/// time; all others get the last answer.
public final class Readiness: Sendable {
    /// Something that must be so.
    public struct Check: Sendable {
        let name: String
        let run: @Sendable () async -> String?

        /// Describes a check.
        ///
        /// - Parameters:
        ///   - name: what is checked, in one plain word.
        ///   - run: what is wrong, in plain characters and without secrets; nil if nothing is.
        public init(_ name: String, _ run: @escaping @Sendable () async -> String?) {
            self.name = name
            self.run = run
        }
    }

    /// What came of the checks.
    public struct Answer: Hashable, Sendable {
        /// What is checked, and what is wrong with it; nil if nothing is.
        public let findings: [Finding]

        /// Whether something was looked at, and nothing is wrong.
        public var isReady: Bool {
            !findings.isEmpty && findings.allSatisfy { $0.fault == nil }
        }
    }

    /// What came of one check.
    public struct Finding: Hashable, Sendable {
        /// What is checked.
        public let name: String
        /// What is wrong.
        public let fault: String?
    }

    private struct State {
        var checks: [Check] = []
        var answer = Answer(findings: [])
        var askedAt: ContinuousClock.Instant?
        var isAsking = false
    }

    /// The most checks; more are not taken.
    public static let checksMax = 16

    private let keeps: Duration
    private let timeout: Duration
    private let state = Mutex(State())

    /// Starts without a check, and so not ready.
    ///
    /// - Parameters:
    ///   - keeps: how long an answer is good.
    ///   - timeout: how long one check may take; it has failed then.
    public init(keeps: Duration = .seconds(1), timeout: Duration = .seconds(3)) {
        self.keeps = keeps
        self.timeout = timeout
    }

    /// Adds something that must be so.
    public func add(_ check: Check) {
        state.withLock { state in
            guard state.checks.count < Self.checksMax else { return }
            state.checks.append(check)
            state.askedAt = nil
        }
    }

    /// Runs the checks, unless that was done a moment ago or is being done.
    public func answer() async -> Answer {
        let (checks, known) = state.withLock { state -> ([Check], Answer?) in
            let isFresh = state.askedAt.map { ContinuousClock.now - $0 < keeps } ?? false
            guard !isFresh, !state.isAsking else { return ([], state.answer) }
            state.isAsking = true
            return (state.checks, nil)
        }
        if let known { return known }
        var findings: [Finding] = []
        for check in checks {
            let wrong = await fault(within: timeout, check.run)
            findings.append(Finding(name: check.name, fault: wrong))
        }
        let answer = Answer(findings: findings)
        state.withLock { state in
            state.answer = answer
            state.askedAt = .now
            state.isAsking = false
        }
        return answer
    }
}
