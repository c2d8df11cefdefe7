import CanonicalCoding
import Glibc
import LedgerCore
import LedgerStore
import MarketTypes
import Testing

/// A chain whose every block follows from its height, so that any process can say what it holds.
private struct KnownChain {
    static func changes(_ height: UInt64) -> [StateChange] {
        var random = SplitMix64(seed: height)
        return (0..<200).map { _ in
            let changed = key(Int.random(in: 0..<1000, using: &random))
            return height % 3 == 0 ? .remove(changed) : .put(changed, random.bytes(40))
        }
    }

    static func transactions(_ height: UInt64) -> [Digest] {
        (0..<5).map { Digest(sha256: Array("\(height) \($0)".utf8)) }
    }

    /// Commits blocks until the process dies.
    static func run(_ store: LedgerStore) throws -> Never {
        while true {
            let height = try store.last().height.rawValue + 1
            try store.commitNext(changes(height), transactions: transactions(height))
        }
    }
}

@Suite("Store crashes", .serialized)
struct StoreCrashTests {
    /// The alarm's default action ends a process as `kill -9` does: nothing runs afterwards.
    @Test("a process that dies at any moment leaves whole blocks", .timeLimit(.minutes(2)))
    func killed() async throws {
        let workspace = Workspace("crash-\(getpid())", isOwner: true)
        try { _ = try workspace.initialized() }()
        var before: UInt64 = 0
        for _ in 0..<12 {
            await #expect(processExitsWith: .signal(SIGALRM)) {
                let store = try Workspace("crash-\(getppid())", isOwner: false).open()
                ualarm(UInt32.random(in: 1_000...200_000), 0)
                try KnownChain.run(store)
            }
            let store = try workspace.open()
            let last = try store.last().height.rawValue
            #expect(last >= before)
            before = last
            try expectWholeChain(store)
        }
        #expect(before > 10)
    }

    private func expectWholeChain(_ store: LedgerStore) throws {
        let last = try store.last()
        var reference = ReferenceState()
        for height in 0..<last.height.rawValue {
            reference.apply(KnownChain.changes(height + 1))
            let here = BlockHeight(height + 1)
            #expect(try store.block(at: here) == Array("block \(height + 1)".utf8))
            for (index, digest) in KnownChain.transactions(height + 1).enumerated() {
                let position = try store.transactionPosition(of: digest)
                #expect(position?.height == here && position?.index == index)
            }
        }
        #expect(last.root == reference.root)
        #expect(try store.block(at: BlockHeight(last.height.rawValue + 1)) == nil)
        var entries: [StateKey: [UInt8]] = [:]
        try store.withSnapshot { try $0.forEachEntry { entries[$0] = $1 } }
        #expect(entries == reference.entries)
    }
}
