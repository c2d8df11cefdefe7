import CanonicalCoding
import CometBFTClient
import CometBFTTypes
import Foundation
import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import Testing

@Suite("LGT-15: a transaction's end is proven, whatever a node says", .timeLimit(.minutes(2)))
struct SubmissionTests {
    private let market: Market
    private let chain: TestChain

    init() throws {
        market = try Market()
        chain = try market.chain(3)
    }

    /// Makes a node put what it is given into the next block, with this end.
    private func includes(
        _ node: FakeNode,
        sequence: UInt64 = 1,
        refusal: Refusal? = nil,
        answer: FakeNode.Taken = .code(0)
    ) {
        let market = market
        node.change { state in
            state.takes = { bytes, chain in
                let known = chain.blocks.contains { $0.executed.contains { $0.bytes == bytes } }
                guard !known else { return .code(Refusal.transaction(.staleSequence).code) }
                try? market.include(bytes, sequence: sequence, refusal: refusal, in: &chain)
                return answer
            }
        }
    }

    @Test("an accepted transaction ends with its block, its result and its events")
    func accepted() async throws {
        let bytes = market.transaction(1)
        try await market.run([chain]) { ledger, network in
            includes(network.nodes[0])
            let outcome = try await ledger.submit(bytes)
            #expect(outcome.result.isAccepted && outcome.height == BlockHeight(4))
            let changed = Event.bondChanged(market.key.accountID, active: Amount(obol: 1))
            #expect(outcome.result.events == [changed])
            // The same bytes again have the same outcome.
            let again = try await ledger.submit(bytes)
            #expect(again == outcome)
        }
    }

    @Test("a session pays over a network, and goes on with the next number if another was faster")
    func session() async throws {
        let faster = market.transaction(1)
        try await market.run([chain]) { ledger, network in
            let market = market
            network.nodes[0].change { state in
                state.takes = { bytes, chain in
                    if chain.height == 3 {
                        try? market.include(faster, sequence: 1, in: &chain)
                        return .code(Refusal.transaction(.staleSequence).code)
                    }
                    let signed = try? Signed<Transaction>(canonicalBytes: bytes)
                    let sequence = signed?.document.sequence ?? 0
                    try? market.include(bytes, sequence: sequence, in: &chain)
                    return .code(0)
                }
            }
            let session = AccountSession(key: market.key, ledger: ledger)
            let messages = [
                Message.transfer(
                    to: market.key.accountID,
                    denomination: .native,
                    amount: Amount(obol: 1)
                )
            ]
            let paid = try await session.execute(messages)
            #expect(paid.sequence == 2 && paid.outcome.result.isAccepted)
            let next = try await session.execute(messages)
            #expect(next.sequence == 3)
        }
    }

    @Test("a transaction that failed in its block ends with the ledger's reason")
    func failedInBlock() async throws {
        try await market.run([chain]) { ledger, network in
            includes(network.nodes[0], refusal: .accounts(.insufficientBalance))
            let outcome = try await ledger.submit(market.transaction(1))
            #expect(outcome.result.refusal == .accounts(.insufficientBalance))
        }
    }

    @Test("what is no transaction of this chain is refused without asking anybody")
    func local() async throws {
        try await market.run([chain]) { ledger, network in
            let garbage = await ledgerError { _ = try await ledger.submit([1, 2, 3]) }
            #expect(garbage?.refusal == .transaction(.malformed))
            let large = [UInt8](repeating: 0, count: Transaction.bytesMax + 1)
            let tooLarge = await ledgerError { _ = try await ledger.submit(large) }
            #expect(tooLarge?.refusal == .transaction(.tooLarge))
            #expect(network.nodes[0].asked.isEmpty)
        }
    }

    @Test("'accepted' and then nothing is no success: the outcome stays unknown")
    func neverIncluded() async throws {
        try await market.run([chain]) { ledger, _ in
            let found = await ledgerError { _ = try await ledger.submit(market.transaction(1)) }
            #expect(found?.code == .unreachable)
        }
    }

