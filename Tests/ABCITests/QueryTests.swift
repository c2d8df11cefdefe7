import ABCI
import CanonicalCoding
import Consensus
import Identity
import LedgerCore
import LedgerStore
import MarketTypes
import Synchronization
import Testing

@Suite("Questions", .timeLimit(.minutes(1)))
struct QueryTests {
    @Test("an unknown path is code 1, and a malformed question code 2, and neither is fatal")
    func refused() async throws {
        let chain = try Chain()
        try await driving(chain, try chain.open()) { engine in
            for path in ["", "/", "/state/", "state", "/blocks"] {
                let answer = try await engine.ask(path)
                #expect(answer.code == 1)
                #expect(answer.codespace == "stoa-query")
            }
            let long = [UInt8](repeating: 1, count: StateKey.bytesMax + 1)
            for (path, data) in [
                ("/state", []), ("/state", long), ("/list", []), ("/list", [1]),
                ("/transaction", [1]), ("/status", [1]), ("/genesis", [1]),
            ] {
                #expect(try await engine.ask(path, data).code == 2, "\(path)")
            }
            var request = QueryRequest()
            request.path = "/status"
            for height in [1, -1, Int64.max] {
                request.height = height
                guard case .query(let answer) = try await engine.query.call(.query(request)) else {
                    Issue.record("another kind")
                    return
                }
                #expect(answer.code == 3)
            }
        }
    }

    @Test("a path that is not UTF-8 is unknown, and the connection goes on")
    func pathOfAnyBytes() async throws {
        let chain = try Chain()
        try await driving(chain, try chain.open()) { engine in
            for path in [[0xff], [UInt8]("/status".utf8) + [0xc3]] as [[UInt8]] {
                let query = [0x12, UInt8(path.count)] + path
                let request = [0x32, UInt8(query.count)] + query
                try await engine.query.send(raw: FrameBuffer.frame(request))
                try await engine.query.send([.flush])
                guard case .query(let answer)? = try await engine.query.receive() else {
                    Issue.record("another kind")
                    return
                }
                #expect(answer.code == 1)
                #expect(try await engine.query.receive() == .flush)
            }
            #expect(try await engine.info().lastBlockHeight == 0)
        }
    }

    @Test("an entry comes with a proof against the root that the next header carries")
    func state() async throws {
        let chain = try Chain()
        try await driving(chain, try chain.open()) { engine in
            try await engine.broadcast(chain.transfer(Chain.alice, 1))
            let root = Digest(bytes: try await engine.produce().appHash)
            let key = StateKey.account(Chain.bob.accountID)
            let answer = try await engine.ask("/state", key.bytes, prove: true)
            #expect(answer.code == 0)
            #expect(answer.index == 1)
            #expect(answer.height == 1)
            #expect(answer.key == key.bytes)
            let step = try #require(answer.proof?.operations.first)
            #expect(step.type == "stoa:state")
            #expect(step.key == key.bytes)
            let proof = try StateProof(canonicalBytes: step.data)
            try proof.verify(key: key, value: answer.value, root: try #require(root))
            #expect(try await engine.ask("/state", key.bytes).proof == nil)
        }
    }

    @Test("an entry that is not there is proven not to be there")
    func absence() async throws {
        let chain = try Chain()
        let ledger = try chain.open()
        try await driving(chain, ledger) { engine in
            let key = StateKey.account(Chain.key("nobody").accountID)
            let answer = try await engine.ask("/state", key.bytes, prove: true)
            #expect(answer.code == 0)
            #expect(answer.index == 0)
            #expect(answer.value.isEmpty)
            let step = try #require(answer.proof?.operations.first)
            let proof = try StateProof(canonicalBytes: step.data)
            try proof.verify(key: key, value: nil, root: try ledger.head.root)
        }
    }

    @Test("lists, standing, genesis and transactions are told in canonical bytes")
    func documents() async throws {
        let chain = try Chain()
        let ledger = try chain.open()
        try await driving(chain, ledger) { engine in
            let refused = chain.transfer(Chain.alice, 2, to: Chain.bob, 2_000_000_000_000)
            try await engine.broadcast(chain.transfer(Chain.alice, 1))
            try await engine.broadcast(refused)
            let results = try await engine.produce().results
            #expect(results.map(\.code) == [0, 202])
            let question = StateListQuestion(prefix: StateKey(bytes: [1]), after: nil, limit: 1)
            let list = try await engine.ask("/list", question.canonicalBytes)
            let entries = try StateListAnswer(canonicalBytes: list.value).entries
            #expect(entries.count == 1)
            let next = StateListQuestion(
                prefix: question.prefix,
                after: entries[0].key,
                limit: 1000
            )
            let rest = try await engine.ask("/list", next.canonicalBytes)
            #expect(try StateListAnswer(canonicalBytes: rest.value).entries.count == 1)

            let status = try await engine.ask("/status")
            let standing = try LedgerStanding(canonicalBytes: status.value)
            #expect(standing.chain == chain.genesis.chain)
            #expect(standing.height == BlockHeight(1))
            #expect(standing.stateRoot == (try ledger.head.root))
            #expect(standing.time == (try ledger.head.time))
            #expect(standing.parameters == chain.genesis.parameters)

            let genesis = try await engine.ask("/genesis")
            #expect(genesis.value == chain.genesis.canonicalBytes)

            let checked = try CheckedTransaction(
                canonicalBytes: refused,
                chain: chain.genesis.chain
            )
            let found = try await engine.ask("/transaction", checked.digest.bytes)
            #expect(found.index == 1)
            var decoder = CanonicalDecoder(found.value)
            #expect(try decoder.decodeUInt64() == 1)
            let result = try TransactionResult(from: &decoder)
            #expect(result.refusal == .accounts(.insufficientBalance))
            let unknown = try await engine.ask("/transaction", Digest.zero.bytes)
            #expect(unknown.code == 0)
            #expect(unknown.index == 0)
            #expect(unknown.value.isEmpty)
        }
    }

    @Test("the supply is the last count with its own height, and unavailable before the first")
    func supply() async throws {
        let chain = try Chain()
        try await driving(chain, try chain.open()) { engine in
            let nobodyCounts = try await engine.ask("/supply")
            #expect(nobodyCounts.code == 1)
        }
        let counts = Mutex<[UInt8]?>(nil)
        var configuration = EngineLedger.Configuration()
        configuration.supplyReport = {
            counts.withLock { $0.map { (height: BlockHeight(7), report: $0) } }
        }
        try await driving(chain, try chain.open(configuration: configuration)) { engine in
            #expect(try await engine.ask("/supply").code == 4)
            counts.withLock { $0 = [1, 2, 3] }
            let answer = try await engine.ask("/supply")
            #expect(answer.code == 0 && answer.index == 1)
            #expect(answer.value == [1, 2, 3] && answer.height == 7)
            #expect(try await engine.ask("/supply", [1]).code == 2)
        }
    }

    @Test("questions see the last committed state, not the one being finalized")
    func committedOnly() async throws {
        let chain = try Chain()
        try await driving(chain, try chain.open()) { engine in
            let key = StateKey.account(Chain.bob.accountID).bytes
            let before = try await engine.ask("/state", key)
            _ = try await engine.finalize(chain.block(1, [chain.transfer(Chain.alice, 1)]))
            #expect(try await engine.ask("/state", key) == before)
            try await engine.commit()
            #expect(try await engine.ask("/state", key).value != before.value)
        }
    }
}
