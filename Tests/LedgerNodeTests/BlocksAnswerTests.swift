import LedgerClient
import LedgerCore
import MarketTypes
import Testing

@testable import LedgerNode

@Suite("API-5: blocks in one answer")
struct BlocksAnswerTests {
    /// A chain of `count` blocks with so many events each.
    private func block(_ height: BlockHeight, of count: UInt64, events: Int) -> BlockSummary? {
        guard (1...count).contains(height.rawValue) else { return nil }
        let event = Event.bondChanged(AccountID(.zero), active: Amount(obol: 1))
        return BlockSummary(
            height: height,
            time: Timestamp(milliseconds: height.rawValue),
            transactions: 0,
            events: [Event](repeating: event, count: events)
        )
    }

    @Test("large blocks come one by one, and a follower reaches the last")
    func large() {
        var configuration = NodeServer.Configuration()
        configuration.blocksBytesMax = 1000
        var answers: [Int] = []
        var next: UInt64 = 1
        while next <= 3, answers.count < 3 {
            let found = configuration.summaries(from: next) { block($0, of: 3, events: 100) }
            #expect(found.allSatisfy { $0.byteCount > 2 * configuration.blocksBytesMax })
            answers.append(found.count)
            next += UInt64(found.count)
        }
        #expect(answers == [1, 1, 1])
    }

    @Test("small blocks come together, up to their number and the bytes of an answer")
    func small() {
        var configuration = NodeServer.Configuration()
        let few = configuration.summaries(from: 2) { block($0, of: 5, events: 1) }
        #expect(few.count == 4)
        let many = configuration.summaries(from: 1) { block($0, of: 100, events: 1) }
        #expect(many.count == 64)
        let none = configuration.summaries(from: 6) { block($0, of: 5, events: 1) }
        #expect(none.isEmpty)
        configuration.blocksBytesMax = 1000
        let some = configuration.summaries(from: 1) { block($0, of: 100, events: 1) }
        let bytes = some.dropLast().reduce(0) { $0 + $1.byteCount }
        #expect(some.count > 1 && bytes < 1000)
        #expect(bytes + (some.last?.byteCount ?? 0) >= 1000)
    }
}
