public import MarketTypes

/// What the validators of one height decided in one round, with each one's vote.
///
/// Votes stand in the order of the validator set, one for each validator.
/// Follows `types/block.go` of CometBFT 0.38.
public struct Commit: Hashable, Sendable {
    /// The largest round.
    public static let roundMax: UInt32 = 0x7fff_ffff

    /// The height that was decided.
    public let height: BlockHeight
    /// The round of that height; at most ``roundMax``.
    public let round: UInt32
    /// The block that was decided.
    public let blockID: BlockID
    /// The votes, one for each validator.
    public let votes: [CommitVote]

    /// Creates a commit; a height or round outside the engine's becomes the largest.
    public init(height: BlockHeight, round: UInt32, blockID: BlockID, votes: [CommitVote]) {
        self.height = min(height, BlockHeight(UInt64(Int64.max)))
        self.round = min(round, Self.roundMax)
        self.blockID = blockID
        self.votes = votes
    }

    /// The hash that the next block's header carries as `last_commit_hash`.
    public var hash: Digest {
        ByteMerkle.root(of: votes.map(\.protobuf))
    }
}

/// One validator's part in a commit.
public enum CommitVote: Hashable, Sendable {
    /// No vote arrived in time.
    case absent
    /// It voted for the block.
    case block(SignedVote)
    /// It voted for no block in this round.
    case noBlock(SignedVote)

    /// Who voted, when, and the signature.
    public struct SignedVote: Hashable, Sendable {
        /// The bytes of an Ed25519 signature.
        public static let signatureByteCount = 64

        /// Who voted.
        public let validator: ConsensusAddress
        /// When it says it voted.
        public let time: BlockTime
        /// The signature over the vote's sign bytes.
        public let signature: [UInt8]

        /// Creates a vote; nil unless the signature has ``signatureByteCount`` bytes.
        public init?(validator: ConsensusAddress, time: BlockTime, signature: [UInt8]) {
            guard signature.count == Self.signatureByteCount else { return nil }
            self.validator = validator
            self.time = time
            self.signature = signature
        }
    }

    /// The vote, if there is one.
    public var signed: SignedVote? {
        switch self {
        case .absent: nil
        case .block(let vote), .noBlock(let vote): vote
        }
    }

    /// Whether it is a vote for the block.
    public var isForBlock: Bool {
        if case .block = self { true } else { false }
    }
}
