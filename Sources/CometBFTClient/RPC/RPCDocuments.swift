import CometBFTTypes
import FoundationEssentials
import MarketTypes

/// The engine's answers as far as they are used: integers of 64 bits are strings, bytes are
/// base64, hashes and addresses hex (docs/spec/light-client.md, LGT-7).
enum RPCDocuments {
    struct Answer<Result: Decodable>: Decodable {
        let result: Result?
        let error: Problem?
    }

    struct Problem: Decodable {
        let code: Int
        let message: String
        let data: String?
    }

    /// An integer of 64 bits, written as a string.
    struct Integer: Decodable {
        let value: Int64

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            let text = try container.decode(String.self)
            guard let value = Int64(text), String(value) == text else {
                throw DecodingError.dataCorruptedError(
                    in: container,
                    debugDescription: "an integer must be decimal digits"
                )
            }
            self.value = value
        }
    }

    struct Status: Decodable {
        struct Node: Decodable { let network: String }
        struct Sync: Decodable { let latest_block_height: Integer }
        let node_info: Node
        let sync_info: Sync
    }

    struct CommitAnswer: Decodable {
        let signed_header: SignedHeader
    }

    struct SignedHeader: Decodable {
        let header: HeaderDocument
        let commit: CommitDocument
    }

    struct VersionDocument: Decodable {
        let block: Integer?
        let app: Integer?
    }

    struct Parts: Decodable {
        let total: UInt32
        let hash: String
    }

    struct BlockIDDocument: Decodable {
        let hash: String
        let parts: Parts
    }

    struct HeaderDocument: Decodable {
        let version: VersionDocument
        let chain_id: String
        let height: Integer
        let time: String
        let last_block_id: BlockIDDocument
        let last_commit_hash, data_hash, validators_hash, next_validators_hash: String
        let consensus_hash, app_hash, last_results_hash, evidence_hash: String
        let proposer_address: String
    }

    struct CommitDocument: Decodable {
        let height: Integer
        let round: UInt32
        let block_id: BlockIDDocument
        let signatures: [VoteDocument]
    }

    struct VoteDocument: Decodable {
        let block_id_flag: UInt64
        let validator_address: String
        let timestamp: String
        let signature: Data?
    }

    struct Key: Decodable {
        let type: String
        let value: Data
    }

    struct ValidatorDocument: Decodable {
        let address: String
        let pub_key: Key
        let voting_power: Integer
    }

    struct Validators: Decodable {
        let block_height: Integer
        let validators: [ValidatorDocument]
        let total: Integer
    }

    struct Broadcast: Decodable {
        let code: UInt32
        let log: String?
        let hash: String
    }

    struct Included: Decodable {
        struct Proof: Decodable {
            struct Path: Decodable {
                let total, index: Integer
                let aunts: [Data]?
            }
            let proof: Path
        }
        let height: Integer
        let tx: Data
        let proof: Proof
    }

    struct Block: Decodable {
        struct Body: Decodable { let data: Transactions }
        struct Transactions: Decodable { let txs: [Data]? }
        let block: Body
    }

    struct EventDocument: Decodable {
        struct Attribute: Decodable {
            let key: String
            let value: String
        }
        let type: String
        let attributes: [Attribute]?
    }

    struct ExecutionDocument: Decodable {
        let code: UInt32
        let data: Data?
        let gas_wanted: Integer?
        let gas_used: Integer?
        let events: [EventDocument]?
    }

    struct Results: Decodable {
        let height: Integer
        let txs_results: [ExecutionDocument]?
        let finalize_block_events: [EventDocument]?
    }

    struct Query: Decodable {
        struct Operation: Decodable {
            let type: String
            let key: Data?
            let data: Data?
        }
        struct Operations: Decodable { let ops: [Operation]? }
        struct Response: Decodable {
            let code: UInt32
            let log: String?
            let index: Integer
            let value: Data?
            let proofOps: Operations?
            let height: Integer
        }
        let response: Response
    }
}
