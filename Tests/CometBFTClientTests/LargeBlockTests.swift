import AsyncHTTPClient
import CometBFTClient
import Foundation
import LedgerClient
import LedgerCore
import MarketTypes
import Testing

@Suite("a block in which much happened holds up no follower", .timeLimit(.minutes(2)))
struct LargeBlockTests {
    /// The most bytes of an answer that is not on blocks, so that a large one need not be large.
    private static let answerBytesMax = 1 << 20
    private static let padding = String(repeating: " ", count: 2 << 20)

    @Test("LGT-16: a network's follower gets over a block with large results")
    func network() async throws {
        let market = try Market()
        var limits = CometBFTRPC.Limits()
        limits.probeIntervalSeconds = 0
        limits.answerBytesMax = Self.answerBytesMax
        try await market.run([try market.chain(3)], limits: limits) { ledger, network in
            network.nodes[0].change { state in
                state.rewrite = { method, result in
                    let isLarge = method == "block_results" && result.contains("\"height\":\"1\"")
                    return isLarge ? result + Self.padding : result
                }
            }
            var seen: [UInt64] = []
            for try await summary in ledger.blocks(from: BlockHeight(1)) {
                seen.append(summary.height.rawValue)
                if seen.count == 2 { break }
            }
            #expect(seen == [1, 2])
        }
    }

    @Test("API-5: a node's follower gets over a large answer")
    func node() async throws {
        let summary = BlockSummary(
            height: BlockHeight(1),
            time: Timestamp(milliseconds: 1),
            transactions: 0,
            events: []
        )
        let document = try JSONEncoder().encode([NodeDocuments.Summary(summary)])
        let text = String(decoding: document, as: UTF8.self) + Self.padding
        try await TestNetwork.run([try Market().chain(1)]) { network in
            network.nodes[0].change { $0.manner = .text(text, status: 200) }
            let client = HTTPClient(eventLoopGroupProvider: .singleton)
            var limits = RemoteLedger.Limits()
            limits.answerBytesMax = Self.answerBytesMax
            let node = RemoteLedger(url: network.nodes[0].url, client: client, limits: limits)
            var seen: [BlockSummary] = []
            do {
                for try await summary in node.blocks(from: BlockHeight(1)) {
                    seen.append(summary)
                    break
                }
            } catch {
                Issue.record(error)
            }
            try await client.shutdown()
            #expect(seen == [summary])
        }
    }
}
