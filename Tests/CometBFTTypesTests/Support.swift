import CometBFTTypes
import Foundation
import Identity
import MarketTypes
import Testing

/// The golden vectors at the top of the repository, found from where this file stands.
enum Vectors {
    static func load<Value: Decodable>(
        _ type: Value.Type,
        _ path: String,
        from file: String = #filePath
    ) throws -> Value {
        var root = URL(fileURLWithPath: file)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        let url = root.appendingPathComponent("Vectors").appendingPathComponent(path)
        return try JSONDecoder().decode(type, from: Data(contentsOf: url))
    }
}

/// `cometbft/light.json`: five blocks of a network whose validators change.
struct LightVectors: Decodable {
    struct Block: Decodable {
        let height, hash, validators_hash, commit_hash, signed_power, total_power, bytes: String

        func decoded() throws -> LightBlock {
            try LightBlock(bytes: try #require(Hex.decode(bytes)))
        }
    }

    struct Results: Decodable {
        struct Result: Decodable {
            let code: UInt32
            let data: String
        }
        let results: [Result]
        let root: String
    }

    let chain_id: String
    let blocks: [Block]
    let results: [Results]

    static func load() throws -> LightVectors {
        try Vectors.load(LightVectors.self, "cometbft/light.json")
    }

    /// The block at `height`, decoded.
    static func block(_ height: Int) throws -> LightBlock {
        try load().blocks[height - 1].decoded()
    }
}

extension LightBlock {
    /// The same block with other parts.
    func with(
        header: Header? = nil,
        commit: Commit? = nil,
        validators: ValidatorSet? = nil
    ) -> LightBlock {
        LightBlock(
            header: header ?? self.header,
            commit: commit ?? self.commit,
            validators: validators ?? self.validators
        )
    }
}

extension Commit {
    /// The same commit with other votes.
    func with(votes: [CommitVote]) -> Commit {
        Commit(height: height, round: round, blockID: blockID, votes: votes)
    }
}

extension Header {
    /// The same header after a change.
    func changed(
        _ change: (inout Place, inout Hashes) -> Void
    ) throws -> Header {
        var place = Place(
            blockVersion: blockVersion,
            appVersion: appVersion,
            chainName: chainName,
            height: height,
            time: time,
            lastBlockID: lastBlockID,
            proposer: proposer
        )
        var hashes = Hashes(
            lastCommit: lastCommitHash,
            data: dataHash,
            validators: validatorsHash,
            nextValidators: nextValidatorsHash,
            consensus: consensusHash,
            app: appHash,
            lastResults: lastResultsHash,
            evidence: evidenceHash
        )
        change(&place, &hashes)
        return try Header(place: place, hashes: hashes)
    }
}

/// The refusal that `body` ends with, or nil.
func refusal(_ body: () throws -> Void) -> LightRefusal? {
    do {
        try body()
        return nil
    } catch {
        return error as? LightRefusal
    }
}
