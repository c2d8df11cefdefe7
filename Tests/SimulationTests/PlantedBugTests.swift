import Testing

@testable import Simulation

/// What the checkers are worth: each of these mistakes must be found.
@Suite("Planted bugs")
struct PlantedBugTests {
    /// The most seeds that a mistake may stay unseen; docs/spec/simulation.md says how many it was.
    static let seedsMax: UInt64 = 400

    @Test("a planted bug is found", arguments: PlantedBug.allCases)
    func isFound(_ bug: PlantedBug) {
        for seed in 1...Self.seedsMax {
            let options = SimulationOptions(seed: seed, steps: SeedTests.steps, bug: bug)
            guard let failure = Simulation.run(options)?.failure else { continue }
            #expect(Self.finders[bug]?.contains(failure.checker) == true, "\(failure.checker)")
            #expect(!failure.lastLines.isEmpty)
            return
        }
        Issue.record("\(bug) was not found in \(Self.seedsMax) seeds")
    }

    /// Which checkers may be the first to see which mistake.
    static let finders: [PlantedBug: Set<String>] = [
        .commitBeforeDurable: ["lost write"],
        .blockInTwoRecords: ["auditor", "equal roots"],
        .recoveryForgetsEntries: ["auditor", "equal roots", "conservation"],
        .damageUnnoticed: ["recovery"],
        .proofForgotten: ["proofs"],
        .replayFromWrongHeight: ["auditor", "equal roots", "node"],
        .orderOfItsOwn: ["auditor", "equal roots"],
        .claimPaidTwice: ["conservation"],
        .punishmentForgotten: ["auditor", "replica"],
        .recheckForgotten: ["recheck"],
        .proposalUnchecked: ["decided root", "process", "equal roots"],
        .receiptBeforeLog: ["one receipt"],
        .voucherServedTwice: ["one receipt"],
        .voucherBeforeLog: ["one voucher"],
        .retryWithNewBytes: ["once"],
    ]
}
