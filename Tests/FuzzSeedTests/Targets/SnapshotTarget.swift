import CanonicalCoding
import Foundation
import LedgerCore
import MarketTypes
import Synchronization

@testable import LedgerStore

extension FuzzTarget {
    /// Chunks of a state from another node, at the beginning and in the middle of a restore:
    /// only what is in the trusted state is ever taken, and nothing is kept unless all of it is.
    static let snapshots = FuzzTarget(
        "snapshots",
        mutantsInTests: 300,
        seeds: {
            let golden = try SnapshotSample.golden.get()
            return golden.chunks + [golden.whole]
        }
    ) { bytes in
        let golden = try SnapshotSample.golden.get()
        var isAccepted = false
        for taken in 0...min(2, golden.chunks.count) {
            var verifier = SnapshotVerifier(root: golden.head.root)
            for chunk in golden.chunks.prefix(taken) { try verifier.take(chunk) }
            let before = verifier.entryCount
            guard (try? verifier.take(bytes)) != nil else {
                try require(verifier.entryCount == before, "a refused chunk was taken")
                continue
            }
            isAccepted = true
            try golden.check(try SnapshotChunk(canonicalBytes: bytes).entries)
            try require(verifier.entryCount <= golden.head.entryCount, "too many entries")
        }
        return try restore(bytes, golden) || isAccepted
    }

    private static func restore(_ bytes: [UInt8], _ golden: SnapshotSample) throws -> Bool {
        try FuzzFolder.shared.withLock { folder in
            let store = try folder.emptyStore()
            var chunks = [bytes]
            do {
                try store.restore(chain: golden.chain, head: golden.head) { () in
                    chunks.popLast()
                }
            } catch {
                try require(try store.chain() == nil, "a refused restore left something behind")
                return false
            }
            folder.dropStore()
            let chunk = try SnapshotChunk(canonicalBytes: bytes)
            try golden.check(chunk.entries)
            try require(
                chunk.entries.entries.count == golden.entries.count,
                "a part of a state was taken for all of it"
            )
            return true
        }
    }
}

/// The state of a recorded chain as another node would send it.
private struct SnapshotSample {
    static let golden = Result { try SnapshotSample() }

    let chain: ChainID
    let head: StoredHead
    let entries: [StateKey: [UInt8]]
    /// A few chunks.
    let chunks: [[UInt8]]
    /// The same in one.
    let whole: [UInt8]

    /// Fails unless a chunk holds entries of the state and nothing else.
    func check(_ chunk: StateChunk) throws(FuzzFinding) {
        for entry in chunk.entries where entries[entry.key] != entry.value {
            throw FuzzFinding("\(Hex.encode(entry.key.bytes)) is not in the trusted state")
        }
    }

    private init() throws {
        let recorded = try RecordedChain.plain
        let entries = recorded.state.entries
        self.entries = entries
        chain = recorded.chain
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("stoa-fuzz-golden-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try LedgerStore(
            configuration: LedgerStoreConfiguration(
                directory: folder.path,
                mapBytesMax: 256 << 20
            )
        )
        var chunk = StateChunk()
        chunk.entries = entries.map { StateChunk.Entry(key: $0.key, value: $0.value) }
            .sorted { StateTreeHash.path(of: $0.key) < StateTreeHash.path(of: $1.key) }
        let changes = chunk.entries.map { StateChange(key: $0.key, value: $0.value) }
        let node = try store.environment.write { transaction throws(StoreError) in
            try StagedTree(changes, on: .empty, in: transaction).node
        }
        head = StoredHead(
            height: recorded.next.height,
            node: node,
            blockHash: .zero,
            time: recorded.next.time
        )
        var waiting = [chunk.canonicalBytes]
        try store.importState(chain: chain, head: head) { () in waiting.popLast() }
        var chunks: [[UInt8]] = []
        var whole: [[UInt8]] = []
        try store.withSnapshot { snapshot in
            try snapshot.exportSnapshot(chunkBytesMax: 3000) { chunks.append($0) }
            try snapshot.exportSnapshot(chunkBytesMax: 1 << 24) { whole.append($0) }
        }
        self.chunks = chunks
        self.whole = whole.first ?? []
    }
}
