/// Why a light block is refused, in the order in which it is checked.
public enum LightRefusal: Error, Hashable, Sendable {
    /// The bytes are not the one encoding of a light block; the field says where.
    case malformed(LightField)
    /// What is trusted is older than the trust period, so its validators may lie unpunished.
    case trustExpired
    /// The header is for another chain.
    case otherChain
    /// The header is not later in height than what is trusted.
    case heightNotLater
    /// The header is not later in time than what is trusted.
    case timeNotLater
    /// The header's time is further ahead of our clock than clocks may differ.
    case fromTheFuture
    /// The validators do not hash to the header's `validators_hash`.
    case wrongValidators
    /// The commit is for another height than the header.
    case wrongCommitHeight
    /// The commit is for another block than the header hashes to.
    case wrongHeaderHash
    /// The header's validators are not those that the trusted one before it announced.
    case unannouncedValidators
    /// The commit has not one vote for each validator.
    case wrongVoteCount
    /// The vote at this place is of another validator than the set has there.
    case wrongVoteAddress(Int)
    /// A validator has two votes in the commit.
    case repeatedVote(Int)
    /// The signature at this place does not verify.
    case wrongSignature(Int)
    /// Not more than two thirds of the set's power signed the block.
    case noQuorum(signed: UInt64, total: UInt64)
    /// Of the trusted set's power, not more than the trust level signed the block: fetch a block
    /// in between.
    case tooLittleOverlap(signed: UInt64, total: UInt64)

    /// The number for the wire, append-only; that of a malformed field is 100 + the field's.
    public var code: UInt32 {
        switch self {
        case .malformed(let field): 100 + field.rawValue
        case .trustExpired: 1
        case .otherChain: 2
        case .heightNotLater: 3
        case .timeNotLater: 4
        case .fromTheFuture: 5
        case .wrongValidators: 6
        case .wrongCommitHeight: 7
        case .wrongHeaderHash: 8
        case .unannouncedValidators: 9
        case .wrongVoteCount: 10
        case .wrongVoteAddress: 11
        case .repeatedVote: 12
        case .wrongSignature: 13
        case .noQuorum: 14
        case .tooLittleOverlap: 15
        }
    }

    /// The field that is wrong, or that the wrong thing would have to match.
    public var field: LightField {
        switch self {
        case .malformed(let field): field
        case .trustExpired, .timeNotLater, .fromTheFuture: .time
        case .otherChain: .chainName
        case .heightNotLater: .height
        case .wrongValidators, .unannouncedValidators: .validatorsHash
        case .wrongCommitHeight: .commitHeight
        case .wrongHeaderHash: .commitBlockID
        case .wrongVoteCount, .repeatedVote, .noQuorum, .tooLittleOverlap: .vote
        case .wrongVoteAddress: .voteAddress
        case .wrongSignature: .voteSignature
        }
    }
}
