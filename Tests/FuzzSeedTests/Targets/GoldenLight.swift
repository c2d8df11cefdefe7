import CometBFTTypes
import Foundation
import Identity
import MarketTypes

/// The sealed blocks of the vectors, and answers of nodes that carry them.
enum GoldenLight {
    static var blocks: [LightBlock] { get throws { try loaded.get() } }

    private static let loaded = Result {
        try GoldenInputs.strings("bytes", in: "cometbft/light.json")
            .compactMap { Hex.decode($0) }.compactMap { try? LightBlock(bytes: $0) }
    }

    /// Only what the vectors' validators signed is sealed, and follows from what they signed.
    static func checkVerdict(on block: LightBlock) throws {
        let known = try blocks
        let chainName = known.first?.header.chainName ?? ""
        if (try? block.verify(chainName: chainName)) != nil,
            known.contains(where: { $0.validators.hash == block.validators.hash })
        {
            let isKnown = known.contains { $0.header.hash == block.header.hash }
            try FuzzTarget.require(isKnown, "a block that nobody signed is sealed")
        }
        guard let first = known.first else { return }
        let now = first.header.time.advanced(bySeconds: 3600)
        let tally = try? LightVerifier.verify(block, from: first, rules: TrustRules(), at: now)
        guard tally != nil else { return }
        let isKnown = known.contains { $0.header.hash == block.header.hash }
        try FuzzTarget.require(isKnown, "a block that nobody signed follows")
    }

    private static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    private static func hex(_ bytes: [UInt8]) -> String { Hex.encode(bytes).uppercased() }

    private static func name(_ id: BlockID?) -> [String: Any] {
        [
            "hash": hex(id?.hash.bytes ?? []),
            "parts": ["total": id?.partCount ?? 0, "hash": hex(id?.partsHash.bytes ?? [])],
        ]
    }

    private static func header(_ header: Header) -> [String: Any] {
        [
            "version": ["block": "\(header.blockVersion)", "app": "\(header.appVersion)"],
            "chain_id": header.chainName, "height": "\(header.height.rawValue)",
            "time": header.time.text, "last_block_id": name(header.lastBlockID),
            "last_commit_hash": hex(header.lastCommitHash?.bytes ?? []),
            "data_hash": hex(header.dataHash?.bytes ?? []),
            "validators_hash": hex(header.validatorsHash.bytes),
            "next_validators_hash": hex(header.nextValidatorsHash.bytes),
            "consensus_hash": hex(header.consensusHash.bytes), "app_hash": hex(header.appHash),
            "last_results_hash": hex(header.lastResultsHash?.bytes ?? []),
            "evidence_hash": hex(header.evidenceHash?.bytes ?? []),
            "proposer_address": hex(header.proposer.bytes),
        ]
    }

    private static func vote(_ vote: CommitVote) -> [String: Any] {
        guard let signed = vote.signed else {
            return [
                "block_id_flag": 1, "validator_address": "", "signature": NSNull(),
                "timestamp": BlockTime.absent.text,
            ]
        }
        return [
            "block_id_flag": vote.isForBlock ? 2 : 3, "timestamp": signed.time.text,
            "validator_address": hex(signed.validator.bytes),
            "signature": base64(signed.signature),
        ]
    }

    private static func answer(_ result: [String: Any]) throws -> [UInt8] {
        let document: [String: Any] = ["jsonrpc": "2.0", "id": 1, "result": result]
        return Array(try JSONSerialization.data(withJSONObject: document, options: .sortedKeys))
    }

    /// Answers as the engine words them, from the vectors' blocks.
    static func answers() throws -> [[UInt8]] {
        var found: [[UInt8]] = others.map { Array($0.utf8) }
        for block in try blocks {
            let commit: [String: Any] = [
                "height": "\(block.commit.height.rawValue)", "round": block.commit.round,
                "block_id": name(block.commit.blockID),
                "signatures": block.commit.votes.map(vote),
            ]
            found.append(
                try answer(["signed_header": ["header": header(block.header), "commit": commit]])
            )
            let members: [[String: Any]] = block.validators.validators.map { member in
                [
                    "address": hex(member.address.bytes), "voting_power": "\(member.power)",
                    "pub_key": [
                        "type": "tendermint/PubKeyEd25519", "value": base64(member.key.bytes),
                    ],
                ]
            }
            found.append(
                try answer([
                    "block_height": "\(block.height.rawValue)", "validators": members,
                    "count": "\(members.count)", "total": "\(members.count)",
                ])
            )
        }
        return found
    }

    private static let others = [
        #"{"result":{"node_info":{"network":"n"},"sync_info":{"latest_block_height":"7"}}}"#,
        #"{"error":{"code":-32603,"message":"Internal error","data":"tx not found"}}"#,
        #"{"result":{"code":0,"data":"","log":"","codespace":"","hash":"AB"}}"#,
        #"{"result":{"height":"3","txs_results":[{"code":7,"data":"AQ==","gas_wanted":"0","#
            + #""gas_used":"0","log":"","events":[{"type":"stoa","attributes":[{"key":"event","#
            + #""value":"00","index":false}]}],"codespace":"stoa"}]}}"#,
        #"{"result":{"response":{"code":0,"log":"","index":"1","key":"AQ==","value":"Ag==","#
            + #""height":"9","proofOps":{"ops":[{"type":"stoa:state","key":"AQ==","data":"AA=="}]}"#
            + #"}}}"#,
        #"{"result":{"block_id":{"hash":"","parts":{"total":0,"hash":""}},"block":{"data":"#
            + #"{"txs":["AQ=="]}}}}"#,
        #"{"result":{"hash":"AB","height":"3","index":0,"tx":"AQ==","tx_result":{"code":0},"#
            + #""proof":{"root_hash":"","data":"AQ==","proof":{"total":"1","index":"0","#
            + #""leaf_hash":"","aunts":[]}}}}"#,
    ]

    /// Answers of the embedded node.
    static let nodeAnswers = [
        #"{"title":"t","status":422,"detail":"d","code":201,"refusal":"r","hint":"h"}"#,
        #"{"height":3,"value":"00","proof":"01","header":"02"}"#,
        #"{"height":3,"entries":[{"key":"01","value":"02"}]}"#,
        #"{"digest":"00","height":3,"code":0,"result":"01"}"#,
    ]
}
