import CanonicalCoding
import CometBFTTypes
import Foundation
import Identity
import MarketTypes
import Testing

/// `cometbft/engine.json`: values that the engine itself made.
private struct EngineVectors: Decodable {
    struct Version: Decodable { let block, app: String }
    struct Name: Decodable {
        let hash, parts: String
        let total: UInt32

        func id() throws -> BlockID {
            BlockID(
                hash: try #require(Digest(hex: hash)),
                partCount: total,
                partsHash: try #require(Digest(hex: parts))
            )
        }
    }
    struct HeaderVector: Decodable {
        let version: Version
        let chain_id, height, time, hash: String
        let last_block_id: Name
        let hashed_texts: [String: String]
    }
    struct SignBytes: Decodable {
        let step: UInt8
        let height, round, chain_id, bytes: String
    }
    struct Genesis: Decodable {
        let chain_id, address, validators_hash: String
        let key: Data
    }
    struct Block: Decodable {
        let hash, time, last_commit_hash, height: String
        let last_block_id: Name?
    }
    struct AllBlocks: Decodable { let app_hash, consensus_hash, empty_hashes: String }
    struct CommitVector: Decodable {
        let parts, time: String
        let total: UInt32
        let signature: Data
    }
    struct Vote: Decodable {
        let time: String
        let signature: Data
    }
    struct TransactionVector: Decodable {
        let bytes: Data
        let hash, data_hash_alone: String
    }
    struct Network: Decodable {
        let genesis: Genesis
        let first_block, tenth_block: Block
        let all_blocks: AllBlocks
        let tenth_commit: CommitVector
        let ninth_vote: Vote
        let transaction: TransactionVector

        func set() throws -> ValidatorSet {
            let key = try #require(PublicKey(scheme: .ed25519, bytes: Array(genesis.key)))
            return try ValidatorSet([ConsensusValidator(key: key, power: 10)])
        }

        func header(_ block: Block) throws -> Header {
            let set = try set()
            let empty = Digest(hex: all_blocks.empty_hashes)
            let height = try #require(UInt64(block.height))
            return try Header(
                place: Header.Place(
                    blockVersion: 11,
                    appVersion: 1,
                    chainName: genesis.chain_id,
                    height: BlockHeight(height),
                    time: try #require(BlockTime(text: block.time)),
                    lastBlockID: try block.last_block_id?.id(),
                    proposer: set.validators[0].address
                ),
                hashes: Header.Hashes(
                    lastCommit: Digest(hex: block.last_commit_hash),
                    data: empty,
                    validators: set.hash,
                    nextValidators: set.hash,
                    consensus: try #require(Digest(hex: all_blocks.consensus_hash)),
                    app: try #require(Hex.decode(all_blocks.app_hash)),
                    lastResults: empty,
                    evidence: empty
                )
            )
        }

        func vote(_ time: String, _ signature: Data) throws -> CommitVote {
            let vote = CommitVote.SignedVote(
                validator: try set().validators[0].address,
                time: try #require(BlockTime(text: time)),
                signature: Array(signature)
            )
            return .block(try #require(vote))
        }
    }
    let header: HeaderVector
    let sign_bytes: [SignBytes]
    let empty_set_hash: String
    let network: Network
}

@Suite("LGT-1: what the engine hashes and signs, byte for byte")
struct EngineVectorTests {
    private let vectors: EngineVectors

    init() throws {
        vectors = try Vectors.load(EngineVectors.self, "cometbft/engine.json")
    }

    @Test("a header hashes as in the engine's own test")
    func headerHash() throws {
        let vector = vectors.header
        func digest(_ name: String) throws -> Digest {
            Digest(sha256: Array(try #require(vector.hashed_texts[name]).utf8))
        }
        let proposer = ConsensusAddress(bytes: try digest("proposer_address").bytes.prefix(20))
        let header = try Header(
            place: Header.Place(
                blockVersion: try #require(UInt64(vector.version.block)),
                appVersion: try #require(UInt64(vector.version.app)),
                chainName: vector.chain_id,
                height: BlockHeight(try #require(UInt64(vector.height))),
                time: try #require(BlockTime(text: vector.time)),
                lastBlockID: try vector.last_block_id.id(),
                proposer: try #require(proposer)
            ),
            hashes: Header.Hashes(
                lastCommit: try digest("last_commit_hash"),
                data: try digest("data_hash"),
                validators: try digest("validators_hash"),
                nextValidators: try digest("next_validators_hash"),
                consensus: try digest("consensus_hash"),
                app: try digest("app_hash").bytes,
                lastResults: try digest("last_results_hash"),
                evidence: try digest("evidence_hash")
            )
        )
        #expect(header.hash.description == vector.hash)
    }

    @Test("a vote's sign bytes are those of the engine's own tests")
    func signBytes() throws {
        #expect(vectors.sign_bytes.count == 5)
        for vector in vectors.sign_bytes {
            let vote = CanonicalVote(
                step: CanonicalVote.Step(rawValue: vector.step),
                height: try #require(Int64(vector.height)),
                round: try #require(Int64(vector.round)),
                blockID: nil,
                time: .absent,
                chainName: vector.chain_id
            )
            #expect(Hex.encode(vote.signBytes) == vector.bytes)
        }
    }

    @Test("the first and the tenth block of a real network hash to what its nodes answered")
    func networkHeaders() throws {
        let network = vectors.network
        let set = try network.set()
        #expect(set.hash.description == network.genesis.validators_hash)
        #expect(set.validators[0].address.description == network.genesis.address)
        for block in [network.first_block, network.tenth_block] {
            #expect(try network.header(block).hash.description == block.hash)
        }
    }

    @Test("a real network's commit verifies, and hashes to what the next header carries")
    func networkCommit() throws {
        let network = vectors.network
        let header = try network.header(network.tenth_block)
        let ninth = try network.vote(network.ninth_vote.time, network.ninth_vote.signature)
        let name = try #require(header.lastBlockID)
        let last = Commit(height: BlockHeight(9), round: 0, blockID: name, votes: [ninth])
        #expect(last.hash == header.lastCommitHash)

        let vote = try network.vote(network.tenth_commit.time, network.tenth_commit.signature)
        let blockID = BlockID(
            hash: header.hash,
            partCount: network.tenth_commit.total,
            partsHash: try #require(Digest(hex: network.tenth_commit.parts))
        )
        let block = LightBlock(
            header: header,
            commit: Commit(height: BlockHeight(10), round: 0, blockID: blockID, votes: [vote]),
            validators: try network.set()
        )
        let tally = try block.verify(chainName: network.genesis.chain_id)
        #expect(tally.signers == 1 && tally.signedPower == 10)
        let first = try network.header(network.first_block)
        #expect(header.time > first.time)
    }

    @Test("transactions are named and rooted as a real network's nodes answered")
    func transactions() throws {
        let vector = vectors.network.transaction
        let hash = EngineTransactions.hash(of: Array(vector.bytes))
        #expect(hash.description == vector.hash)
        let root = EngineTransactions.root(of: [Array(vector.bytes)])
        #expect(root.description == vector.data_hash_alone)
        #expect(EngineTransactions.isIncluded(hash, at: 0, of: 1, path: [], root: root))
        #expect(!EngineTransactions.isIncluded(hash, at: 0, of: 2, path: [], root: root))
        #expect(!EngineTransactions.isIncluded(root, at: 0, of: 1, path: [], root: root))
        let none = EngineTransactions.root(of: [])
        #expect(none.description == vectors.network.all_blocks.empty_hashes)
        #expect(none.description == vectors.empty_set_hash)
    }
}
