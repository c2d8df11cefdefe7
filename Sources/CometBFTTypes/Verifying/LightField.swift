/// A part of a light block, to say where something is wrong; the numbers are append-only.
public enum LightField: UInt32, Hashable, CaseIterable, Sendable {
    case lightBlock = 1
    case signedHeader = 2
    case header = 3
    case version = 4
    case chainName = 5
    case height = 6
    case time = 7
    case lastBlockID = 8
    case lastCommitHash = 9
    case dataHash = 10
    case validatorsHash = 11
    case nextValidatorsHash = 12
    case consensusHash = 13
    case appHash = 14
    case lastResultsHash = 15
    case evidenceHash = 16
    case proposer = 17
    case commit = 18
    case commitHeight = 19
    case commitRound = 20
    case commitBlockID = 21
    case vote = 22
    case voteFlag = 23
    case voteAddress = 24
    case voteTime = 25
    case voteSignature = 26
    case validatorSet = 27
    case validator = 28
    case validatorAddress = 29
    case validatorKey = 30
    case validatorPower = 31

    /// The field's path in the engine's own words, such as `header.app_hash`.
    public var name: String {
        switch self {
        case .lightBlock: "light_block"
        case .signedHeader: "signed_header"
        case .header: "header"
        case .version: "header.version"
        case .chainName: "header.chain_id"
        case .height: "header.height"
        case .time: "header.time"
        case .lastBlockID: "header.last_block_id"
        case .lastCommitHash: "header.last_commit_hash"
        case .dataHash: "header.data_hash"
        case .validatorsHash: "header.validators_hash"
        case .nextValidatorsHash: "header.next_validators_hash"
        case .consensusHash: "header.consensus_hash"
        case .appHash: "header.app_hash"
        case .lastResultsHash: "header.last_results_hash"
        case .evidenceHash: "header.evidence_hash"
        case .proposer: "header.proposer_address"
        case .commit: "commit"
        case .commitHeight: "commit.height"
        case .commitRound: "commit.round"
        case .commitBlockID: "commit.block_id"
        case .vote: "commit.signatures"
        case .voteFlag: "commit.signatures.block_id_flag"
        case .voteAddress: "commit.signatures.validator_address"
        case .voteTime: "commit.signatures.timestamp"
        case .voteSignature: "commit.signatures.signature"
        case .validatorSet: "validator_set"
        case .validator: "validator_set.validators"
        case .validatorAddress: "validator_set.validators.address"
        case .validatorKey: "validator_set.validators.pub_key"
        case .validatorPower: "validator_set.validators.voting_power"
        }
    }
}
