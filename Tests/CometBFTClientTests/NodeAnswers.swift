import CanonicalCoding
import CometBFTTypes
import Foundation
import Identity
import LedgerCore
import MarketTypes

/// The words in which a node answers, as the engine's RPC has them.
enum NodeAnswers {
    static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    static func hex(_ bytes: [UInt8]) -> String { Hex.encode(bytes).uppercased() }

    static func hex(_ digest: Digest?) -> String { digest.map { hex($0.bytes) } ?? "" }

    static func blockID(_ id: BlockID?) -> String {
        """
        {"hash":"\(hex(id?.hash))","parts":{"total":\(id?.partCount ?? 0),\
        "hash":"\(hex(id?.partsHash))"}}
        """
    }

    static func header(_ header: Header) -> String {
        """
        {"version":{"block":"\(header.blockVersion)","app":"\(header.appVersion)"},\
        "chain_id":"\(header.chainName)","height":"\(header.height.rawValue)",\
        "time":"\(header.time.text)","last_block_id":\(blockID(header.lastBlockID)),\
        "last_commit_hash":"\(hex(header.lastCommitHash))","data_hash":"\(hex(header.dataHash))",\
        "validators_hash":"\(hex(header.validatorsHash))",\
        "next_validators_hash":"\(hex(header.nextValidatorsHash))",\
        "consensus_hash":"\(hex(header.consensusHash))","app_hash":"\(hex(header.appHash))",\
        "last_results_hash":"\(hex(header.lastResultsHash))",\
        "evidence_hash":"\(hex(header.evidenceHash))",\
        "proposer_address":"\(hex(header.proposer.bytes))"}
        """
    }

    static func vote(_ vote: CommitVote) -> String {
        guard let signed = vote.signed else {
            return """
                {"block_id_flag":1,"validator_address":"",\
                "timestamp":"0001-01-01T00:00:00Z","signature":null}
                """
        }
        return """
            {"block_id_flag":\(vote.isForBlock ? 2 : 3),\
            "validator_address":"\(hex(signed.validator.bytes))",\
            "timestamp":"\(signed.time.text)","signature":"\(base64(signed.signature))"}
            """
    }

    static func commit(_ block: LightBlock) -> String {
        let commit = block.commit
        let votes = commit.votes.map(vote).joined(separator: ",")
        return """
            {"signed_header":{"header":\(header(block.header)),"commit":{\
            "height":"\(commit.height.rawValue)","round":\(commit.round),\
            "block_id":\(blockID(commit.blockID)),"signatures":[\(votes)]}},"canonical":true}
            """
    }

    static func validators(_ block: LightBlock, page: Int) -> String {
        let all = block.validators.validators
        let shown = all.dropFirst((page - 1) * 100).prefix(100)
        let list = shown.map { member in
            """
            {"address":"\(hex(member.address.bytes))","pub_key":{\
            "type":"tendermint/PubKeyEd25519","value":"\(base64(member.key.bytes))"},\
            "voting_power":"\(member.power)","proposer_priority":"-3"}
            """
        }
        return """
            {"block_height":"\(block.height.rawValue)","validators":[\
            \(list.joined(separator: ","))],"count":"\(shown.count)","total":"\(all.count)"}
            """
    }

    static func event(_ event: Event) -> String {
        """
        {"type":"stoa","attributes":[{"key":"event",\
        "value":"\(Hex.encode(event.canonicalBytes))","index":false}]}
        """
    }

    static func result(_ executed: Executed) -> String {
        let result = executed.result
        let data = result.data.isEmpty ? "null" : "\"\(base64(result.data))\""
        return """
            {"code":\(result.code),"data":\(data),"log":"","info":"",\
            "gas_wanted":"\(result.gasWanted)","gas_used":"\(result.gasUsed)",\
            "events":[\(executed.events.map(event).joined(separator: ","))],"codespace":""}
            """
    }

    static func results(_ block: ChainBlock) -> String {
        let list = block.executed.map(result).joined(separator: ",")
        return """
            {"height":"\(block.light.height.rawValue)",\
            "txs_results":\(block.executed.isEmpty ? "null" : "[\(list)]"),\
            "finalize_block_events":null,"validator_updates":null,\
            "consensus_param_updates":null,"app_hash":"\(base64(block.state.root.bytes))"}
            """
    }

    static func block(_ block: ChainBlock) -> String {
        let list = block.executed.map { "\"\(base64($0.bytes))\"" }.joined(separator: ",")
        return """
            {"block_id":\(blockID(block.light.commit.blockID)),"block":{\
            "header":\(header(block.light.header)),"data":{"txs":[\(list)]},\
            "evidence":{"evidence":[]},"last_commit":null}}
            """
    }

    static func transaction(_ block: ChainBlock, _ index: Int) -> String {
        let hashes = block.executed.map { EngineTransactions.hash(of: $0.bytes) }
        let path = MerkleTree.path(to: index, in: hashes) ?? []
        let aunts = path.map { "\"\(base64($0.bytes))\"" }.joined(separator: ",")
        let executed = block.executed[index]
        return """
            {"hash":"\(hex(hashes[index]))","height":"\(block.light.height.rawValue)",\
            "index":\(index),"tx_result":\(result(executed)),"tx":"\(base64(executed.bytes))",\
            "proof":{"root_hash":"\(hex(MerkleTree.root(of: hashes)))",\
            "data":"\(base64(executed.bytes))","proof":{"total":"\(hashes.count)",\
            "index":"\(index)","leaf_hash":"\(base64(MerkleTree.leafHash(hashes[index]).bytes))",\
            "aunts":[\(aunts)]}}}
            """
    }

    static func query(
        value: [UInt8]?,
        height: Int,
        index: Int,
        operation: (key: StateKey, proof: StateProof)? = nil
    ) -> String {
        let proof = operation.map {
            """
            {"ops":[{"type":"stoa:state","key":"\(base64($0.key.bytes))",\
            "data":"\(base64($0.proof.canonicalBytes))"}]}
            """
        }
        return """
            {"response":{"code":0,"log":"","info":"","index":"\(index)","key":null,\
            "value":\(value.map { "\"\(base64($0))\"" } ?? "null"),\
            "proofOps":\(proof ?? "null"),"height":"\(height)","codespace":""}}
            """
    }
}
