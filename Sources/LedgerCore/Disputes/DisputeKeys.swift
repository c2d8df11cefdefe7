import CanonicalCoding
public import MarketTypes

extension StateNamespace {
    static let jurors = Self(rawValue: 0x78)
    static let jurorExit = Self(rawValue: 0x79)
    static let dispute = Self(rawValue: 0x7a)
    static let keptJurors = Self(rawValue: 0x7b)
    static let juryHeight = Self(rawValue: 0x7c)
    static let heldClaims = Self(rawValue: 0x7d)
}

extension StateKey {
    /// Where the ``JurorTable`` stands.
    public static let jurors = StateKey(.jurors)

    /// Where a ``JurorExit`` stands.
    public static func jurorExit(_ juror: AccountID) -> StateKey {
        StateKey(.jurorExit) { $0.encode(juror.digest) }
    }

    /// Where a ``Dispute`` stands; it stays for ever.
    public static func dispute(_ dispute: DisputeID) -> StateKey {
        StateKey(.dispute) { $0.encode(dispute.digest) }
    }

    /// Where the ``KeptJurors`` of a height stand, while a round that opened there has no jury.
    static func keptJurors(_ height: BlockHeight) -> StateKey {
        StateKey(.keptJurors) { $0.encode(height.rawValue) }
    }

    /// Where the height stands whose jurors a dispute's round is to be judged by; until the draw.
    static func juryHeight(_ dispute: DisputeID) -> StateKey {
        StateKey(.juryHeight) { $0.encode(dispute.digest) }
    }

    /// What the keys of all disputes begin with.
    public static let disputes = StateKey(.dispute)
}

extension GovernedNumber {
    /// The least that a juror stakes, in obol.
    public static let jurorStakeMin = GovernedNumber(
        1501,
        "disputes.jurorStakeMinObol",
        standard: 100_000_000_000,
        bounds: 1_000_000_000...1_000_000_000_000_000
    )
    /// How many blocks a juror's stake stays at risk after it left.
    public static let jurorExitBlocks = GovernedNumber(
        1502,
        "disputes.jurorExitBlocks",
        standard: 20_000,
        bounds: 1_000...1_000_000
    )
    /// What a juror loses that votes with the minority or not at all, in obol.
    public static let jurorPenalty = GovernedNumber(
        1503,
        "disputes.jurorPenaltyObol",
        standard: 5_000_000_000,
        bounds: 0...1_000_000_000_000
    )
    /// What each party of a dispute stakes in its first round, in obol.
    public static let disputeBond = GovernedNumber(
        1504,
        "disputes.bondObol",
        standard: 10_000_000_000,
        bounds: 100_000_000...1_000_000_000_000_000
    )
    /// How many blocks each party has to speak.
    public static let disputeSpeakBlocks = GovernedNumber(
        1505,
        "disputes.speakBlocks",
        standard: 600,
        bounds: 50...100_000
    )
    /// How many blocks a jury has to vote, and again to open its votes.
    public static let disputeVoteBlocks = GovernedNumber(
        1506,
        "disputes.voteBlocks",
        standard: 1_200,
        bounds: 50...100_000
    )
    /// How many blocks a party has to appeal.
    public static let disputeAppealBlocks = GovernedNumber(
        1507,
        "disputes.appealBlocks",
        standard: 1_200,
        bounds: 50...100_000
    )

    /// How many blocks each party has to speak about a bond: more, for a seller may not expect it.
    public static let bondClaimSpeakBlocks = GovernedNumber(
        1508,
        "disputes.claimSpeakBlocks",
        standard: 43_200,
        bounds: 600...1_000_000
    )
    /// The least that can be claimed of a bond, in obol.
    public static let bondClaimMin = GovernedNumber(
        1509,
        "disputes.claimMinObol",
        standard: 10_000_000_000,
        bounds: 100_000_000...1_000_000_000_000_000
    )
    /// What part of its claim a claimant deposits for the seller, in basis points.
    public static let bondClaimDeposit = GovernedNumber(
        1510,
        "disputes.claimDepositBasisPoints",
        standard: 500,
        bounds: 100...5_000
    )

    /// The numbers about disputes.
    public static let disputes = [
        jurorStakeMin, jurorExitBlocks, jurorPenalty, disputeBond, disputeSpeakBlocks,
        disputeVoteBlocks, disputeAppealBlocks, bondClaimSpeakBlocks, bondClaimMin,
        bondClaimDeposit,
    ]
}
