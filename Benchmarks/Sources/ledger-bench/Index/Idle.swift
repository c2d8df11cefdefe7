import CanonicalCoding
import Consensus
import Foundation
import Identity
import LedgerCore
import LedgerIndex
import LedgerStore
import MarketTypes

/// What blocks cost that hold nothing, made while a deadline is far away: store, time and index.
struct Idle {
    let blocks: UInt64

    func run() async throws {
        let directory = NSTemporaryDirectory() + "stoa-bench-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let keys = (0..<1000).map(key)
        let (application, sequencer) = try open(
            directory,
            owners: keys,
            tick: .milliseconds(1)
        )
        let file = "\(directory)/data.mdb"
        var sizes = (before: Int64(0), after: Int64(0))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await sequencer.run() }
            try await lock(sequencer, keys[0], keys[1].accountID)
            sizes.before = fileBytes(file)
            let clock = ContinuousClock()
            let (start, cpu) = (clock.now, cpuSeconds())
            let first = try application.store.last().height.rawValue
            while try application.store.last().height.rawValue < blocks {
                try await Task.sleep(for: .milliseconds(20))
            }
            let made = Double(try application.store.last().height.rawValue - first)
            let wall = seconds(clock.now - start)
            sizes.after = fileBytes(file)
            print(
                String(
                    format: "%.0f idle blocks: %.0f/s, %.0f µs CPU and %.0f bytes of store each",
                    made, made / wall, (cpuSeconds() - cpu) / made * 1e6,
                    Double(sizes.after - sizes.before) / made
                )
            )
            group.cancelAll()
        }
        try await IndexRun.follow(sequencer, into: "\(directory)/index.sqlite")
    }

    /// A job that nobody has to take before the last of the blocks.
    private func lock(
        _ sequencer: Sequencer,
        _ buyer: SigningKey,
        _ seller: AccountID
    ) async throws {
        let terms = JobTerms(
            seller: seller,
            asset: nil,
            denomination: .native,
            amount: Amount(obol: 1_000),
            document: .zero,
            acceptBy: BlockHeight(blocks + 1_000),
            deliverBy: BlockHeight(blocks + 2_000),
            reviewBlocks: 100
        )
        let transaction = Transaction(
            chain: sequencer.application.chain,
            sender: buyer.accountID,
            sequence: 1,
            fee: Amount(obol: 10_000_000),
            validUntil: BlockHeight(1 << 40),
            messages: [.escrows(.lock(terms))]
        )
        let done = try await sequencer.submit(buyer.sign(transaction).signed.canonicalBytes)
        precondition(done.result.isAccepted)
    }
}
