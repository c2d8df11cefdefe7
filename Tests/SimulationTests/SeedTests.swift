import Foundation
import Testing

@testable import Simulation

/// Runs of the whole market.
@Suite("Simulated market")
struct SeedTests {
    /// How many events the phase with faults has here.
    static let steps = 400

    /// How many seeds an ordinary run tries; `STOA_SIM_SEEDS` sets another number.
    static var seedCount: UInt64 {
        ProcessInfo.processInfo.environment["STOA_SIM_SEEDS"].flatMap { UInt64($0) } ?? 1_000
    }

    /// Runs seeds on as many threads as there are cores.
    static func runAll(_ seeds: ClosedRange<UInt64>) async -> [SimulationReport] {
        let workers = UInt64(max(1, ProcessInfo.processInfo.activeProcessorCount))
        return await withTaskGroup(of: [SimulationReport].self) { group in
            for worker in 0..<workers {
                group.addTask {
                    var reports: [SimulationReport] = []
                    for seed in seeds where seed % workers == worker {
                        let options = SimulationOptions(seed: seed, steps: steps)
                        if let report = Simulation.run(options) { reports.append(report) }
                    }
                    return reports
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
    }

    @Test("P1, P4, P6, P7, P12: no seed breaks a promise, and every run comes to its end")
    func everySeedHolds() async {
        let reports = await Self.runAll(1...Self.seedCount)
        #expect(reports.count == Int(Self.seedCount))
        for report in reports {
            guard let failure = report.failure else { continue }
            Issue.record(
                """
                seed \(report.options.seed), step \(failure.step), \(failure.checker): \
                \(failure.text); stoa simulate --seed \(report.options.seed) --steps \(Self.steps)
                """
            )
        }
    }

    @Test("the runs do what they are meant to test")
    func runsAreNotEmpty() async {
        let tally = await Self.runAll(1...150).reduce(RunTally.zero) { $0 + $1.tally }
        #expect(tally.blocks > 1_000)
        #expect(tally.transactions > 1_000)
        #expect(tally.calls > 400)
        #expect(tally.receipts > 300)
        #expect(tally.deals > 60)
        for component in [
            "lineage", "shares", "units", "passes", "exchange", "escrows", "disputes",
            "governance", "authorization",
        ] {
            #expect(tally.dealsByComponent[component, default: 0] > 30, "\(component)")
        }
        #expect(tally.frauds > 20)
        #expect(tally.crashes > 200)
        #expect(tally.fullDisks > 5)
        #expect(tally.lossesDetected > 0)
        #expect(tally.disksReplaced > 0)
        #expect(tally.blocksRepeated > 20)
        #expect(tally.answersReused > 10)
        #expect(tally.proposalsRefused > 50)
    }

    @Test("P12: a seed is a run: the same events in the same order, each time")
    func sameSeedSameRun() {
        for seed in UInt64(1)...5 {
            let options = SimulationOptions(seed: seed, steps: Self.steps, keepsTrace: true)
            let first = Simulation.run(options)
            let second = Simulation.run(options)
            #expect(first?.digest == second?.digest)
            #expect(first?.lines == second?.lines)
            #expect(first?.lines.isEmpty == false)
        }
        let digests = (UInt64(1)...20).map { seed in
            Simulation.run(SimulationOptions(seed: seed, steps: 50))?.digest
        }
        #expect(Set(digests).count == 20)
    }
}
