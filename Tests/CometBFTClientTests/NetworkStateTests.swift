import CanonicalCoding
import CometBFTClient
import CometBFTTypes
import Foundation
import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import Testing

@Suite("LGT-14: what is read is proven against a signed header", .timeLimit(.minutes(2)))
struct NetworkStateTests {
    private let market: Market

    init() throws { market = try Market() }

    private func key(_ number: UInt8) -> StateKey { .account(AccountID(Digest(sha256: [number]))) }

    @Test("presence and absence are proven, with a block that a stranger can check")
    func proven() async throws {
        var chain = try market.chain(3)
        try market.include(market.transaction(1), sequence: 1, in: &chain)
        try await market.run([chain]) { ledger, _ in
            let found = try await ledger.provenEntry(market.account)
            #expect(found.value == market.entry(1))
            try found.block.verify(chainName: chain.name)
            let root = try #require(Digest(bytes: found.block.header.appHash))
            try found.proof.verify(key: market.account, value: found.value, root: root)
            let none = try await ledger.entry(key(99), proven: true)
            #expect(none.value == nil && none.proof != nil)
            let read = try await ledger.account(market.key.accountID)
            #expect(read.sequence == 1)
            let plain = try await ledger.entry(market.account, proven: false)
            #expect(plain.proof == nil && plain.header == nil && plain.value == market.entry(1))
        }
    }

    /// Twelve ways to answer falsely about the account on a chain.
    private func lies(about chain: TestChain) -> [String] {
        let state = chain.block(chain.height).state
        let height = chain.height
        let (wrong, right) = (market.entry(2), market.entry(1))
        let own = (key: market.account, proof: state.proof(of: market.account))
        let other = (key: key(1), proof: state.proof(of: key(1)))
        let mixed = (key: market.account, proof: other.proof)
        let empty = (key: market.account, proof: StateProof(terminal: .empty, siblings: []))
        let value = state[key(1)]
        return [
            NodeAnswers.query(value: wrong, height: height, index: 1, operation: own),
            NodeAnswers.query(value: value, height: height, index: 1, operation: other),
            NodeAnswers.query(value: value, height: height, index: 1, operation: mixed),
            NodeAnswers.query(value: nil, height: height, index: 0, operation: own),
            NodeAnswers.query(value: right, height: height, index: 0, operation: own),
            NodeAnswers.query(value: nil, height: height, index: 1, operation: own),
            NodeAnswers.query(value: right, height: height, index: 1),
            NodeAnswers.query(value: right, height: -1, index: 1, operation: own),
            NodeAnswers.query(value: right, height: 900, index: 1, operation: own),
            NodeAnswers.query(value: nil, height: height, index: 0, operation: empty),
            // With the next header at hand, so that nothing needs to be waited for.
            NodeAnswers.query(value: wrong, height: height - 1, index: 1, operation: own),
            NodeAnswers.query(value: nil, height: height - 1, index: 0, operation: empty),
        ]
    }

    @Test(
        "a swapped value, another key's proof and a hidden entry are refused, also unasked",
        arguments: 0..<12
    )
    func believesNoLie(number: Int) async throws {
        var chain = try market.chain(3)
        try market.include(market.transaction(1), sequence: 1, in: &chain)
        let lie = lies(about: chain)[number]
        let instead: @Sendable (String, [String: String]) -> String? = { method, _ in
            guard method == "abci_query" else { return nil }
            return "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\(lie)}"
        }
        try await market.run([chain]) { ledger, network in
            network.nodes[0].change { $0.instead = instead }
            let found = await ledgerError {
                _ = try await ledger.entry(market.account, proven: false)
            }
            #expect(found != nil)
        }
        try await market.run([chain, chain]) { ledger, network in
            network.nodes[0].change { $0.instead = instead }
            let found = try await ledger.entry(market.account, proven: false)
            #expect(found.value == market.entry(1))
        }
    }

    @Test("an idle network proves its state by the header that it has")
    func idle() async throws {
        let chain = try market.chain(3)
        try await market.run([chain]) { ledger, _ in
            let found = try await ledger.entry(market.account, proven: false)
            #expect(found.value == market.entry(0) && found.height == BlockHeight(2))
        }
    }

    @Test("an answer from a state older than one already seen is not taken")
    func replay() async throws {
        var later = try market.chain(3)
        try market.include(market.transaction(1), sequence: 1, in: &later)
        try await market.run([later, later]) { ledger, network in
            let seen = try await ledger.entry(market.account, proven: false)
            #expect(seen.value == market.entry(1))
            network.nodes[0].change { $0.heightMax = 3 }
            network.nodes[1].change { $0.manner = .text("", status: 503) }
            let found = await ledgerError {
                _ = try await ledger.entry(market.account, proven: false)
            }
            #expect(found?.code == .unreachable)
        }
    }

