import MarketTypes
import ProtobufWire

extension CommitVote {
    /// The bytes of `tendermint.types.CommitSig`.
    var protobuf: [UInt8] {
        var writer = ProtobufWriter()
        let flag: UInt64 =
            switch self {
            case .absent: 1
            case .block: 2
            case .noBlock: 3
            }
        writer.write(flag, field: 1)
        writer.write(signed?.validator.bytes ?? [], field: 2)
        writer.write(message: 3) { (signed?.time ?? BlockTime.absent).write(into: &$0) }
        writer.write(signed?.signature ?? [], field: 4)
        return writer.bytes
    }

    init(protobuf slice: ArraySlice<UInt8>) throws(LightRefusal) {
        var reader = StrictReader(slice, as: .vote)
        var flag: UInt64 = 0
        var address: ArraySlice<UInt8> = []
        var time: BlockTime?
        var signature: ArraySlice<UInt8> = []
        while let field = try reader.next() {
            switch field.number {
            case 1: flag = try field.uint64(as: .voteFlag)
            case 2: address = try field.slice(as: .voteAddress)
            case 3: time = try BlockTime(protobuf: try field.slice(as: .voteTime), as: .voteTime)
            case 4: signature = try field.slice(as: .voteSignature)
            default: throw .malformed(.vote)
            }
        }
        guard let time else { throw .malformed(.voteTime) }
        let parts = VoteParts(
            flag: flag,
            address: Array(address),
            time: time,
            signature: Array(signature)
        )
        self = try parts.vote()
        guard protobuf[...] == slice else { throw .malformed(.vote) }
    }
}

/// One validator's part in a commit as the engine writes it, in any of its dialects.
public struct VoteParts: Hashable, Sendable {
    /// 1 absent, 2 for the block, 3 for none.
    public var flag: UInt64
    /// Who voted; empty if absent.
    public var address: [UInt8]
    /// When; ``BlockTime/absent`` if absent.
    public var time: BlockTime
    /// The signature; empty if absent.
    public var signature: [UInt8]

    /// Joins the parts.
    public init(flag: UInt64, address: [UInt8], time: BlockTime, signature: [UInt8]) {
        self.flag = flag
        self.address = address
        self.time = time
        self.signature = signature
    }

    /// The vote.
    ///
    /// - Throws: ``LightRefusal/malformed(_:)`` naming the part that does not fit the flag.
    public func vote() throws(LightRefusal) -> CommitVote {
        guard (1...3).contains(flag) else { throw .malformed(.voteFlag) }
        if flag == 1 {
            guard address.isEmpty else { throw .malformed(.voteAddress) }
            guard time == .absent else { throw .malformed(.voteTime) }
            guard signature.isEmpty else { throw .malformed(.voteSignature) }
            return .absent
        }
        guard let validator = ConsensusAddress(bytes: address) else {
            throw .malformed(.voteAddress)
        }
        let signed = CommitVote.SignedVote(validator: validator, time: time, signature: signature)
        guard let signed else { throw .malformed(.voteSignature) }
        return flag == 2 ? .block(signed) : .noBlock(signed)
    }
}

extension Commit {
    /// The bytes of `tendermint.types.Commit`.
    public var protobuf: [UInt8] {
        var writer = ProtobufWriter()
        writer.write(height.rawValue, field: 1)
        writer.write(UInt64(round), field: 2)
        writer.write(message: 3) { BlockID.write(blockID, into: &$0) }
        for vote in votes { writer.write(always: vote.protobuf, field: 4) }
        return writer.bytes
    }

    init(protobuf slice: ArraySlice<UInt8>) throws(LightRefusal) {
        var reader = StrictReader(slice, as: .commit)
        var height: Int64 = 0
        var round: UInt64 = 0
        var blockID: BlockID?
        var votes: [CommitVote] = []
        while let field = try reader.next() {
            switch field.number {
            case 1: height = try field.int64(as: .commitHeight)
            case 2: round = try field.uint64(as: .commitRound)
            case 3:
                let slice = try field.slice(as: .commitBlockID)
                blockID = try BlockID.decode(slice, as: .commitBlockID)
            case 4:
                guard votes.count < ValidatorSet.countMax else { throw .malformed(.commit) }
                votes.append(try CommitVote(protobuf: try field.slice(as: .vote)))
            default: throw .malformed(.commit)
            }
        }
        guard height > 0 else { throw .malformed(.commitHeight) }
        guard round <= Self.roundMax else { throw .malformed(.commitRound) }
        guard let blockID else { throw .malformed(.commitBlockID) }
        self.init(
            height: BlockHeight(UInt64(height)),
            round: UInt32(round),
            blockID: blockID,
            votes: votes
        )
        guard protobuf[...] == slice else { throw .malformed(.commit) }
    }
}
