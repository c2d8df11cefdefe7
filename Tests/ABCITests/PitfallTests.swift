import ABCI
import CanonicalCoding
import Consensus
import Glibc
import Identity
import LedgerCore
import LedgerStore
import MarketTypes
import Testing

/// What others got wrong, by the numbers of docs/spec/abci.md's list, as far as it concerns an
/// application.
@Suite("Pitfalls", .timeLimit(.minutes(2)))
struct PitfallTests {
    @Test("pitfall 1: new transactions between rechecks are answered in their place")
    func checksAmongRechecks() async throws {
        let chain = try Chain()
        try await driving(chain, try chain.open()) { engine in
            let first = chain.transfer(Chain.alice, 1)
            let second = chain.transfer(Chain.alice, 2)
            let broken = Array(chain.transfer(Chain.bob, 1).dropLast())
            try await engine.apply(chain.block(1))
            let kinds: [([UInt8], CheckTransactionRequest.Kind)] = [
                (first, .recheck), (broken, .new), (second, .recheck),
                (chain.transfer(Chain.bob, 1), .new), (chain.transfer(Chain.bob, 3), .recheck),
            ]
            try await engine.checks.send(
                kinds.map { transaction, kind in
                    .checkTransaction(
                        made {
                            $0.transaction = transaction
                            $0.kind = kind
                        }
                    )
                } + [.flush]
            )
            for code in [0, 101, 0, 0, 108] as [UInt32] {
                guard case .checkTransaction(let result)? = try await engine.checks.receive() else {
                    Issue.record("another kind")
                    return
                }
                #expect(result.code == code)
            }
            #expect(try await engine.checks.receive() == .flush)
        }
    }

    @Test("pitfall 2: a full mempool is rechecked in order, each answered, and none is lost")
    func recheckOfMany() async throws {
        let chain = try Chain()
        try await driving(chain, try chain.open()) { engine in
            let waiting = (1...2000).map { chain.transfer(Chain.alice, UInt64($0)) }
            let checks = waiting.map { transaction in
                EngineRequest.checkTransaction(made { $0.transaction = transaction })
            }
            try await engine.checks.send(checks + [.flush])
            for _ in 0...checks.count { _ = try await engine.checks.receive() }
            engine.mempool = waiting
            try await engine.apply(chain.block(1))
            #expect(engine.mempool == waiting)
            // The first ten go into a block; what is left can still follow them.
            try await engine.apply(chain.block(2, Array(waiting.prefix(10))))
            #expect(engine.mempool == Array(waiting.dropFirst(10)))
        }
    }

    @Test("pitfall 2: a recheck checks no signature again")
    func recheckIsCheap() throws {
        let chain = try Chain()
        let ledger = try chain.open()
        let transactions = (1...300).map { chain.transfer(Chain.alice, UInt64($0)) }
        let signatures = try Self.threadSeconds {
            for transaction in transactions {
                _ = try CheckedTransaction(
                    canonicalBytes: transaction,
                    chain: chain.genesis.chain
                )
            }
        }
        let codes = { (kind: CheckTransactionRequest.Kind) in
            ledger.check(
                transactions.map { transaction in
                    made {
                        $0.transaction = transaction
                        $0.kind = kind
                    }
                }
            ).map(\.code)
        }
        #expect(codes(.new) == [UInt32](repeating: 0, count: 300))
        ledger.application.restartAdmission()
        var again: [UInt32] = []
        let rechecks = Self.threadSeconds { again = codes(.recheck) }
        #expect(again == [UInt32](repeating: 0, count: 300))
        #expect(rechecks < signatures / 2, "\(rechecks) s; the signatures alone \(signatures) s")
    }

