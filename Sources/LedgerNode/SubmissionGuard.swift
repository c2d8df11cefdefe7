import NIOCore
import Synchronization

/// Slows down whoever sends transactions that are refused for nothing (promise P9).
///
/// Checking a signature costs the node more than making up a wrong one costs a stranger, and a
/// transaction that cannot enter a block pays no fee. So each source has a number of refusals to
/// spend, which grows back; without one left it waits before it is told so, and many that wait
/// are told at once. A source is an address, in IPv6 its network of 64 bits, because a stranger
/// has many addresses of one network for nothing.
final class SubmissionGuard: Sendable {
    /// How much a source may be refused.
    struct Limits: Sendable {
        /// The most refusals at once.
        var refusalsMax = 64
        /// How many grow back in a second.
        var refusalsPerSecond = 8
        /// How many sources are remembered; then the one that was quiet longest is forgotten.
        var sourcesMax = 4096
        /// The most requests that are made to wait at a time.
        var waitingMax = 256
        /// How long they wait.
        var wait: Duration = .seconds(1)
    }

    enum Verdict: Hashable {
        case pass
        /// Wait, then refuse.
        case wait
        /// Refuse at once.
        case refuse
    }

    private struct Source {
        var milliRefusalsLeft: Int
        var seenAt: ContinuousClock.Instant
    }

    private struct State {
        var sources: [String: Source] = [:]
        var waiting = 0
    }

    let limits: Limits
    private let state = Mutex(State())

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// What to do with a submission; after ``Verdict/wait`` call ``endWaiting()``.
    func verdict(on source: String, at now: ContinuousClock.Instant = .now) -> Verdict {
        state.withLock { state in
            guard let known = state.sources[source],
                refill(known, at: now).milliRefusalsLeft < 1000
            else { return .pass }
            guard state.waiting < limits.waitingMax else { return .refuse }
            state.waiting += 1
            return .wait
        }
    }

    func endWaiting() {
        state.withLock { $0.waiting -= 1 }
    }

    /// Notes that a submission of `source` was refused without a fee.
    func refused(_ source: String, at now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            let fresh = Source(milliRefusalsLeft: limits.refusalsMax * 1000, seenAt: now)
            var entry = state.sources[source].map { refill($0, at: now) } ?? fresh
            entry.milliRefusalsLeft = max(0, entry.milliRefusalsLeft - 1000)
            if state.sources[source] == nil, state.sources.count >= limits.sourcesMax,
                let quiet = state.sources.min(by: { $0.value.seenAt < $1.value.seenAt })
            {
                state.sources[quiet.key] = nil
            }
            state.sources[source] = entry
        }
    }

    private func refill(_ source: Source, at now: ContinuousClock.Instant) -> Source {
        let passed = (now - source.seenAt).components
        let (full, second) = (limits.refusalsMax * 1000, Int64(1_000_000_000_000_000))
        guard passed.seconds < Int64(limits.refusalsMax) else {
            return Source(milliRefusalsLeft: full, seenAt: now)
        }
        let milliseconds = Int(passed.seconds) * 1000 + Int(passed.attoseconds / (second))
        let grown = milliseconds * limits.refusalsPerSecond
        // What is less than a whole step stays in the clock.
        guard grown > 0 else { return source }
        return Source(milliRefusalsLeft: min(full, source.milliRefusalsLeft + grown), seenAt: now)
    }

    /// The name of a source by its address.
    static func source(of address: SocketAddress?) -> String {
        switch address {
        case .v6(let address):
            // Family, port and flow take the first 8 bytes, the network the next 8 (RFC 3493).
            withUnsafeBytes(of: address.address) { bytes in
                "6:" + bytes[8..<16].map { String($0, radix: 16) }.joined(separator: ".")
            }
        case .v4?: address?.ipAddress ?? "?"
        default: "local"
        }
    }
}
