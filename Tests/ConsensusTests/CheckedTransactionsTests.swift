import LedgerCore
import MarketTypes
import Testing

@testable import Consensus

@Suite("Transactions that were checked")
struct CheckedTransactionsTests {
    private let market: Market
    /// Transactions of one size each, the oldest first.
    private let transactions: [[UInt8]]

    init() throws {
        let market = try Market()
        self.market = market
        transactions = (1...8).map { market.transfer(Market.alice, $0, to: Market.bob) }
    }

    private func keep(_ count: Int, in checked: CheckedTransactions) throws {
        for bytes in transactions.prefix(count) {
            let chain = market.genesis.chain
            checked.keep(try CheckedTransaction(canonicalBytes: bytes, chain: chain), for: bytes)
        }
    }

    private func kept(in checked: CheckedTransactions) -> [Int] {
        transactions.indices.filter { checked.find(transactions[$0]) != nil }
    }

    @Test("too many of them make the oldest half go, whether in number or in bytes")
    func bounded() throws {
        let size = transactions[0].count
        for (countMax, bytesMax) in [(4, 100 * size), (100, 4 * size)] {
            let checked = CheckedTransactions(countMax: countMax, bytesMax: bytesMax)
            try keep(4, in: checked)
            #expect(kept(in: checked) == [0, 1, 2, 3])
            try keep(5, in: checked)
            #expect(kept(in: checked) == [3, 4])
        }
    }

    @Test("what was forgotten makes room again, and is counted once however often it comes")
    func forgotten() throws {
        let checked = CheckedTransactions(countMax: 100, bytesMax: 4 * transactions[0].count)
        for _ in 1...3 { try keep(4, in: checked) }
        checked.forget(transactions)
        #expect(kept(in: checked).isEmpty)
        try keep(4, in: checked)
        #expect(kept(in: checked) == [0, 1, 2, 3])
    }

    @Test("one that is larger than all that may be kept is not kept")
    func large() throws {
        let checked = CheckedTransactions(countMax: 100, bytesMax: transactions[0].count - 1)
        try keep(1, in: checked)
        #expect(kept(in: checked).isEmpty)
    }
}
