public import MarketTypes

/// What to run.
public struct SimulationOptions: Hashable, Sendable {
    /// Where all chance comes from.
    public var seed: UInt64
    /// How many events the phase with faults has.
    public var steps: Int
    /// A known mistake to make; nil for none.
    public var bug: PlantedBug?
    /// Whether every line of the trace is kept.
    public var keepsTrace: Bool

    /// Creates options.
    public init(seed: UInt64, steps: Int, bug: PlantedBug? = nil, keepsTrace: Bool = false) {
        self.seed = seed
        self.steps = steps
        self.bug = bug
        self.keepsTrace = keepsTrace
    }
}

/// What a run that failed shows.
public struct SimulationFailure: Hashable, Sendable {
    /// At which event.
    public let step: Int
    /// Which checker.
    public let checker: String
    /// What it says.
    public let text: String
    /// The last things that happened before.
    public let lastLines: [String]
}

/// What became of a run.
public struct SimulationReport: Hashable, Sendable {
    /// What was run.
    public let options: SimulationOptions
    /// Everything that happened, as a digest: the same for the same options in every process.
    public let digest: Digest
    /// How many events there were, with those of the healing phase.
    public let steps: Int
    /// What happened, in numbers.
    public let tally: RunTally
    /// What is wrong, or nil.
    public let failure: SimulationFailure?
    /// The trace, if it was kept.
    public let lines: [String]
}

/// One run of the whole market from one seed (docs/spec/simulation.md).
public enum Simulation {
    /// The most events of the healing phase; whatever is not done by then hangs.
    public static let healingStepsMax = 20_000

    /// Runs the phase with faults, heals everything, and lets it come to its end.
    ///
    /// - Returns: nil only if the system has no secure memory left for keys.
    public static func run(_ options: SimulationOptions) -> SimulationReport? {
        guard let cast = Cast.shared else { return nil }
        let market = Market(
            cast: cast,
            seed: options.seed,
            bug: options.bug,
            keepsTrace: options.keepsTrace
        )
        market.start()
        var steps = 0
        while steps < options.steps, market.step() { steps += 1 }
        if market.violation == nil { market.heal() }
        let healed = steps
        while market.violation == nil, let rest = market.unfinished() {
            guard steps - healed < healingStepsMax else {
                market.fail("liveness", rest)
                break
            }
            for _ in 0..<32 where market.step() { steps += 1 }
        }
        if market.violation == nil { market.checkEverything(deeply: options.seed % 4 == 0) }
        return report(options, market, steps)
    }

    private static func report(
        _ options: SimulationOptions,
        _ market: Market,
        _ steps: Int
    ) -> SimulationReport {
        let failure = market.violation.map {
            SimulationFailure(
                step: steps,
                checker: $0.checker,
                text: $0.text,
                lastLines: market.trace.lastLines
            )
        }
        return SimulationReport(
            options: options,
            digest: market.trace.digest,
            steps: steps,
            tally: market.tally,
            failure: failure,
            lines: market.trace.lines
        )
    }
}
