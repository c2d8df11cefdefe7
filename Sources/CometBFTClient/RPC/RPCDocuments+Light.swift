import CometBFTTypes
import FoundationEssentials
import Identity
import MarketTypes

extension RPCDocuments.BlockIDDocument {
    func id(as field: LightField) throws(LightRefusal) -> BlockID? {
        if hash.isEmpty, parts.total == 0, parts.hash.isEmpty { return nil }
        guard let hash = Digest(hex: hash), let partsHash = Digest(hex: parts.hash) else {
            throw .malformed(field)
        }
        return BlockID(hash: hash, partCount: parts.total, partsHash: partsHash)
    }
}

extension RPCDocuments.HeaderDocument {
    func header() throws(LightRefusal) -> Header {
        guard let time = BlockTime(text: time) else { throw .malformed(.time) }
        guard let proposer = Hex.decode(proposer_address).flatMap({ ConsensusAddress(bytes: $0) })
        else { throw .malformed(.proposer) }
        guard height.value > 0 else { throw .malformed(.height) }
        guard (version.block?.value ?? 0) >= 0, (version.app?.value ?? 0) >= 0 else {
            throw .malformed(.version)
        }
        let place = Header.Place(
            blockVersion: UInt64(version.block?.value ?? 0),
            appVersion: UInt64(version.app?.value ?? 0),
            chainName: chain_id,
            height: BlockHeight(UInt64(height.value)),
            time: time,
            lastBlockID: try last_block_id.id(as: .lastBlockID),
            proposer: proposer
        )
        return try Header(place: place, hashes: try hashes())
    }

    private func hashes() throws(LightRefusal) -> Header.Hashes {
        guard let app = Hex.decode(app_hash) else { throw .malformed(.appHash) }
        return Header.Hashes(
            lastCommit: try Self.optional(last_commit_hash, .lastCommitHash),
            data: try Self.optional(data_hash, .dataHash),
            validators: try Self.digest(validators_hash, .validatorsHash),
            nextValidators: try Self.digest(next_validators_hash, .nextValidatorsHash),
            consensus: try Self.digest(consensus_hash, .consensusHash),
            app: app,
            lastResults: try Self.optional(last_results_hash, .lastResultsHash),
            evidence: try Self.optional(evidence_hash, .evidenceHash)
        )
    }

    private static func digest(
        _ text: String,
        _ field: LightField
    ) throws(LightRefusal) -> Digest {
        guard let digest = Digest(hex: text) else { throw .malformed(field) }
        return digest
    }

    private static func optional(
        _ text: String,
        _ field: LightField
    ) throws(LightRefusal) -> Digest? {
        text.isEmpty ? nil : try digest(text, field)
    }
}

extension RPCDocuments.CommitDocument {
    func commit() throws(LightRefusal) -> Commit {
        guard height.value > 0 else { throw .malformed(.commitHeight) }
        guard round <= Commit.roundMax else { throw .malformed(.commitRound) }
        guard let blockID = try block_id.id(as: .commitBlockID) else {
            throw .malformed(.commitBlockID)
        }
        guard signatures.count <= ValidatorSet.countMax else { throw .malformed(.commit) }
        var votes: [CommitVote] = []
        for signature in signatures { votes.append(try signature.vote()) }
        return Commit(
            height: BlockHeight(UInt64(height.value)),
            round: round,
            blockID: blockID,
            votes: votes
        )
    }
}

extension RPCDocuments.VoteDocument {
    func vote() throws(LightRefusal) -> CommitVote {
        guard let address = Hex.decode(validator_address) else { throw .malformed(.voteAddress) }
        guard let time = BlockTime(text: timestamp) else { throw .malformed(.voteTime) }
        let parts = VoteParts(
            flag: block_id_flag,
            address: address,
            time: time,
            signature: Array(signature ?? .init())
        )
        return try parts.vote()
    }
}

extension RPCDocuments.ValidatorDocument {
    func validator() throws(LightRefusal) -> ConsensusValidator {
        guard pub_key.type == "tendermint/PubKeyEd25519",
            let key = PublicKey(scheme: .ed25519, bytes: Array(pub_key.value))
        else { throw .malformed(.validatorKey) }
        guard voting_power.value > 0 else { throw .malformed(.validatorPower) }
        let member = ConsensusValidator(key: key, power: UInt64(voting_power.value))
        guard Hex.decode(address) == member.address.bytes else {
            throw .malformed(.validatorAddress)
        }
        return member
    }
}

extension RPCDocuments.ExecutionDocument {
    /// What validators agreed on of this result.
    var agreed: AgreedResult {
        AgreedResult(
            code: code,
            data: Array(data ?? .init()),
            gasWanted: gas_wanted?.value ?? 0,
            gasUsed: gas_used?.value ?? 0
        )
    }
}
