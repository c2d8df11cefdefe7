import CanonicalCoding
import Consensus
import Foundation
import Identity
import LedgerCore
import LedgerStore
import MarketTypes

/// A state of many accounts: what a block of 1,000 transfers and a proof cost, in time, memory and
/// disk.
///
/// The accounts are written into the store directly, not by transactions: a genesis has a limit.
struct LargeState {
    let accounts: Int
    private static let perBlock = 50_000

    func run() throws {
        let directory = NSTemporaryDirectory() + "stoa-bench-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true
        )
        let keys = (0..<1000).map(key)
        let store = try LedgerStore(configuration: LedgerStoreConfiguration(directory: directory))
        let application = try LedgerApplication(store: store, genesis: genesis(keys))
        let (height, fill) = try timed { try populate(store) }
        let speed = Int(Double(accounts) / fill)
        print("\(accounts) accounts: written in \(String(format: "%.1f", fill)) s, \(speed)/s")
        try measureBlocks(application, keys, after: height)
        try measureProofs(application)
        try measureSnapshot(store, chain: application.chain, beside: directory)
        try report(directory)
    }

    private func genesis(_ keys: [SigningKey]) -> Genesis {
        let amount = Amount(obol: 1_000_000 * Amount.obolPerStoa)
        guard
            let genesis = Genesis(
                name: "bench",
                time: now(),
                sequencer: key(-1).publicKey,
                parameters: .standard,
                allocations: keys.map {
                    Genesis.Allocation(account: $0.accountID, amount: amount)
                }
            )
        else { fatalError("genesis is not valid") }  // a benchmark has nobody to tell
        return genesis
    }

    private func account(_ number: Int) -> AccountID {
        AccountID(Digest(sha256: Array("account \(number)".utf8)))
    }

    /// Writes the accounts; returns the height it took.
    private func populate(_ store: LedgerStore) throws -> UInt64 {
        let value = Account(sequence: 0, balance: Amount(obol: 1)).canonicalBytes
        var height: UInt64 = 0
        for start in stride(from: 0, to: accounts, by: Self.perBlock) {
            height += 1
            let changes = (start..<min(start + Self.perBlock, accounts)).map {
                StateChange(key: .account(account($0)), value: value)
            }
            try store.commit(
                BlockCommit(
                    height: BlockHeight(height),
                    time: now(),
                    staged: try store.stage(changes),
                    block: [],
                    blockHash: .zero,
                    results: [],
                    transactions: []
                )
            )
        }
        return height
    }

    private func measureBlocks(
        _ application: LedgerApplication,
        _ keys: [SigningKey],
        after height: UInt64
    ) throws {
        var (execute, commit): ([Double], [Double]) = ([], [])
        for round in 1...20 {
            let transactions = keys.enumerated().map { index, key in
                transfer(from: key, round, index, application.chain)
            }
            for bytes in transactions { _ = try application.verify(bytes) }
            let context = BlockContext(height: BlockHeight(height + UInt64(round)), time: now())
            let (block, first) = try timed { try application.finalize(transactions, at: context) }
            precondition(block.results.allSatisfy(\.isAccepted))
            let (_, second) = try timed { try application.commit(block: nil) }
            execute.append(first * 1000)
            commit.append(second * 1000)
        }
        execute.sort()
        commit.sort()
        print(
            """
            block of 1,000 transfers: execute + root \(String(format: "%.1f", execute[10])) ms, \
            durable commit \(String(format: "%.1f", commit[10])) ms (medians of 20)
            """
        )
    }

    private func transfer(
        from key: SigningKey,
        _ round: Int,
        _ index: Int,
        _ chain: ChainID
    ) -> [UInt8] {
        key.sign(
            Transaction(
                chain: chain,
                sender: key.accountID,
                sequence: UInt64(round),
                fee: Amount(obol: 10_000),
                validUntil: BlockHeight(1_000_000),
                messages: [
                    .transfer(
                        to: account((index * 7919 + round * 104_729) % accounts),
                        denomination: .native,
                        amount: Amount(obol: 5)
                    )
                ]
            )
        ).signed.canonicalBytes
    }

    private func measureProofs(_ application: LedgerApplication) throws {
        let keys = (0..<1000).map { StateKey.account(account($0 * 7919 % accounts)) }
        let root = try application.store.last().root
        var bytes = 0
        let (answers, make) = try timed {
            try keys.map { try application.query($0, proven: true) }
        }
        for answer in answers { bytes += answer.proof?.canonicalBytes.count ?? 0 }
        let (_, check) = try timed {
            for (key, answer) in zip(keys, answers) {
                try answer.proof?.verify(key: key, value: answer.value, root: root)
            }
        }
        print(
            """
            proof of an account: \(bytes / keys.count) bytes, \
            made in \(Int(make * 1e6) / keys.count) µs, checked in \
            \(Int(check * 1e6) / keys.count) µs (means of 1,000)
            """
        )
    }

    /// Takes a snapshot, checks it chunk by chunk, and restores it into another store.
    private func measureSnapshot(
        _ store: LedgerStore,
        chain: ChainID,
        beside directory: String
    ) throws {
        var chunks: [[UInt8]] = []
        let (head, take) = try timed {
            try store.withSnapshot { snapshot in
                try snapshot.exportSnapshot(chunkBytesMax: 4 << 20) { chunks.append($0) }
                return snapshot.head
            }
        }
        var verifier = SnapshotVerifier(root: head.root)
        let (_, check) = try timed { for chunk in chunks { try verifier.take(chunk) } }
        precondition(verifier.isComplete)
        let other = directory + "-restored"
        defer { try? FileManager.default.removeItem(atPath: other) }
        let copy = try LedgerStore(configuration: LedgerStoreConfiguration(directory: other))
        var rest = chunks[...]
        let (_, restore) = try timed {
            try copy.restore(chain: chain, head: head) { rest.popFirst() }
        }
        let bytes = chunks.reduce(0) { $0 + $1.count }
        print(
            """
            snapshot: \(chunks.count) chunks, \(bytes / 1_000_000) MB, \
            taken in \(String(format: "%.1f", take)) s, checked in \
            \(String(format: "%.1f", check)) s, restored in \(String(format: "%.1f", restore)) s
            """
        )
    }

    private func report(_ directory: String) throws {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let memory = status.split(separator: "\n").filter {
            $0.hasPrefix("VmRSS") || $0.hasPrefix("RssAnon")
        }
        var bytes: Int64 = 0
        for file in try FileManager.default.subpathsOfDirectory(atPath: directory) {
            var info = stat()
            stat(directory + "/" + file, &info)
            bytes += Int64(info.st_blocks) * 512
        }
        print("disk \(bytes / 1_000_000) MB, \(memory.joined(separator: ", "))")
    }
}
