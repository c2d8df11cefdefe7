import ABCI
import LedgerCore
import LedgerStore
import MarketTypes
import Testing

@Suite("Four applications", .timeLimit(.minutes(1)))
struct FourApplicationsTests {
    @Test("one of four lies about its root: the other three agree and go on, height after height")
    func oneLies() async throws {
        let chain = try Chain()
        let ledgers = try (0..<4).map { try chain.open("node\($0)") }
        let blocks = (1...5).map { height in
            chain.block(Int64(height), [chain.transfer(Chain.alice, UInt64(height))])
        }
        var roots: [[[UInt8]]] = []
        for (index, ledger) in ledgers.enumerated() {
            let application: any EngineApplication =
                index == 2 ? LyingApplication(honest: ledger) : ledger
            roots.append(
                try await driving(chain, application) { engine in
                    var roots: [[UInt8]] = []
                    for block in blocks {
                        #expect(try await engine.process(block) == .accept)
                        roots.append(try await engine.apply(block).appHash)
                    }
                    return roots
                }
            )
        }
        for height in blocks.indices {
            let honest = Set([0, 1, 3].map { roots[$0][height] })
            #expect(honest.count == 1)
            #expect(!honest.contains(roots[2][height]))
        }
        #expect(try Set([0, 1, 3].map { try ledgers[$0].head.root }).count == 1)
    }
}
