public import ProtobufWire

/// The transactions of a block, as far as they are kept.
///
/// A stranger who proposes a block decides how many there are, and two bytes are enough for one.
/// So one more than ``countMax`` is kept, which shows that there are too many, and the rest of
/// them is dropped: the block is rejected without ever standing in memory.
public enum BlockTransactions {
    /// The most transactions that are of use to anybody.
    public static let countMax = 1 << 16

    static func take(
        _ field: ProtobufReader.Field,
        into list: inout [[UInt8]]
    ) throws(ProtobufError) {
        let bytes = try field.slice()
        if list.count <= countMax { list.append(Array(bytes)) }
    }
}

/// PrepareProposal: choose what goes into the block that this node proposes.
public struct PrepareProposalRequest: WireMessage {
    /// The most bytes of transactions, each counted with its length and one byte more.
    public var maxTransactionBytes: Int64 = 0
    /// What the engine has waiting.
    public var transactions: [[UInt8]] = []
    /// The commit of the block before, as this node saw it.
    public var localLastCommit = ExtendedCommitInfo()
    /// Who was caught.
    public var misbehavior: [MisbehaviorInfo] = []
    /// The block's height.
    public var height: Int64 = 0
    /// The block's time.
    public var time = EngineTime()
    /// The hash of the set after this block.
    public var nextValidatorsHash: [UInt8] = []
    /// Who proposes.
    public var proposerAddress: [UInt8] = []

    /// Asks nothing.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: maxTransactionBytes = try field.int64()
        case 2: try BlockTransactions.take(field, into: &transactions)
        case 3: localLastCommit = try field.decoded()
        case 4: try field.decoded(appendingTo: &misbehavior, countMax: MisbehaviorInfo.countMax)
        case 5: height = try field.int64()
        case 6: time = try field.decoded()
        case 7: nextValidatorsHash = try field.bytes()
        case 8: proposerAddress = try field.bytes()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(maxTransactionBytes, field: 1)
        writer.write(list: transactions, field: 2)
        writer.write(localLastCommit, field: 3)
        writer.write(misbehavior, field: 4)
        writer.write(height, field: 5)
        writer.write(time, field: 6)
        writer.write(nextValidatorsHash, field: 7)
        writer.write(proposerAddress, field: 8)
    }
}

/// PrepareProposal: what goes into the block, in order.
public struct PrepareProposalResponse: WireMessage {
    /// The transactions.
    ///
    /// Field 1, where the engine reads it; its specification says 2.
    public var transactions: [[UInt8]] = []

    /// An empty block.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        if field.number == 1 { try BlockTransactions.take(field, into: &transactions) }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(list: transactions, field: 1)
    }
}

/// A block as ProcessProposal judges it and FinalizeBlock executes it.
public struct BlockRequest: WireMessage {
    /// The transactions, in order.
    public var transactions: [[UInt8]] = []
    /// The commit of the block before.
    public var lastCommit = CommitInfo()
    /// Who was caught.
    public var misbehavior: [MisbehaviorInfo] = []
    /// The block's hash.
    public var hash: [UInt8] = []
    /// The block's height.
    public var height: Int64 = 0
    /// The block's time.
    public var time = EngineTime()
    /// The hash of the set after this block.
    public var nextValidatorsHash: [UInt8] = []
    /// Who proposed it.
    public var proposerAddress: [UInt8] = []

    /// Asks nothing.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: try BlockTransactions.take(field, into: &transactions)
        case 2: lastCommit = try field.decoded()
        case 3: try field.decoded(appendingTo: &misbehavior, countMax: MisbehaviorInfo.countMax)
        case 4: hash = try field.bytes()
        case 5: height = try field.int64()
        case 6: time = try field.decoded()
        case 7: nextValidatorsHash = try field.bytes()
        case 8: proposerAddress = try field.bytes()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(list: transactions, field: 1)
        writer.write(lastCommit, field: 2)
        writer.write(misbehavior, field: 3)
        writer.write(hash, field: 4)
        writer.write(height, field: 5)
        writer.write(time, field: 6)
        writer.write(nextValidatorsHash, field: 7)
        writer.write(proposerAddress, field: 8)
    }
}

/// What the application thinks of a proposal, or of a vote's extension.
public enum ProposalVerdict: UInt32, Hashable, Sendable {
    /// Not said: the engine stops at it.
    case unknown = 0
    /// It may become the block.
    case accept = 1
    /// It may not.
    case reject = 2
}

/// ProcessProposal and VerifyVoteExtension: the verdict.
public struct VerdictResponse: WireMessage {
    /// The verdict.
    public var verdict = ProposalVerdict.unknown

    /// None.
    public init() {}

    /// Wraps a verdict.
    public init(_ verdict: ProposalVerdict) {
        self.verdict = verdict
    }

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        if field.number == 1 { verdict = try field.enumeration() }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(UInt64(verdict.rawValue), field: 1)
    }
}
