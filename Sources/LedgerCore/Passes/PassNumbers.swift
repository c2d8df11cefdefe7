extension GovernedNumber {
    /// The fewest blocks that a period may have.
    public static let passPeriodBlocksMin = GovernedNumber(
        1201,
        "passes.periodBlocksMin",
        standard: 10,
        bounds: 1...86_400
    )
    /// The most blocks that a period may have.
    public static let passPeriodBlocksMax = GovernedNumber(
        1202,
        "passes.periodBlocksMax",
        standard: 31_536_000,
        bounds: 86_400...315_360_000
    )
    /// The most renewals that can be authorized at once.
    public static let passRenewalsMax = GovernedNumber(
        1203,
        "passes.renewalsMax",
        standard: 120,
        bounds: 1...10_000
    )
    /// The least that a trial's seller may ask for as a bond, in obol.
    public static let trialBondMin = GovernedNumber(
        1204,
        "passes.trialBondMinObol",
        standard: 1_000_000,
        bounds: 0...1_000_000_000_000
    )
    /// The most that a trial's seller may ask for as a bond, in obol.
    public static let trialBondMax = GovernedNumber(
        1205,
        "passes.trialBondMaxObol",
        standard: 100_000_000_000,
        bounds: 1_000_000...1_000_000_000_000_000
    )

    /// The numbers about passes.
    public static let passes = [
        passPeriodBlocksMin, passPeriodBlocksMax, passRenewalsMax, trialBondMin, trialBondMax,
    ]
}