    @Test("a result that validators did not agree on is not believed, and another node is asked")
    func otherResult() async throws {
        var after = chain
        let bytes = market.transaction(1)
        try market.include(bytes, sequence: 1, refusal: .accounts(.insufficientBalance), in: &after)
        let lies: [(String, String)] = [
            ("\"code\":202,\"data\":\"AA==\"", "\"code\":0,\"data\":null"),
            ("\"code\":202", "\"code\":203"), ("\"data\":\"AA==\"", "\"data\":\"AQ==\""),
            ("\"gas_used\":\"0\"", "\"gas_used\":\"1\""), ("\"height\":\"4\"", "\"height\":\"3\""),
            ("\"txs_results\":[", "\"txs_results\":[],\"others\":["),
        ]
        let code = Refusal.accounts(.insufficientBalance).code
        for (old, new) in lies {
            let old = old.replacingOccurrences(of: "202", with: "\(code)")
            let lie: @Sendable (String, String) -> String = { method, result in
                guard method == "block_results" else { return result }
                return result.replacingOccurrences(of: old, with: new)
            }
            #expect(
                lie("block_results", NodeAnswers.results(after.block(4)))
                    != NodeAnswers.results(after.block(4))
            )
            try await market.run([after, after]) { ledger, network in
                network.nodes[0].change { $0.rewrite = lie }
                let outcome = try await ledger.submit(bytes)
                #expect(outcome.result.refusal == .accounts(.insufficientBalance))
            }
            try await market.run([after]) { ledger, network in
                network.nodes[0].change { $0.rewrite = lie }
                // Whoever heard "stale" would pay again.
                let found = await ledgerError { _ = try await ledger.submit(bytes) }
                #expect(found?.code == .malformedAnswer && found?.refusal == nil)
            }
        }
    }

    @Test("a proof of inclusion for another place or another transaction is not believed")
    func otherPlace() async throws {
        var after = chain
        let bytes = market.transaction(1)
        // Before and after it in the block stand transactions that were accepted.
        try market.include(bytes, sequence: 1, refusal: .accounts(.insufficientBalance), in: &after)
        let lies: [(String, String)] = [
            ("\"height\":\"4\"", "\"height\":\"3\""), ("\"index\":\"1\"", "\"index\":\"2\""),
            ("\"index\":\"1\"", "\"index\":\"0\""), ("\"aunts\":[\"", "\"aunts\":[\"AAAA"),
            ("\"total\":\"3\"", "\"total\":\"4\""), ("\"index\":\"1\"", "\"index\":\"-1\""),
            ("\"total\":\"3\"", "\"total\":\"1\""), ("\"height\":\"4\"", "\"height\":\"0\""),
        ]
        for (old, new) in lies {
            let lie: @Sendable (String, String) -> String = { method, result in
                guard method == "tx" else { return result }
                return result.replacingOccurrences(of: old, with: new)
            }
            try await market.run([after, after]) { ledger, network in
                network.nodes[0].change { $0.rewrite = lie }
                let outcome = try await ledger.submit(bytes)
                #expect(outcome.result.refusal == .accounts(.insufficientBalance))
                #expect(outcome.height == BlockHeight(4))
            }
            try await market.run([after]) { ledger, network in
                network.nodes[0].change { $0.rewrite = lie }
                let found = await ledgerError { _ = try await ledger.submit(bytes) }
                #expect(found != nil && found?.refusal == nil)
            }
        }
    }

    @Test("a node that hides the transaction it took does not make it stale: the block is read")
    func hidden() async throws {
        let bytes = market.transaction(1)
        try await market.run([chain]) { ledger, network in
            includes(network.nodes[0], answer: .code(Refusal.transaction(.staleSequence).code))
            network.nodes[0].change { state in
                state.instead = { method, _ in
                    method == "tx" ? FakeNode.problem("tx (00) not found") : nil
                }
            }
            let outcome = try await ledger.submit(bytes)
            #expect(outcome.result.isAccepted && outcome.height == BlockHeight(4))
        }
    }

    @Test("a second, stale copy in the same or a later block is not what became of it")
    func copies() async throws {
        let bytes = market.transaction(1)
        let code = Refusal.transaction(.staleSequence).code
        let stale = Executed(
            bytes: bytes,
            result: AgreedResult(code: code, data: [0], gasWanted: 0, gasUsed: 0)
        )
        for isLater in [false, true] {
            try await market.run([chain]) { ledger, network in
                let market = market
                network.nodes[0].change { state in
                    state.takes = { bytes, chain in
                        guard chain.height == 3 else { return .code(code) }
                        var plan = TestChain.Plan()
                        plan.executed = [Executed(bytes: bytes)] + (isLater ? [] : [stale])
                        plan.change = { $0[market.account] = market.entry(1) }
                        try? chain.append(plan)
                        plan = TestChain.Plan()
                        plan.executed = isLater ? [stale] : []
                        try? chain.append(plan)
                        try? chain.grow(1)
                        return .code(0)
                    }
                }
                let outcome = try await ledger.submit(bytes)
                #expect(outcome.result.isAccepted && outcome.height == BlockHeight(4))
            }
        }
    }

    @Test("a transaction left without an end is never stale afterwards: the block is read")
    func resumed() async throws {
        let bytes = market.transaction(1)
        var settings = NetworkLedger.Settings()
        settings.confirmSecondsMax = 1
        try await market.run([chain], settings: settings) { ledger, network in
            includes(network.nodes[0])
            network.nodes[0].change { state in
                state.instead = { method, _ in
                    method == "tx" ? FakeNode.problem("tx (00) not found") : nil
                }
            }
            let found = await ledgerError { _ = try await ledger.submit(bytes) }
            #expect(found?.code == .unreachable)
            _ = try await ledger.account(market.key.accountID)
            let outcome = try await ledger.submit(bytes)
            #expect(outcome.result.isAccepted && outcome.height == BlockHeight(4))
            let again = try await ledger.submit(bytes)
            #expect(again == outcome)
        }
    }

    @Test(
        "what was left without an end makes room once no block that is searched can hold it",
        arguments: [(5, 256), (1000, 4)] as [(UInt64, UInt64)]
    )
    func room(validUntil: UInt64, searchedBlocksMax: UInt64) async throws {
        var settings = NetworkLedger.Settings()
        settings.confirmSecondsMax = 1
        settings.pendingMax = 1
        settings.searchedBlocksMax = searchedBlocksMax
        try await market.run([chain], settings: settings) { ledger, network in
            let left = market.transaction(1, validUntil: validUntil, fee: 9)
            let lost = await ledgerError { _ = try await ledger.submit(left) }
            #expect(lost?.code == .unreachable)
            includes(network.nodes[0])
            let next = market.transaction(1)
            let full = await ledgerError { _ = try await ledger.submit(next) }
            #expect(full?.code == .overloaded)
            try network.nodes[0].change { try $0.chain.grow(4) }
            let outcome = try await ledger.submit(next)
            #expect(outcome.result.isAccepted && outcome.height == BlockHeight(8))
        }
    }

    @Test("a block from which a node took the transaction out is not the block")
    func takenOut() async throws {
        let bytes = market.transaction(1)
        try await market.run([chain]) { ledger, network in
            includes(network.nodes[0], answer: .code(Refusal.transaction(.staleSequence).code))
            network.nodes[0].change { state in
                state.instead = { method, _ in
                    if method == "tx" { return FakeNode.problem("tx (00) not found") }
                    guard method == "block" else { return nil }
                    return """
                        {"jsonrpc":"2.0","id":1,"result":{"block":{"data":{"txs":[]}}}}
                        """
                }
            }
            let found = await ledgerError { _ = try await ledger.submit(bytes) }
            #expect(found?.code == .malformedAnswer && found?.refusal == nil)
        }
    }

    @Test("a sequence that another transaction used is stale, by proof")
    func usedByAnother() async throws {
        let other = market.transaction(1, fee: 9)
        try await market.run([chain]) { ledger, network in
            let market = market
            network.nodes[0].change { state in
                state.takes = { _, chain in
                    try? market.include(other, sequence: 1, in: &chain)
                    return .code(Refusal.transaction(.staleSequence).code)
                }
            }
            let found = await ledgerError { _ = try await ledger.submit(market.transaction(1)) }
            #expect(found?.refusal == .transaction(.staleSequence))
        }
    }

    @Test("'stale' is not believed while the account's sequence is proven to be unused")
    func falselyStale() async throws {
        try await market.run([chain]) { ledger, network in
            network.nodes[0].change { state in
                state.takes = { _, _ in .code(Refusal.transaction(.staleSequence).code) }
            }
            let found = await ledgerError { _ = try await ledger.submit(market.transaction(1)) }
            #expect(found?.code == .unreachable)
        }
    }

    @Test("a transaction whose last height has passed is expired, by proof")
    func expired() async throws {
        try await market.run([chain]) { ledger, network in
            network.nodes[0].change { state in
                state.takes = { _, chain in
                    try? chain.grow(8)
                    return .code(0)
                }
            }
            let late = market.transaction(1, validUntil: 5)
            let found = await ledgerError { _ = try await ledger.submit(late) }
            #expect(found?.code == .refused && found?.refusal == .transaction(.expired))
        }
    }

    @Test("a refusal counts only if no other node accepts")
    func oneRefuses() async throws {
        try await market.run([chain, chain]) { ledger, network in
            network.nodes[0].change { state in
                state.takes = { _, _ in .code(Refusal.transaction(.cannotPayFee).code) }
            }
            let market = market
            let first = network.nodes[0]
            network.nodes[1].change { state in
                state.takes = { bytes, chain in
                    try? market.include(bytes, sequence: 1, in: &chain)
                    let grown = chain
                    first.change { $0.chain = grown }
                    return .code(0)
                }
            }
            let outcome = try await ledger.submit(market.transaction(1))
            #expect(outcome.result.isAccepted)
        }
        try await market.run([chain]) { ledger, network in
            network.nodes[0].change { state in
                state.takes = { _, _ in .code(Refusal.transaction(.cannotPayFee).code) }
            }
            let found = await ledgerError { _ = try await ledger.submit(market.transaction(1)) }
            #expect(found?.refusal == .transaction(.cannotPayFee))
        }
    }

    @Test("'already in the cache' means waiting; a full mempool means nothing was charged")
    func mempool() async throws {
        try await market.run([chain]) { ledger, network in
            includes(network.nodes[0], answer: .problem("tx already exists in cache"))
            let outcome = try await ledger.submit(market.transaction(1))
            #expect(outcome.height == BlockHeight(4))
        }
        try await market.run([chain]) { ledger, network in
            network.nodes[0].change { state in
                state.takes = { _, _ in .problem("mempool is full: number of txs 5000") }
            }
            let found = await ledgerError { _ = try await ledger.submit(market.transaction(1)) }
            #expect(found?.code == .overloaded)
        }
    }

    @Test("a node without an index of transactions is asked for the height, and the block is read")
    func unindexed() async throws {
        var after = chain
        let bytes = market.transaction(1)
        try market.include(bytes, sequence: 1, in: &after)
        try await market.run([after]) { ledger, network in
            network.nodes[0].change { state in
                state.instead = { method, parameters in
                    if method == "tx" {
                        return FakeNode.problem("transaction indexing is disabled")
                    }
                    guard parameters["path"] == "/transaction" else { return nil }
                    let value: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 4, 0]
                    let result = NodeAnswers.query(value: value, height: 5, index: 1)
                    return "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\(result)}"
                }
            }
            let outcome = try await ledger.submit(bytes)
            #expect(outcome.result.isAccepted && outcome.height == BlockHeight(4))
        }
    }
}
