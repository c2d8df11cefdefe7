import NIOCore
import Testing

@testable import LedgerNode

/// P9: whoever sends what is refused for nothing gets slower, and nobody else does.
@Suite("Submission guard")
struct SubmissionGuardTests {
    private let start = ContinuousClock.now

    private func small() -> SubmissionGuard {
        var limits = SubmissionGuard.Limits()
        limits.refusalsMax = 3
        limits.refusalsPerSecond = 2
        limits.sourcesMax = 2
        limits.waitingMax = 1
        return SubmissionGuard(limits: limits)
    }

    @Test("a source that was refused too often waits, and another does not")
    func slowsDown() {
        let submissions = small()
        for _ in 0..<3 {
            #expect(submissions.verdict(on: "a", at: start) == .pass)
            submissions.refused("a", at: start)
        }
        #expect(submissions.verdict(on: "a", at: start) == .wait)
        #expect(submissions.verdict(on: "b", at: start) == .pass)
        #expect(submissions.verdict(on: "a", at: start) == .refuse, "one waits already")
        submissions.endWaiting()
        #expect(submissions.verdict(on: "a", at: start) == .wait)
    }

    @Test("refusals grow back with time, up to the limit")
    func growsBack() {
        let submissions = small()
        for _ in 0..<3 { submissions.refused("a", at: start) }
        #expect(submissions.verdict(on: "a", at: start + .milliseconds(499)) == .wait)
        submissions.endWaiting()
        #expect(submissions.verdict(on: "a", at: start + .milliseconds(500)) == .pass)
        for _ in 0..<3 { submissions.refused("a", at: start + .seconds(100)) }
        #expect(submissions.verdict(on: "a", at: start + .seconds(100)) == .wait, "no more than 3")
    }

    @Test("small steps of time are not lost")
    func smallSteps() {
        let submissions = small()
        var now = start
        for _ in 0..<3 { submissions.refused("a", at: now) }
        for _ in 0..<10_000 {
            now += .microseconds(100)
            submissions.refused("a", at: now)
            submissions.refused("a", at: now)
        }
        // Two a second grow back and 20,000 a second are spent: none is left.
        #expect(submissions.verdict(on: "a", at: now) == .wait)
    }

    @Test("the source that was quiet longest is forgotten when there are too many")
    func bounded() {
        let submissions = small()
        for _ in 0..<3 { submissions.refused("a", at: start) }
        submissions.refused("b", at: start + .milliseconds(1))
        submissions.refused("c", at: start + .milliseconds(2))
        #expect(submissions.verdict(on: "a", at: start + .milliseconds(3)) == .pass)
    }

    @Test("addresses of one IPv6 network are one source")
    func sources() throws {
        let first = try SocketAddress(ipAddress: "2001:db8::1", port: 1)
        let second = try SocketAddress(ipAddress: "2001:db8::ffff:2", port: 2)
        let other = try SocketAddress(ipAddress: "2001:db8:0:1::1", port: 1)
        #expect(SubmissionGuard.source(of: first) == SubmissionGuard.source(of: second))
        #expect(SubmissionGuard.source(of: first) != SubmissionGuard.source(of: other))
        let four = try SocketAddress(ipAddress: "192.0.2.1", port: 1)
        #expect(SubmissionGuard.source(of: four) == "192.0.2.1")
    }
}
