import CanonicalCoding
import Consensus
import Dispatch
import Foundation
import Identity
import LedgerCore
import LedgerStore
import Logging
import MarketTypes
import Synchronization

/// Measures the embedded ledger and its index; `usage()` lists what.
@main
struct LedgerBench {
    static func main() async throws {
        let words = CommandLine.arguments.dropFirst()
        let count = words.dropFirst().first.flatMap { Int($0) }
        switch words.first {
        case "signatures": Signatures.run()
        case "transfers": try await Transfers(count: count ?? 100_000).run()
        case "state": try LargeState(accounts: count ?? 1_000_000).run()
        case "royalties": Royalties().run()
        case "mixed": try await Mixed.run(rounds: count ?? 5)
        case "chain":
            guard let home = words.dropFirst(2).first, let count else { usage() }
            try await Mixed(rounds: count, home: home).run(concurrency: 1024)
        case "idle": try await Idle(blocks: UInt64(count ?? 86_400)).run()
        case "catalogue":
            guard let home = words.dropFirst(2).first, let count else { usage() }
            try await Catalogue(offers: count, home: home).run()
        case "search":
            let files = words.dropFirst()
            guard let index = files.first, let questions = files.dropFirst().first else { usage() }
            try await Search(index: index, questions: questions).run()
        case "dividends": Dividends(holders: count ?? 1_000_000).run()
        case "presign":
            guard let directory = words.dropFirst(2).first, let count else { usage() }
            try Presign(directory: directory, count: count).run()
        case "testnet-transfers":
            let rest = words.dropFirst(2)
            guard let directory = rest.first, let program = rest.dropFirst().first, let count
            else { usage() }
            try Presign(directory: directory, count: count).runTestnet(program: program)
        default: usage()
        }
    }

    static func usage() -> Never {
        print(
            """
            usage: ledger-bench signatures | transfers [count] | state [accounts] | royalties
                   ledger-bench dividends [holders] | mixed [rounds] | idle [blocks]
                   ledger-bench chain <rounds> <home> | catalogue <offers> <home>
                   ledger-bench search <index.sqlite> <questions.json>
                   ledger-bench presign <count> <directory>
                   ledger-bench testnet-transfers <count> <directory> <stoa>
            """
        )
        exit(64)
    }
}

/// CPU seconds of this process so far.
func cpuSeconds() -> Double {
    var usage = rusage()
    getrusage(Int32(0), &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
}

/// Runs `body` and returns how long it took.
func timed<Output>(_ body: () throws -> Output) rethrows -> (Output, Double) {
    let clock = ContinuousClock()
    let start = clock.now
    let output = try body()
    return (output, seconds(clock.now - start))
}

func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
}

@Sendable func now() -> Timestamp {
    Timestamp(milliseconds: UInt64(Date().timeIntervalSince1970 * 1000))
}

/// A deterministic key for account `number`.
func key(_ number: Int) -> SigningKey {
    guard let key = SigningKey(seed: Digest(sha256: Array("bench \(number)".utf8)).bytes) else {
        fatalError("no secure memory")  // a benchmark has nobody to tell
    }
    return key
}

/// What the signature alone allows.
enum Signatures {
    static func run() {
        let signer = key(0)
        let chain = ChainID(.zero)
        let transactions = (0..<20_000).map { sequence in
            signer.sign(
                Transaction(
                    chain: chain,
                    sender: signer.accountID,
                    sequence: UInt64(sequence + 1),
                    fee: Amount(obol: 10_000),
                    validUntil: BlockHeight(1_000_000),
                    messages: [
                        .transfer(
                            to: AccountID(Digest(sha256: [1])),
                            denomination: .native,
                            amount: Amount(obol: 1)
                        )
                    ]
                )
            ).signed.canonicalBytes
        }
        let (_, one) = timed {
            for bytes in transactions {
                precondition((try? CheckedTransaction(canonicalBytes: bytes, chain: chain)) != nil)
            }
        }
        let (_, all) = timed {
            DispatchQueue.concurrentPerform(iterations: transactions.count) { index in
                precondition(
                    (try? CheckedTransaction(canonicalBytes: transactions[index], chain: chain))
                        != nil
                )
            }
        }
        let count = Double(transactions.count)
        print("decode + check a transfer, one core:  \(Int(count / one))/s")
        print("decode + check a transfer, all cores: \(Int(count / all))/s")
    }
}

/// Signed transfers through the sequencer, durable before they are answered.
struct Transfers {
    let count: Int
    static let senders = 1000

    func run() async throws {
        for concurrency in [1, 64, 1024, 4096] {
            try await run(concurrency: concurrency, count: concurrency == 1 ? 2000 : count)
        }
    }

