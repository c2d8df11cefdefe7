import ABCI
import CanonicalCoding
import LedgerCore
import LedgerStore
import MarketTypes
import Testing

@Suite("Heights in a row", .timeLimit(.minutes(1)))
struct HeightsTests {
    @Test("normal heights: what CheckTx accepted is executed, durable, and in Info")
    func normal() async throws {
        let chain = try Chain()
        let ledger = try chain.open()
        try await driving(chain, ledger) { engine in
            for sequence in 1...3 {
                #expect(
                    try await engine.broadcast(chain.transfer(Chain.alice, UInt64(sequence))) == 0
                )
                let answer = try await engine.produce()
                #expect(answer.results.map(\.code) == [0])
                let info = try await engine.info()
                #expect(info.lastBlockHeight == Int64(sequence))
                #expect(info.lastBlockAppHash == answer.appHash)
                #expect(info.appVersion == 1)
            }
        }
        #expect(try ledger.account(Chain.bob).balance.obol == 1_000_000_000_015)
        let head = try ledger.head
        #expect(head.height == BlockHeight(3))
        // Nanoseconds are cut off, not rounded.
        #expect(head.time.milliseconds == UInt64(Chain.beginning.seconds + 3) * 1000 + 999)
    }

    @Test("rounds: proposals that come to nothing change nothing")
    func rounds() async throws {
        let chain = try Chain()
        let ledger = try chain.open()
        try await driving(chain, ledger) { engine in
            try await engine.broadcast(chain.transfer(Chain.alice, 1))
            let root = try ledger.head.root
            let first = try await engine.propose()
            for round in 0..<5 {
                var other = try await engine.propose()
                other.hash = [UInt8](repeating: UInt8(round), count: 32)
                #expect(try await engine.process(other) == .accept)
                other.transactions = [chain.transfer(Chain.bob, 1)]
                #expect(try await engine.process(other) == .accept)
            }
            #expect(try ledger.head.root == root)
            let answer = try await engine.apply(first)
            #expect(answer.results.map(\.code) == [0])
        }
    }

    @Test("a block that this node never saw proposed is executed all the same")
    func withoutProposal() async throws {
        let chain = try Chain()
        let ledger = try chain.open()
        try await driving(chain, ledger) { engine in
            for height in 1...3 {
                let block = chain.block(
                    Int64(height),
                    [chain.transfer(Chain.alice, UInt64(height))]
                )
                let answer = try await engine.apply(block)
                #expect(answer.results.map(\.code) == [0])
            }
        }
        #expect(try ledger.head.height == BlockHeight(3))
    }

    @Test("FinalizeBlock again gives the same answer, and another block a different one")
    func repeated() async throws {
        let chain = try Chain()
        let ledger = try chain.open()
        try await driving(chain, ledger) { engine in
            let block = chain.block(1, [chain.transfer(Chain.alice, 1), [1, 2, 3]])
            let first = try await engine.finalize(block)
            let again = try await engine.finalize(block)
            #expect(first == again)
            #expect(first.results.map(\.code) == [0, 101])
            engine.disk.answers.removeAll()
            let other = try await engine.finalize(chain.block(1, [chain.transfer(Chain.bob, 1)]))
            #expect(other.appHash != first.appHash)
            engine.disk.answers.removeAll()
            #expect(try await engine.finalize(block) == first)
            try await engine.commit()
            #expect(try ledger.head.root.bytes == first.appHash)
        }
    }

    @Test("an idle chain keeps its root")
    func idle() async throws {
        let chain = try Chain()
        let ledger = try chain.open()
        let root = try ledger.head.root
        try await driving(chain, ledger) { engine in
            for height in 1...3 { try await engine.apply(chain.block(Int64(height))) }
        }
        #expect(try ledger.head.root == root)
    }
}
