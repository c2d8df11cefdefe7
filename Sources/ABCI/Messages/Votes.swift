public import ProtobufWire

/// What a validator's vote in a commit is for.
public enum BlockIDFlag: UInt32, Hashable, Sendable {
    /// Not said.
    case unknown = 0
    /// There is no vote.
    case absent = 1
    /// It is for the block.
    case commit = 2
    /// It is for no block.
    case none = 3
}

/// One validator's place in a commit.
public struct VoteInfo: WireMessage {
    /// The most votes in one commit; the engine's own limit.
    public static let countMax = 10_000

    /// Who could vote.
    public var validator = EngineValidator()
    /// What the vote is for.
    public var flag = BlockIDFlag.unknown

    /// No vote.
    public init() {}

    /// Creates a vote.
    public init(validator: EngineValidator, flag: BlockIDFlag) {
        self.validator = validator
        self.flag = flag
    }

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: validator = try field.decoded()
        case 3: flag = try field.enumeration()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(validator, field: 1)
        writer.write(UInt64(flag.rawValue), field: 3)
    }
}

/// The commit of the block before: its round, and every validator's vote.
public struct CommitInfo: WireMessage {
    /// The round in which the block was decided.
    public var round: Int32 = 0
    /// One entry for each validator.
    public var votes: [VoteInfo] = []

    /// No commit, as before the first block.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: round = try field.int32()
        case 2: try field.decoded(appendingTo: &votes, countMax: VoteInfo.countMax)
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(Int64(round), field: 1)
        writer.write(votes, field: 2)
    }
}

/// One validator's place in a commit, with what the application added to the vote.
public struct ExtendedVoteInfo: WireMessage {
    /// Who could vote.
    public var validator = EngineValidator()
    /// What the application added.
    public var voteExtension: [UInt8] = []
    /// The validator's signature over that.
    public var extensionSignature: [UInt8] = []
    /// What the vote is for.
    public var flag = BlockIDFlag.unknown

    /// No vote.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: validator = try field.decoded()
        case 3: voteExtension = try field.bytes()
        case 4: extensionSignature = try field.bytes()
        case 5: flag = try field.enumeration()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(validator, field: 1)
        writer.write(voteExtension, field: 3)
        writer.write(extensionSignature, field: 4)
        writer.write(UInt64(flag.rawValue), field: 5)
    }
}

/// A commit with extended votes.
public struct ExtendedCommitInfo: WireMessage {
    /// The round in which the block was decided.
    public var round: Int32 = 0
    /// One entry for each validator.
    public var votes: [ExtendedVoteInfo] = []

    /// No commit, as before the first block.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: round = try field.int32()
        case 2: try field.decoded(appendingTo: &votes, countMax: VoteInfo.countMax)
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(Int64(round), field: 1)
        writer.write(votes, field: 2)
    }
}

/// How a validator misbehaved.
public enum MisbehaviorType: UInt32, Hashable, Sendable {
    /// Not said.
    case unknown = 0
    /// It voted for two blocks in one round.
    case duplicateVote = 1
    /// It signed a header that never was in the chain.
    case lightClientAttack = 2
}

/// A validator that was caught.
public struct MisbehaviorInfo: WireMessage {
    /// The most pieces of evidence in one message.
    public static let countMax = 1 << 16

    /// What it did.
    public var type = MisbehaviorType.unknown
    /// Who did it.
    public var validator = EngineValidator()
    /// At which height.
    public var height: Int64 = 0
    /// When, by that block's time.
    public var time = EngineTime()
    /// The power of the whole set then.
    public var totalPower: Int64 = 0

    /// Nothing.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: type = try field.enumeration()
        case 2: validator = try field.decoded()
        case 3: height = try field.int64()
        case 4: time = try field.decoded()
        case 5: totalPower = try field.int64()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(UInt64(type.rawValue), field: 1)
        writer.write(validator, field: 2)
        writer.write(height, field: 3)
        writer.write(time, field: 4)
        writer.write(totalPower, field: 5)
    }
}
