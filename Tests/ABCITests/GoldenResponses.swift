import ABCI

extension Golden {
    /// The responses of Vectors/abci/responses.json.
    static var responses: [String: EngineResponse] {
        [
            "exception/0": .exception(TextMessage()),
            "exception/1": .exception(TextMessage("wrong")),
            "echo/0": .echo(TextMessage()),
            "echo/1": .echo(TextMessage("hello")),
            "flush/0": .flush,
            "info/0": .info(InfoResponse()),
            "info/1": .info(
                made {
                    $0.data = "stoa"
                    $0.version = "1.2.3"
                    $0.appVersion = 1
                    $0.lastBlockHeight = 300
                    $0.lastBlockAppHash = hash
                }
            ),
            "init_chain/0": .initChain(InitChainResponse()),
            "init_chain/1": .initChain(
                made {
                    $0.consensusParams = params
                    $0.validators = updates
                    $0.appHash = hash
                }
            ),
            "query/0": .query(QueryResponse()),
            "query/1": .query(query),
            "check_tx/0": .checkTransaction(ExecutionResult()),
            "check_tx/1": .checkTransaction(result),
            "commit/0": .commit(CommitResponse()),
            "commit/1": .commit(made { $0.retainHeight = 42 }),
        ].merging(snapshotResponses) { old, _ in old }
            .merging(blockResponses) { old, _ in old }
    }

    private static var query: QueryResponse {
        let step: ProofOperation = made {
            $0.type = "stoa:state"
            $0.key = [1]
            $0.data = [2, 3]
        }
        return made {
            $0.code = 2
            $0.log = "malformedQuestion"
            $0.info = "i"
            $0.index = 1
            $0.key = [1]
            $0.value = [2]
            $0.proof = made { $0.operations = [step, ProofOperation()] }
            $0.height = 300
            $0.codespace = "stoa-query"
        }
    }

    private static var snapshotResponses: [String: EngineResponse] {
        [
            "list_snapshots/0": .listSnapshots(ListSnapshotsResponse()),
            "list_snapshots/1": .listSnapshots(made { $0.snapshots = [snapshot, SnapshotInfo()] }),
            "offer_snapshot/0": .offerSnapshot(OfferSnapshotResponse()),
            "offer_snapshot/1": .offerSnapshot(made { $0.verdict = 1 }),
            "offer_snapshot/2": .offerSnapshot(made { $0.verdict = 5 }),
            "load_snapshot_chunk/0": .loadSnapshotChunk(BytesResponse()),
            "load_snapshot_chunk/1": .loadSnapshotChunk(BytesResponse([0, 0, 0, 0, 0])),
            "apply_snapshot_chunk/0": .applySnapshotChunk(ApplySnapshotChunkResponse()),
            "apply_snapshot_chunk/1": .applySnapshotChunk(
                made {
                    $0.verdict = 3
                    $0.refetchChunks = [0, 1, 300]
                    $0.rejectSenders = ["node", ""]
                }
            ),
        ]
    }

    private static var blockResponses: [String: EngineResponse] {
        [
            "prepare_proposal/0": .prepareProposal(PrepareProposalResponse()),
            "prepare_proposal/1": .prepareProposal(made { $0.transactions = transactions }),
            "process_proposal/0": .processProposal(VerdictResponse()),
            "process_proposal/1": .processProposal(VerdictResponse(.accept)),
            "process_proposal/2": .processProposal(VerdictResponse(.reject)),
            "extend_vote/0": .extendVote(BytesResponse()),
            "extend_vote/1": .extendVote(BytesResponse([1])),
            "verify_vote_extension/0": .verifyVoteExtension(VerdictResponse()),
            "verify_vote_extension/1": .verifyVoteExtension(VerdictResponse(.accept)),
            "verify_vote_extension/2": .verifyVoteExtension(VerdictResponse(.reject)),
            "finalize_block/0": .finalizeBlock(FinalizeBlockResponse()),
            "finalize_block/1": .finalizeBlock(
                made {
                    $0.events = events
                    $0.results = [result, ExecutionResult()]
                    $0.validatorUpdates = updates
                    $0.consensusParamUpdates = params
                    $0.appHash = hash
                }
            ),
        ]
    }
}