    @Test("the status is that of the latest proven state, with the genesis' parameters")
    func status() async throws {
        let chain = try market.chain(4)
        try await market.run([chain]) { ledger, _ in
            let status = try await ledger.status()
            #expect(status.chain == market.genesis.chain && status.name == "stoa-test")
            #expect(status.height == BlockHeight(3) && status.parameters == .standard)
            #expect(status.stateRoot == chain.block(3).state.root)
            #expect(status.time == chain.block(3).light.header.time.timestamp)
        }
        let young = try market.chain(1)
        try await market.run([young]) { ledger, _ in
            let status = try await ledger.status()
            #expect(status.height == BlockHeight(0) && status.time == market.genesis.time)
        }
    }

    @Test("the numbers in the status are those that a vote left, and proven")
    func numbers() async throws {
        let changed = LedgerParameters(
            feeMinimum: Amount(obol: 5),
            feePerByte: .zero,
            closingDelayBlocks: 100,
            unbondingDelayBlocks: 200
        )
        var chain = try market.chain(3)
        var plan = TestChain.Plan()
        plan.change = { $0[.parameters] = changed.canonicalBytes }
        try chain.append(plan)
        try chain.grow(2)
        try await market.run([chain]) { ledger, _ in
            for _ in 0..<2 {
                let status = try await ledger.status()
                #expect(status.parameters == changed)
            }
        }
    }

    @Test("another network's nodes are not asked twice")
    func otherNetwork() async throws {
        let chain = try market.chain(3)
        var other = TestChain(name: "stoa-other")
        try other.grow(9)
        try await market.run([chain, other]) { ledger, network in
            network.nodes[0].change { $0.heightMax = 2 }
            _ = try await ledger.status()
            let seen = try await ledger.lightBlock(at: BlockHeight(2))
            #expect(seen == chain.block(2).light)
        }
    }

    @Test("a list is in order and has its prefix, or is refused; values are proven if wanted")
    func lists() async throws {
        let chain = try market.chain(3)
        let prefix = StateKey(bytes: Array(market.account.bytes.prefix(1)))
        try await market.run([chain]) { ledger, _ in
            let all = try await ledger.entries(prefix: prefix, after: nil, limit: 100)
            #expect(all.count == 6)
            let rest = try await ledger.entries(prefix: prefix, after: all[1].key, limit: 2)
            #expect(rest == Array(all[2..<4]))
        }
        let state = chain.block(3).state
        let honest = state.entries(prefix: prefix, after: nil, limit: 100)
        let foreign = StateListAnswer.Entry(key: StateKey(bytes: [250]), value: [1])
        let forged = StateListAnswer.Entry(key: honest[0].key, value: market.entry(77))
        for list in [Array(honest.reversed()), honest + [foreign], [honest[0], honest[0]]] {
            try await market.run([chain]) { ledger, network in
                tell(network.nodes[0], list)
                let found = await ledgerError {
                    _ = try await ledger.entries(prefix: prefix, after: nil, limit: 100)
                }
                #expect(found?.code == .malformedAnswer)
            }
        }
        var settings = NetworkLedger.Settings()
        settings.provesLists = true
        try await market.run([chain], settings: settings) { ledger, network in
            tell(network.nodes[0], [forged])
            let listed = try await ledger.entries(prefix: prefix, after: nil, limit: 100)
            #expect(listed == [StateListing(key: honest[0].key, value: honest[0].value)])
        }
    }

    private func tell(_ node: FakeNode, _ list: [StateListAnswer.Entry]) {
        let answer = StateListAnswer(entries: list)
        node.change { state in
            state.instead = { method, parameters in
                guard method == "abci_query", parameters["path"] == "/list" else { return nil }
                let value = answer.canonicalBytes
                let result = NodeAnswers.query(value: value, height: 3, index: 1)
                return "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\(result)}"
            }
        }
    }

    @Test("followers see each block once, in order, with its transactions and events")
    func follows() async throws {
        var chain = try market.chain(2)
        try market.include(market.transaction(1), sequence: 1, in: &chain)
        try await market.run([chain, chain]) { ledger, network in
            network.nodes[0].change { state in
                state.rewrite = { method, result in
                    guard method == "block_results" else { return result }
                    return result.replacingOccurrences(of: "\"code\":0", with: "\"code\":9")
                }
            }
            var seen: [BlockSummary] = []
            for try await summary in ledger.blocks(from: BlockHeight(1)) {
                seen.append(summary)
                if seen.count == 4 { break }
            }
            #expect(seen.map(\.height.rawValue) == [1, 2, 3, 4])
            #expect(seen.map(\.transactions) == [0, 0, 3, 0])
            let changed = Event.bondChanged(market.key.accountID, active: Amount(obol: 1))
            #expect(seen.flatMap(\.events) == [changed])
            #expect(seen[2].time == chain.block(3).light.header.time.timestamp)
        }
    }
}
