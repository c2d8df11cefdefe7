public import ProtobufWire

/// ExtendVote: asks what shall be added to this node's vote.
public struct ExtendVoteRequest: WireMessage {
    /// The block's hash.
    public var hash: [UInt8] = []
    /// The block's height.
    public var height: Int64 = 0
    /// The block's time.
    public var time = EngineTime()
    /// The transactions, in order.
    public var transactions: [[UInt8]] = []
    /// The commit of the block before.
    public var lastCommit = CommitInfo()
    /// Who was caught.
    public var misbehavior: [MisbehaviorInfo] = []
    /// The hash of the set after this block.
    public var nextValidatorsHash: [UInt8] = []
    /// Who proposed it.
    public var proposerAddress: [UInt8] = []

    /// Asks nothing.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: hash = try field.bytes()
        case 2: height = try field.int64()
        case 3: time = try field.decoded()
        case 4: try BlockTransactions.take(field, into: &transactions)
        case 5: lastCommit = try field.decoded()
        case 6: try field.decoded(appendingTo: &misbehavior, countMax: MisbehaviorInfo.countMax)
        case 7: nextValidatorsHash = try field.bytes()
        case 8: proposerAddress = try field.bytes()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(hash, field: 1)
        writer.write(height, field: 2)
        writer.write(time, field: 3)
        writer.write(list: transactions, field: 4)
        writer.write(lastCommit, field: 5)
        writer.write(misbehavior, field: 6)
        writer.write(nextValidatorsHash, field: 7)
        writer.write(proposerAddress, field: 8)
    }
}

/// Bytes in field 1: the answers to ExtendVote and LoadSnapshotChunk.
public struct BytesResponse: WireMessage {
    /// The bytes.
    public var bytes: [UInt8] = []

    /// None.
    public init() {}

    /// Wraps bytes.
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        if field.number == 1 { bytes = try field.bytes() }
    }

    public func write(into writer: inout ProtobufWriter) { writer.write(bytes, field: 1) }
}

/// VerifyVoteExtension: asks whether another node may add this to its vote.
public struct VerifyVoteExtensionRequest: WireMessage {
    /// The block's hash.
    public var hash: [UInt8] = []
    /// Who voted.
    public var validatorAddress: [UInt8] = []
    /// The block's height.
    public var height: Int64 = 0
    /// What it added.
    public var voteExtension: [UInt8] = []

    /// Asks nothing.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: hash = try field.bytes()
        case 2: validatorAddress = try field.bytes()
        case 3: height = try field.int64()
        case 4: voteExtension = try field.bytes()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(hash, field: 1)
        writer.write(validatorAddress, field: 2)
        writer.write(height, field: 3)
        writer.write(voteExtension, field: 4)
    }
}
