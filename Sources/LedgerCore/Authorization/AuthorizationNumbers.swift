extension GovernedNumber {
    /// How many blocks pass between asking for another key and its taking effect.
    public static let rotationDelayBlocks = GovernedNumber(
        1701,
        "authorization.rotationDelayBlocks",
        standard: 7200,
        bounds: 600...604_800
    )
    /// How many blocks ahead a session can end at most.
    public static let sessionBlocksMax = GovernedNumber(
        1702,
        "authorization.sessionBlocksMax",
        standard: 2_592_000,
        bounds: 600...31_536_000
    )

    /// The numbers about who may act for an account.
    public static let authorization = [rotationDelayBlocks, sessionBlocksMax]
}
