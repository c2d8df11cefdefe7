import Foundation
import Logging
import MarketTypes
import Probes
import ServiceLifecycle
import Synchronization
import Telemetry
import Testing

@Suite("Probes", .timeLimit(.minutes(1)))
struct ProbeTests {
    private let path = NSTemporaryDirectory() + "/probes-\(UInt64.random(in: 0 ... .max)).sqlite"
    private static let start: UInt64 = 1_800_000_000_000

    private func minute(_ minute: UInt64) -> Timestamp {
        Timestamp(milliseconds: Self.start + minute * 60_000)
    }

    @Test("one fault is no incident, two are one that began with the first")
    func incidents() async throws {
        let history = try ProbeHistory(path: path)
        for (at, fault) in [nil, "a", nil, "b", "c", "d", nil].enumerated() {
            try await history.note("ledger", fault: fault, milliseconds: 1, at: minute(UInt64(at)))
        }
        let found = try await history.incidents(limit: 10)
        #expect(found.map(\.fault) == ["c"])
        #expect(found.map(\.began) == [minute(3)])
        #expect(found.map(\.ended) == [minute(6)])
        let summary = try #require(try await history.summaries(at: minute(7)).first)
        #expect(summary.isGood && summary.day == ProbeCount(looks: 7, good: 3))
        #expect(summary.day.goodOfTenThousand == 4285)
    }

    @Test("an incident that goes on has no end, and others have their own")
    func open() async throws {
        let history = try ProbeHistory(path: path)
        for at in UInt64(0)..<3 {
            try await history.note("ledger", fault: "x", milliseconds: 1, at: minute(at))
            try await history.note("door", fault: nil, milliseconds: 1, at: minute(at))
        }
        let found = try await history.incidents(limit: 10)
        #expect(found.map(\.name) == ["ledger"] && found.first?.ended == nil)
        let summaries = try await history.summaries(at: minute(3))
        #expect(summaries.map(\.name) == ["door", "ledger"])
        #expect(summaries.map(\.isGood) == [true, false])
    }

    @Test("a time without a look is an incident of the market, once")
    func gap() async throws {
        let history = try ProbeHistory(path: path)
        for name in ["door", "ledger"] {
            try await history.note(name, fault: nil, milliseconds: 1, at: minute(0))
        }
        for name in ["door", "ledger"] {
            try await history.note(name, fault: nil, milliseconds: 1, at: minute(60))
        }
        let found = try await history.incidents(limit: 10)
        #expect(found.map(\.name) == [ProbeHistory.marketName])
        #expect(found.first?.began == minute(0) && found.first?.ended == minute(60))
    }

    @Test("P9: ninety days are kept, and a thousand incidents")
    func bounded() async throws {
        let history = try ProbeHistory(path: path)
        try await history.note("a", fault: "old", milliseconds: 1, at: minute(0))
        for at in 1...5 where at != 3 {
            let fault = at < 3 ? "old" : nil
            try await history.note("a", fault: fault, milliseconds: 1, at: minute(UInt64(at)))
        }
        #expect(try await history.incidents(limit: 10).count == 1)
        let later = minute(91 * 24 * 60)
        try await history.note("a", fault: nil, milliseconds: 1, at: later)
        #expect(try await history.incidents(limit: 10).map(\.name) == [ProbeHistory.marketName])
        let summary = try #require(try await history.summaries(at: later).first)
        #expect(summary.quarter == ProbeCount(looks: 1, good: 1))
    }

    @Test("the runner looks, and what does not answer in time is at fault")
    func runner() async throws {
        let history = try ProbeHistory(path: path)
        let registry = MetricsRegistry()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let runner = ProbeRunner(
            [
                Probe("good") { nil },
                Probe("stuck") {
                    try? await Task.sleep(for: .seconds(600))
                    return nil
                },
            ],
            history: history,
            interval: .milliseconds(20),
            timeout: .milliseconds(20),
            telemetry: ServiceTelemetry(service: "test", metrics: registry),
            logger: logger,
            now: { Timestamp(milliseconds: Self.start) }
        )
        let group = ServiceGroup(services: [runner], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            while try await history.incidents(limit: 1).isEmpty {
                try await Task.sleep(for: .milliseconds(10))
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        #expect(try await history.incidents(limit: 9).map(\.fault) == ["no answer in time"])
        let view = MetricsView(try MetricsText.read(registry.exposition()))
        #expect(view.sum("stoa_probe_faults_total", where: ["probe": "good"]) == nil)
        #expect(view.sum("stoa_probe_faults_total", where: ["probe": "stuck"]) ?? 0 >= 2)
    }
}
