extension GovernedNumber {
    /// The least deposit of a proposal, in obol.
    public static let proposalDeposit = GovernedNumber(
        1601,
        "governance.depositObol",
        standard: 100_000_000_000,
        bounds: 1_000_000_000...1_000_000_000_000_000
    )
    /// How many blocks pass between a proposal and its vote, for others to lock stake.
    public static let votingDelayBlocks = GovernedNumber(
        1602,
        "governance.votingDelayBlocks",
        standard: 600,
        bounds: 1...100_000
    )
    /// How many blocks a vote lasts.
    public static let votingPeriodBlocks = GovernedNumber(
        1603,
        "governance.votingPeriodBlocks",
        standard: 7_200,
        bounds: 600...1_000_000
    )
    /// The part of all locked stake that must vote, in hundredths of a percent.
    public static let quorum = GovernedNumber(
        1604,
        "governance.quorumBasisPoints",
        standard: 3_340,
        bounds: 1_000...8_000
    )
    /// The part of the yes, no and veto votes that the yes votes must exceed, in hundredths of a
    /// percent.
    public static let threshold = GovernedNumber(
        1605,
        "governance.thresholdBasisPoints",
        standard: 5_000,
        bounds: 5_000...9_000
    )
    /// The part of all votes that vetoes a proposal and costs its deposit, in hundredths of a
    /// percent.
    public static let veto = GovernedNumber(
        1606,
        "governance.vetoBasisPoints",
        standard: 3_340,
        bounds: 1_000...5_000
    )
    /// How many blocks pass between a vote and its execution, for those who disagree to leave: not
    /// fewer than a channel needs to close by the standard numbers.
    public static let timelockBlocks = GovernedNumber(
        1607,
        "governance.timelockBlocks",
        standard: 1_200,
        bounds: 600...1_000_000
    )
    /// How many blocks locked stake needs to come back.
    public static let unlockDelayBlocks = GovernedNumber(
        1608,
        "governance.unlockDelayBlocks",
        standard: 7_200,
        bounds: 100...1_000_000
    )
    /// The part of the fees that goes to the treasury when a block's proposer is paid, in
    /// hundredths of a percent.
    public static let treasuryShare = GovernedNumber(
        1609,
        "governance.treasuryBasisPoints",
        standard: 0,
        bounds: 0...5_000
    )
    /// The part of the whole native supply that must vote, in hundredths of a percent: otherwise
    /// one obol would decide while nobody else has locked any.
    public static let supplyQuorum = GovernedNumber(
        1610,
        "governance.supplyQuorumBasisPoints",
        standard: 100,
        bounds: 10...5_000
    )

    /// The numbers about proposals, votes and the treasury.
    public static let governance = [
        proposalDeposit, votingDelayBlocks, votingPeriodBlocks, quorum, threshold, veto,
        timelockBlocks, unlockDelayBlocks, treasuryShare, supplyQuorum,
    ]
}
