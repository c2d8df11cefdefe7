import ArgumentParser
import FoundationEssentials
import MarketTypes
import Simulation

struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "run a whole market in one thread from one seed, with faults and cheats",
        discussion: """
            Four nodes, sellers, buyers and cheats share a virtual clock, a network that loses, \
            doubles and reorders messages, and disks that tear, fill and lie; checkers look at \
            everything that happens. Then everything is repaired, and whatever was begun must \
            end. The same seed is the same run, on every machine: its digest says so. A failure \
            prints the command that repeats it, and exits with 1.

            EXAMPLES
              stoa simulate --seed 42
              stoa simulate --seed 1 --runs 1000          seeds 1 to 1000
              stoa simulate --seed 42 --trace             everything that happens
              stoa simulate --bug claimPaidTwice          a planted mistake: what finds it?
            """
    )

    @Option(help: "where all chance comes from")
    var seed: UInt64 = 1
    @Option(help: "how many events there are before everything is repaired")
    var steps = 600
    @Option(help: "how many seeds to run, from --seed on; the first failure ends it")
    var runs: UInt64 = 1
    @Option(help: "a known mistake to make in every run", transform: Self.bug)
    var bug: PlantedBug?
    @Flag(help: "print everything that happens")
    var trace = false
    @OptionGroup var output: OutputOptions

    private static func bug(_ name: String) throws -> PlantedBug {
        guard let bug = PlantedBug(rawValue: name) else {
            let all = PlantedBug.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("no such mistake; there are \(all)")
        }
        return bug
    }

    func validate() throws {
        guard steps > 0, runs > 0, seed.addingReportingOverflow(runs - 1).overflow == false else {
            throw ValidationError("steps and runs must be positive, and the last seed fit 64 bits")
        }
    }

    func run() throws {
        var total = RunTally.zero
        for next in seed...(seed + (runs - 1)) {
            // A rule that traps ends the process: then this says where to look.
            if runs > 1, next % 100 == 0 { note("seed \(next)") }
            let options = SimulationOptions(
                seed: next,
                steps: steps,
                bug: bug,
                keepsTrace: trace
            )
            guard let report = Simulation.run(options) else {
                throw CommandFailure("there is no secure memory left for keys")
            }
            if trace { for line in report.lines { note(line) } }
            if let failure = report.failure { try fail(report, failure) }
            total = total + report.tally
            if runs == 1 { try output.print(SimulationDocument(report), report.line) }
        }
        guard runs > 1 else { return }
        let line = "seeds \(seed) to \(seed + (runs - 1)): sound; \(total.line)"
        try output.print(["runs": "\(runs)", "outcome": "sound"], line)
    }

    private func fail(_ report: SimulationReport, _ failure: SimulationFailure) throws {
        let planted = report.options.bug.map { " --bug \($0.rawValue)" } ?? ""
        let command =
            "stoa simulate --seed \(report.options.seed) --steps \(report.options.steps)\(planted)"
        if !trace { for line in failure.lastLines { note(line) } }
        try output.print(SimulationDocument(report), report.line)
        note("again: \(command)")
        throw ExitCode(1)
    }
}

/// A run as JSON.
private struct SimulationDocument: Encodable {
    let seed: UInt64
    let steps: Int
    let events: Int
    let digest: String
    let blocks: Int
    let transactions: Int
    let calls: Int
    let crashes: Int
    let outcome: String
    let checker: String?
    let failure: String?
    let failedAtEvent: Int?

    init(_ report: SimulationReport) {
        seed = report.options.seed
        steps = report.options.steps
        events = report.steps
        digest = report.digest.description
        blocks = report.tally.blocks
        transactions = report.tally.transactions
        calls = report.tally.calls
        crashes = report.tally.crashes
        outcome = report.failure == nil ? "sound" : "broken"
        checker = report.failure?.checker
        failure = report.failure?.text
        failedAtEvent = report.failure?.step
    }
}

extension SimulationReport {
    /// The run in one line.
    fileprivate var line: String {
        let name = "seed \(options.seed), \(options.steps) steps"
        guard let failure else {
            return "\(name): sound; \(tally.line); digest \(digest)"
        }
        return "\(name): event \(failure.step), \(failure.checker): \(failure.text)"
    }
}

extension RunTally {
    fileprivate var line: String {
        "\(blocks) blocks, \(transactions) transactions, \(receipts) of \(calls) calls receipted, "
            + "\(frauds) frauds proven, \(crashes) crashes"
    }
}