    func run(concurrency: Int, count: Int) async throws {
        let directory = NSTemporaryDirectory() + "stoa-bench-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let keys = (0..<Self.senders).map(key)
        let (application, sequencer) = try open(directory, owners: keys)
        let signed = sign(count, keys: keys, chain: application.chain)
        var waits: [Double] = []
        var wall = 0.0
        var cpu = 0.0
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await sequencer.run() }
            let clock = ContinuousClock()
            let cpuBefore = cpuSeconds()
            let start = clock.now
            waits = try await submit(signed, to: sequencer, concurrency: concurrency)
            wall = seconds(clock.now - start)
            cpu = cpuSeconds() - cpuBefore
            group.cancelAll()
        }
        waits.sort()
        let blocks = try application.store.last().height.rawValue
        print(
            """
            transfers, \(concurrency) at once: \(Int(Double(count) / wall)) tx/s, \
            p50 \(ms(waits[waits.count / 2])) ms, p99 \(ms(waits[waits.count * 99 / 100])) ms, \
            \(Int(cpu / Double(count) * 1e6)) µs CPU per tx, \(blocks) blocks
            """
        )
    }

    private func sign(_ count: Int, keys: [SigningKey], chain: ChainID) -> [[UInt8]] {
        let out = Mutex([[UInt8]](repeating: [], count: count))
        DispatchQueue.concurrentPerform(iterations: keys.count) { sender in
            for index in stride(from: sender, to: count, by: keys.count) {
                let to = keys[(sender * 7 + index) % keys.count].accountID
                let bytes = keys[sender].sign(
                    Transaction(
                        chain: chain,
                        sender: keys[sender].accountID,
                        sequence: UInt64(index / keys.count + 1),
                        fee: Amount(obol: 10_000),
                        validUntil: BlockHeight(1_000_000),
                        messages: [
                            .transfer(to: to, denomination: .native, amount: Amount(obol: 5))
                        ]
                    )
                ).signed.canonicalBytes
                out.withLock { $0[index] = bytes }
            }
        }
        return out.withLock { $0 }
    }

    /// Submits in order, `concurrency` at a time; returns each one's wait in seconds.
    private func submit(
        _ transactions: [[UInt8]],
        to sequencer: Sequencer,
        concurrency: Int
    ) async throws -> [Double] {
        let lanes = min(concurrency, Self.senders)
        let perLane = max(1, concurrency / lanes)
        return try await withThrowingTaskGroup(of: [Double].self) { group in
            for lane in 0..<lanes {
                group.addTask {
                    // A lane owns its senders, because a sender's transactions go in sequence.
                    let mine = transactions.indices.filter { $0 % Self.senders % lanes == lane }
                    var waits: [Double] = []
                    for start in stride(from: 0, to: mine.count, by: perLane) {
                        waits += try await together(
                            mine[start..<min(start + perLane, mine.count)].map { transactions[$0] },
                            sequencer
                        )
                    }
                    return waits
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    private func together(
        _ transactions: [[UInt8]],
        _ sequencer: Sequencer
    ) async throws -> [Double] {
        try await withThrowingTaskGroup(of: Double.self) { group in
            for bytes in transactions {
                group.addTask {
                    let clock = ContinuousClock()
                    let start = clock.now
                    for attempt in 0..<100 {
                        do {
                            let done = try await sequencer.submit(bytes)
                            precondition(done.result.isAccepted)
                            break
                        } catch TransactionRefusal.sequenceGap where attempt < 99 {
                            // An earlier one of this sender is on its way.
                            try await Task.sleep(for: .microseconds(200))
                        }
                    }
                    return seconds(clock.now - start)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    private func ms(_ seconds: Double) -> String { String(format: "%.2f", seconds * 1000) }
}

/// Opens a fresh ledger whose genesis gives each owner a million STOA.
func open(
    _ directory: String,
    owners: [SigningKey],
    tick: Duration = .seconds(1)
) throws -> (LedgerApplication, Sequencer) {
    try FileManager.default.createDirectory(
        atPath: directory,
        withIntermediateDirectories: true
    )
    let sequencerKey = key(-1)
    let amount = Amount(obol: 1_000_000 * Amount.obolPerStoa)
    let allocations = owners.map { Genesis.Allocation(account: $0.accountID, amount: amount) }
    guard
        let genesis = Genesis(
            name: "bench",
            time: now(),
            sequencer: sequencerKey.publicKey,
            parameters: .standard,
            allocations: allocations
        )
    else { fatalError("genesis is not valid") }  // a benchmark has nobody to tell
    let store = try LedgerStore(configuration: LedgerStoreConfiguration(directory: directory))
    let application = try LedgerApplication(store: store, genesis: genesis)
    var configuration = Sequencer.Configuration()
    // What a block costs is measured, not how long a deadline is made to last.
    configuration.blockInterval = .zero
    configuration.mempool.transactionsPerSenderMax = 16_384
    configuration.tick = tick
    let sequencer = try Sequencer(
        application: application,
        key: sequencerKey,
        configuration: configuration,
        logger: Logger(label: "bench"),
        now: now
    )
    return (application, sequencer)
}
