public import MarketTypes

/// A header, the votes for it and the validators who cast them: all that a stranger needs to see
/// that a network agreed.
///
/// Nothing in it is trusted until it was checked: see ``verify(chainName:)`` for what it says of
/// itself, and ``LightVerifier`` for whether its validators are the network's.
public struct LightBlock: Hashable, Sendable {
    /// The largest light block in bytes.
    public static let bytesMax = 256 << 10

    /// The block's header.
    public let header: Header
    /// The votes.
    public let commit: Commit
    /// Who could vote.
    public let validators: ValidatorSet

    /// Joins the parts; nothing is checked.
    public init(header: Header, commit: Commit, validators: ValidatorSet) {
        self.header = header
        self.commit = commit
        self.validators = validators
    }

    /// The block's height, by its header.
    public var height: BlockHeight { header.height }
}
