import ABCI

extension Golden {
    /// The requests of Vectors/abci/requests.json.
    static var requests: [String: EngineRequest] {
        [
            "echo/0": .echo(TextMessage()),
            "echo/1": .echo(TextMessage("hello")),
            "flush/0": .flush,
            "info/0": .info(InfoRequest()),
            "info/1": .info(
                made {
                    $0.version = "0.38.25"
                    $0.blockVersion = 11
                    $0.p2pVersion = 8
                    $0.abciVersion = "2.0.0"
                }
            ),
            "init_chain/0": .initChain(InitChainRequest()),
            "init_chain/1": .initChain(initChain),
            "init_chain/2": .initChain(
                made {
                    $0.time = EngineTime(seconds: -62_135_596_800)
                    $0.consensusParams = ConsensusParams()
                }
            ),
            "query/0": .query(QueryRequest()),
            "query/1": .query(
                made {
                    $0.data = [1] + [UInt8](repeating: 0, count: 32)
                    $0.path = "/state"
                    $0.height = 42
                    $0.prove = true
                }
            ),
            "check_tx/0": .checkTransaction(CheckTransactionRequest()),
            "check_tx/1": .checkTransaction(made { $0.transaction = [0xaa, 0xbb, 0xcc] }),
            "check_tx/2": .checkTransaction(
                made {
                    $0.transaction = [0xaa, 0xbb, 0xcc]
                    $0.kind = .recheck
                }
            ),
            "commit/0": .commit,
            "list_snapshots/0": .listSnapshots,
        ].merging(snapshotRequests) { old, _ in old }
            .merging(blockRequests) { old, _ in old }
    }

    private static var initChain: InitChainRequest {
        made {
            $0.time = time
            $0.chainID = "stoa-00"
            $0.consensusParams = params
            $0.validators = updates
            $0.appState = Array("{\"stoa_genesis\":\"00\"}".utf8)
            $0.initialHeight = 1
        }
    }

    private static var snapshotRequests: [String: EngineRequest] {
        [
            "offer_snapshot/0": .offerSnapshot(OfferSnapshotRequest()),
            "offer_snapshot/1": .offerSnapshot(
                made {
                    $0.snapshot = snapshot
                    $0.appHash = hash
                }
            ),
            "offer_snapshot/2": .offerSnapshot(made { $0.snapshot = SnapshotInfo() }),
            "load_snapshot_chunk/0": .loadSnapshotChunk(LoadSnapshotChunkRequest()),
            "load_snapshot_chunk/1": .loadSnapshotChunk(
                made {
                    $0.height = 300
                    $0.format = 1
                    $0.chunk = 128
                }
            ),
            "apply_snapshot_chunk/0": .applySnapshotChunk(ApplySnapshotChunkRequest()),
            "apply_snapshot_chunk/1": .applySnapshotChunk(
                made {
                    $0.index = 3
                    $0.chunk = [0, 0, 0]
                    $0.sender = "node"
                }
            ),
        ]
    }

    private static var blockRequests: [String: EngineRequest] {
        [
            "prepare_proposal/0": .prepareProposal(PrepareProposalRequest()),
            "prepare_proposal/1": .prepareProposal(prepare),
            "prepare_proposal/2": .prepareProposal(
                made {
                    $0.maxTransactionBytes = -1
                    $0.localLastCommit.round = -1
                }
            ),
            "process_proposal/0": .processProposal(BlockRequest()),
            "process_proposal/1": .processProposal(block),
            "extend_vote/0": .extendVote(ExtendVoteRequest()),
            "extend_vote/1": .extendVote(
                made {
                    $0.transactions = block.transactions
                    $0.lastCommit = block.lastCommit
                    $0.misbehavior = block.misbehavior
                    $0.hash = block.hash
                    $0.height = block.height
                    $0.time = block.time
                    $0.nextValidatorsHash = block.nextValidatorsHash
                    $0.proposerAddress = block.proposerAddress
                }
            ),
            "verify_vote_extension/0": .verifyVoteExtension(VerifyVoteExtensionRequest()),
            "verify_vote_extension/1": .verifyVoteExtension(
                made {
                    $0.hash = hash
                    $0.validatorAddress = address
                    $0.height = 300
                    $0.voteExtension = [1]
                }
            ),
            "finalize_block/0": .finalizeBlock(BlockRequest()),
            "finalize_block/1": .finalizeBlock(block),
        ]
    }

    private static var prepare: PrepareProposalRequest {
        let vote: ExtendedVoteInfo = made {
            $0.validator = validator
            $0.voteExtension = [1]
            $0.extensionSignature = [2]
            $0.flag = .commit
        }
        return made {
            $0.maxTransactionBytes = 22_020_096
            $0.transactions = transactions
            $0.localLastCommit.round = 1
            $0.localLastCommit.votes = [vote, ExtendedVoteInfo()]
            $0.misbehavior = misbehavior
            $0.height = 300
            $0.time = time
            $0.nextValidatorsHash = hash
            $0.proposerAddress = address
        }
    }
}