    /// What `body` costs on this thread, whatever else the machine does.
    private static func threadSeconds(_ body: () throws -> Void) rethrows -> Double {
        let now = {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        let before = now()
        try body()
        return now() - before
    }

    @Test("pitfall 3: no verdict is ever the zero of its enumeration")
    func verdicts() async throws {
        let chain = try Chain()
        try await driving(chain, try chain.open()) { engine in
            #expect(try await engine.process(chain.block(1)) == .accept)
            #expect(try await engine.process(chain.block(1, [[1]])) == .reject)
            let offer: OfferSnapshotRequest = made { $0.snapshot = SnapshotInfo() }
            guard
                case .offerSnapshot(let offered) = try await engine.snapshot.call(
                    .offerSnapshot(offer)
                ),
                case .applySnapshotChunk(let applied) = try await engine.snapshot.call(
                    .applySnapshotChunk(ApplySnapshotChunkRequest())
                ),
                case .verifyVoteExtension(let empty) = try await engine.consensus.call(
                    .verifyVoteExtension(VerifyVoteExtensionRequest())
                ),
                case .verifyVoteExtension(let full) = try await engine.consensus.call(
                    .verifyVoteExtension(made { $0.voteExtension = [1] })
                )
            else {
                Issue.record("another kind")
                return
            }
            #expect(offered.verdict == SnapshotVerdict.abort.rawValue)
            #expect(applied.verdict == ChunkVerdict.abort.rawValue)
            #expect(empty.verdict == .accept)
            #expect(full.verdict == .reject)
            let extended = try await engine.consensus.call(.extendVote(ExtendVoteRequest()))
            #expect(extended == .extendVote(BytesResponse()))
        }
    }

    @Test("pitfall 4: whatever Prepare makes, Process accepts; what cannot run is only dropped")
    func prepareAndProcessAgree() async throws {
        let chain = try Chain()
        let other = try Chain(name: "other")
        try await driving(chain, try chain.open()) { engine in
            var broken = chain.transfer(Chain.bob, 1)
            broken[broken.count - 1] ^= 1
            let good = [chain.transfer(Chain.alice, 1), chain.transfer(Chain.alice, 2)]
            let candidates = [
                [], [1, 2, 3], broken, other.transfer(Chain.bob, 1), good[0],
                chain.transfer(Chain.alice, 9), chain.transfer(Chain.key("nobody"), 1),
                chain.transfer(Chain.bob, 1, validUntil: 0), good[0], good[1],
            ]
            let prepared = try await engine.prepare(candidates)
            #expect(prepared == good)
            #expect(try await engine.process(chain.block(1, prepared)) == .accept)
            // Refused in the block is no reason to reject the block: the sender owes the fee.
            let poor = chain.transfer(Chain.alice, 1, to: Chain.bob, 2_000_000_000_000)
            #expect(try await engine.prepare([poor]) == [poor])
            #expect(try await engine.process(chain.block(1, [poor])) == .accept)
            // A stale number cannot run, but says nothing against the block: others may have it.
            let stale = chain.block(1, [good[1]])
            #expect(try await engine.process(stale) == .accept)
            #expect(try await engine.apply(stale).results.map(\.code) == [108])
        }
    }

    @Test("pitfall 5: two nodes with different pasts in memory answer byte for byte the same")
    func deterministic() async throws {
        let chain = try Chain()
        let blocks = (1...3).map { height in
            chain.block(
                Int64(height),
                [
                    chain.transfer(Chain.alice, UInt64(height)), [0],
                    chain.transfer(Chain.bob, UInt64(height), to: Chain.alice, 1 << 50),
                ]
            )
        }
        var answers: [[FinalizeBlockResponse]] = []
        for node in ["a", "b"] {
            let ledger = try chain.open(node)
            answers.append(
                try await driving(chain, ledger) { engine in
                    var answers: [FinalizeBlockResponse] = []
                    for block in blocks {
                        if node == "b" {
                            // This one has checked, prepared and judged; the other only follows.
                            try await engine.broadcast(block.transactions[0])
                            _ = try await engine.prepare(block.transactions)
                            _ = try await engine.process(block)
                        }
                        answers.append(try await engine.apply(block))
                    }
                    return answers
                }
            )
        }
        #expect(answers[0] == answers[1])
        #expect(
            EngineResponse.finalizeBlock(answers[0][2]).wireBytes
                == EngineResponse.finalizeBlock(answers[1][2]).wireBytes
        )
    }

    @Test("pitfall 6: height, root and state are durable together, before Commit is answered")
    func atomicCommit() async throws {
        let chain = try Chain()
        let ledger = try chain.open()
        try await driving(chain, ledger) { engine in
            let answer = try await engine.finalize(
                chain.block(1, [chain.transfer(Chain.alice, 1)])
            )
            #expect(try await engine.info().lastBlockHeight == 0)
            #expect(try ledger.account(Chain.alice).sequence == 0)
            try await engine.commit()
            let info = try await engine.info()
            #expect(info.lastBlockHeight == 1)
            #expect(info.lastBlockAppHash == answer.appHash)
            #expect(try ledger.account(Chain.alice).sequence == 1)
        }
    }
}
