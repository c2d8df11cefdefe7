public import CanonicalCoding
public import Identity
public import MarketTypes

/// What a consensus key signs to show that its holder wants it to vote for one operator.
///
/// Without it, anybody could register a key that is not theirs and keep its holder out.
public struct ConsensusKeyProof: SignableDocument {
    public static var signingTag: DomainTag { .consensusKeyProof }

    /// The chain on which the key is to vote.
    public let chain: ChainID
    /// The account whose validator it is to be.
    public let validator: AccountID

    /// Creates a proof to be signed by the consensus key.
    public init(chain: ChainID, validator: AccountID) {
        self.chain = chain
        self.validator = validator
    }
}

extension ConsensusKeyProof: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(chain.digest)
        encoder.encode(validator.digest)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        chain = ChainID(try decoder.decodeDigest())
        validator = AccountID(try decoder.decodeDigest())
    }
}

/// What an account says to become a validator.
public struct ValidatorRegistration: CanonicalCodable, Hashable {
    /// The consensus key's consent, with the key.
    public let proof: Signed<ConsensusKeyProof>
    /// What the validator will keep of rewards.
    public let commission: Commission
    /// What it stakes itself, in obol: its first delegation to itself.
    public let selfBond: Amount

    /// Creates a registration.
    public init(proof: Signed<ConsensusKeyProof>, commission: Commission, selfBond: Amount) {
        self.proof = proof
        self.commission = commission
        self.selfBond = selfBond
    }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(proof)
        encoder.encode(commission)
        encoder.encode(selfBond)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        proof = try Signed(from: &decoder)
        commission = try Commission(from: &decoder)
        selfBond = try decoder.decodeAmount()
    }
}

/// The messages about stake; their tags are those of ``Message``, and append-only.
public enum StakingMessage: Hashable, Sendable {
    case registerValidator(ValidatorRegistration)
    case delegate(validator: AccountID, amount: Amount)
    case undelegate(validator: AccountID, amount: Amount)
    case withdrawStake(validator: AccountID)
    case withdrawRewards(validator: AccountID)
    case setCommission(basisPoints: UInt16)
    case unjail
}

extension StakingMessage {
    var tag: UInt8 {
        switch self {
        case .registerValidator: 15
        case .delegate: 16
        case .undelegate: 17
        case .withdrawStake: 18
        case .withdrawRewards: 19
        case .setCommission: 20
        case .unjail: 21
        }
    }

    /// Appends what follows the tag.
    func encodeFields(into encoder: inout CanonicalEncoder) {
        switch self {
        case .registerValidator(let registration): encoder.encode(registration)
        case .delegate(let validator, let amount), .undelegate(let validator, let amount):
            encoder.encode(validator.digest)
            encoder.encode(amount)
        case .withdrawStake(let validator), .withdrawRewards(let validator):
            encoder.encode(validator.digest)
        case .setCommission(let basisPoints): encoder.encode(basisPoints)
        case .unjail: break
        }
    }

    /// Reads what follows the tag.
    init(tag: UInt8, from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        switch tag {
        case 15: self = .registerValidator(try ValidatorRegistration(from: &decoder))
        case 16:
            self = .delegate(
                validator: AccountID(try decoder.decodeDigest()),
                amount: try decoder.decodeAmount()
            )
        case 17:
            self = .undelegate(
                validator: AccountID(try decoder.decodeDigest()),
                amount: try decoder.decodeAmount()
            )
        case 18: self = .withdrawStake(validator: AccountID(try decoder.decodeDigest()))
        case 19: self = .withdrawRewards(validator: AccountID(try decoder.decodeDigest()))
        case 20: self = .setCommission(basisPoints: try decoder.decodeUInt16())
        case 21: self = .unjail
        default: throw .unknownTag
        }
    }
}
