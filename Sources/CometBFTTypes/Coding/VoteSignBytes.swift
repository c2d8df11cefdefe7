import MarketTypes
import ProtobufWire

/// What a validator signs when it votes: `CanonicalVote`, after its length.
///
/// Follows `types/canonical.go` and `VoteSignBytes` of CometBFT 0.38.
public struct CanonicalVote: Hashable, Sendable {
    /// The step of a round in which a vote is cast.
    public enum Step: UInt8, Hashable, Sendable {
        /// The first vote.
        case prevote = 1
        /// The second, which a commit is made of.
        case precommit = 2
    }

    /// The step; nil only in the engine's own test vectors.
    public var step: Step?
    /// The height.
    public var height: Int64
    /// The round.
    public var round: Int64
    /// What is voted for; nil for no block.
    public var blockID: BlockID?
    /// When.
    public var time: BlockTime
    /// The chain's name in the engine.
    public var chainName: String

    /// Creates a vote.
    public init(
        step: Step?,
        height: Int64,
        round: Int64,
        blockID: BlockID?,
        time: BlockTime,
        chainName: String
    ) {
        self.step = step
        self.height = height
        self.round = round
        self.blockID = blockID
        self.time = time
        self.chainName = chainName
    }

    /// The bytes that the signature is over.
    public var signBytes: [UInt8] {
        var body = ProtobufWriter()
        body.write(UInt64(step?.rawValue ?? 0), field: 1)
        body.write(sfixed64: height, field: 2)
        body.write(sfixed64: round, field: 3)
        if let blockID { body.write(message: 4) { BlockID.write(blockID, into: &$0) } }
        body.write(message: 5) { time.write(into: &$0) }
        body.write(chainName, field: 6)
        var framed = ProtobufWriter()
        framed.writeVarint(UInt64(body.bytes.count))
        return framed.bytes + body.bytes
    }
}

extension Commit {
    /// The bytes that the vote at `index` signs; nil if that validator is absent.
    public func signBytes(at index: Int, chainName: String) -> [UInt8]? {
        guard votes.indices.contains(index), let signed = votes[index].signed else { return nil }
        return CanonicalVote(
            step: .precommit,
            height: Int64(clamping: height.rawValue),
            round: Int64(round),
            blockID: votes[index].isForBlock ? blockID : nil,
            time: signed.time,
            chainName: chainName
        ).signBytes
    }
}
