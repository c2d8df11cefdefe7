import CanonicalCoding
import Consensus
import Foundation
import Identity
import LedgerCore
import LedgerStore
import Logging
import MarketTypes

/// Everything that the ledger has, mixed, through the sequencer: durable before it is answered.
struct Mixed {
    let rounds: Int
    /// A home directory to leave the chain in, for `stoa node run`; nil to remove it.
    let home: String?

    static func run(rounds: Int) async throws {
        let transfers = Transfers(count: 0)
        for concurrency in [64, 1024] {
            try await transfers.run(concurrency: concurrency, count: 50_000)
            try await Mixed(rounds: concurrency == 64 ? 2 : rounds, home: nil)
                .run(concurrency: concurrency)
        }
        try MixedCosts(stalls: 64, rounds: 2).run()
    }

    func run(concurrency: Int) async throws {
        let fair = Fair(stalls: 1024, rounds: rounds)
        let directory = home ?? NSTemporaryDirectory() + "stoa-bench-\(UUID().uuidString)"
        defer { if home == nil { try? FileManager.default.removeItem(atPath: directory) } }
        let data = try Self.prepare(directory, fair.genesis)
        let store = try LedgerStore(configuration: LedgerStoreConfiguration(directory: data))
        let application = try LedgerApplication(store: store, genesis: fair.genesis)
        var configuration = Sequencer.Configuration()
        // What a block costs is measured, not how long a deadline is made to last.
        configuration.blockInterval = .zero
        configuration.mempool.transactionsPerSenderMax = 16_384
        let sequencer = try Sequencer(
            application: application,
            key: key(-1),
            configuration: configuration,
            logger: Logger(label: "bench"),
            now: now
        )
        var run = Run()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await sequencer.run() }
            for wave in fair.openings { try await Self.open(wave, sequencer) }
            run = try await Self.send(fair, to: sequencer, concurrency: concurrency)
            group.cancelAll()
        }
        run.print(concurrency, fair.count, "mixed")
    }

    /// A home directory; returns the folder of the store.
    private static func prepare(_ directory: String, _ genesis: Genesis) throws -> String {
        let data = "\(directory)/node/data"
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        try Presign.writeHome(directory, genesis: genesis)
        return data
    }

    /// Sends all of a wave at once; a sender's own wait for each other.
    private static func open(_ wave: [[UInt8]], _ sequencer: Sequencer) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for bytes in wave {
                group.addTask { try await submit(Step(kind: "opening", bytes: bytes), sequencer) }
            }
            try await group.waitForAll()
        }
    }

    private static func submit(_ step: Step, _ sequencer: Sequencer) async throws {
        for _ in 0..<10_000 {
            do {
                let done = try await sequencer.submit(step.bytes)
                guard let refusal = done.result.refusal else { return }
                fatalError("\(step.kind) refused: \(refusal.name)")
            } catch TransactionRefusal.sequenceGap {
                // An earlier one of this sender is on its way.
                try await Task.sleep(for: .microseconds(500))
            }
        }
        fatalError("\(step.kind): the one before never came")
    }

    private static func send(
        _ fair: Fair,
        to sequencer: Sequencer,
        concurrency: Int
    ) async throws -> Run {
        var run = Run()
        let clock = ContinuousClock()
        let before = try sequencer.application.store.last().height.rawValue
        let (start, cpuBefore) = (clock.now, cpuSeconds())
        run.waits = try await withThrowingTaskGroup(of: [Double].self) { group in
            for lane in 0..<concurrency {
                group.addTask {
                    var waits: [Double] = []
                    for stall in stride(from: lane, to: fair.stalls.count, by: concurrency) {
                        for step in fair.stalls[stall] {
                            let start = clock.now
                            try await submit(step, sequencer)
                            waits.append(seconds(clock.now - start))
                        }
                    }
                    return waits
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        run.wall = seconds(clock.now - start)
        run.cpu = cpuSeconds() - cpuBefore
        run.blocks = try sequencer.application.store.last().height.rawValue - before
        return run
    }
}

/// What was measured of one run.
struct Run {
    var waits: [Double] = []
    var wall = 0.0
    var cpu = 0.0
    var blocks: UInt64 = 0

    func print(_ concurrency: Int, _ count: Int, _ what: String) {
        let sorted = waits.sorted()
        func ms(_ seconds: Double) -> String { String(format: "%.2f", seconds * 1000) }
        Swift.print(
            """
            \(what), \(concurrency) at once: \(Int(Double(count) / wall)) tx/s, \
            p50 \(ms(sorted[sorted.count / 2])) ms, p99 \(ms(sorted[sorted.count * 99 / 100])) ms, \
            \(Int(cpu / Double(count) * 1e6)) µs CPU per tx, \(count) in \(blocks) blocks
            """
        )
    }
}
