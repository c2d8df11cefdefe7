import CanonicalCoding
import LedgerCore
import MarketTypes
import Testing

@testable import LedgerStore

/// STT-16 to STT-18: a snapshot is checked against the state root while it comes in.
@Suite("Snapshot verifier")
struct SnapshotVerifierTests {
    /// A store with `count` entries, its head and its chunks.
    private func source(
        _ count: Int,
        chunkBytesMax: Int = 300
    ) throws -> (head: StoredHead, chunks: [[UInt8]], entries: [StateChange]) {
        var random = SplitMix64(seed: UInt64(count))
        let entries = (0..<count).map { number in
            StateChange(key: .test("entry \(number)"), value: random.bytes(1 + number % 40))
        }
        let store = try Workspace().initialized(entries)
        var chunks: [[UInt8]] = []
        let head = try store.withSnapshot { snapshot in
            try snapshot.exportSnapshot(chunkBytesMax: chunkBytesMax) { chunks.append($0) }
            return snapshot.head
        }
        return (head, chunks, entries)
    }

    @Test(
        "every chunk of a state is taken, and the last one completes it",
        arguments: [1, 2, 3, 5, 17, 100, 1000]
    )
    func takesAll(count: Int) throws {
        for size in [1, 100, 1000, 100_000] {
            let (head, chunks, _) = try source(count, chunkBytesMax: size)
            var verifier = SnapshotVerifier(root: head.root)
            for chunk in chunks {
                #expect(!verifier.isComplete)
                try verifier.take(chunk)
            }
            #expect(verifier.isComplete)
            #expect(verifier.entryCount == head.entryCount)
        }
    }

    @Test("an entry that is changed, hidden or made up is refused at its chunk")
    func refusesLies() throws {
        let (head, chunks, _) = try source(60)
        try #require(chunks.count > 4)
        var verifier = SnapshotVerifier(root: head.root)
        for (index, bytes) in chunks.enumerated() {
            let chunk = try SnapshotChunk(canonicalBytes: bytes)
            for place in chunk.entries.entries.indices {
                var changed = chunk
                let entry = changed.entries.entries[place]
                changed.entries.entries[place] = .init(key: entry.key, value: entry.value + [1])
                refuse(changed, verifier, "changed \(index)/\(place)")
                var hidden = chunk
                hidden.entries.entries.remove(at: place)
                if !hidden.entries.entries.isEmpty { refuse(hidden, verifier, "hidden") }
            }
            var foreign = chunk
            foreign.entries.entries.insert(
                .init(key: .test("made up \(index)"), value: [1]),
                at: 0
            )
            foreign.entries.entries.sort {
                StateTreeHash.path(of: $0.key) < StateTreeHash.path(of: $1.key)
            }
            refuse(foreign, verifier, "made up")
            try verifier.take(bytes)
        }
    }

    private func refuse(_ chunk: SnapshotChunk, _ verifier: SnapshotVerifier, _ what: String) {
        var copy = verifier
        #expect(throws: SnapshotRefusal.self, "\(what)") { try copy.take(chunk.canonicalBytes) }
    }

    @Test("a chunk out of turn, left out, twice, torn, or after the end is refused")
    func refusesOrder() throws {
        let (head, chunks, _) = try source(60)
        var verifier = SnapshotVerifier(root: head.root)
        try verifier.take(chunks[0])
        var skipped = verifier
        #expect(throws: SnapshotRefusal.wrongEntries) { try skipped.take(chunks[2]) }
        #expect(throws: SnapshotRefusal.outOfOrder) { try skipped.take(chunks[0]) }
        #expect(throws: SnapshotRefusal.malformed) { try skipped.take(Array(chunks[1].dropLast())) }
        #expect(throws: SnapshotRefusal.malformed) { try skipped.take([]) }
        for chunk in chunks.dropFirst() { try verifier.take(chunk) }
        #expect(throws: SnapshotRefusal.surplus) { try verifier.take(chunks[1]) }
        var other = SnapshotVerifier(root: Digest(sha256: [1]))
        #expect(throws: SnapshotRefusal.wrongEdge) { try other.take(chunks[0]) }
    }

    @Test("every flipped bit of a chunk is refused")
    func refusesFlips() throws {
        let (head, chunks, _) = try source(12, chunkBytesMax: 150)
        var verifier = SnapshotVerifier(root: head.root)
        for bytes in chunks {
            for bit in 0..<bytes.count * 8 {
                var flipped = bytes
                flipped[bit / 8] ^= 1 << UInt8(bit % 8)
                var copy = verifier
                #expect(throws: SnapshotRefusal.self, "bit \(bit)") { try copy.take(flipped) }
            }
            try verifier.take(bytes)
        }
    }

    @Test("a restored store has the state, in place of a genesis or of nothing")
    func restores() throws {
        let (head, chunks, entries) = try source(200)
        let later = StoredHead(
            height: BlockHeight(9),
            root: head.root,
            entryCount: head.entryCount,
            blockHash: .zero,
            time: .test
        )
        for begun in [false, true] {
            let workspace = Workspace()
            let store =
                try begun
                ? workspace.initialized([.put(.test("genesis"), [1])]) : workspace.open()
            var rest = chunks[...]
            try store.restore(chain: .test, head: later) { rest.popFirst() }
            #expect(try store.last() == later)
            for entry in entries { #expect(store.value(for: entry.key) == entry.value) }
            #expect(store.value(for: .test("genesis")) == nil)
            var again = chunks[...]
            #expect(throws: StoreError.alreadyInitialized) {
                try store.restore(chain: .test, head: later) { again.popFirst() }
            }
        }
    }

    @Test("a restore that fails leaves what was there")
    func failsWhole() throws {
        let (head, chunks, _) = try source(200)
        let store = try Workspace().initialized([.put(.test("genesis"), [1])])
        let before = try store.last()
        var rest = chunks.dropLast()
        #expect(throws: StoreError.importRefused(.wrongRoot)) {
            try store.restore(chain: .test, head: head) { rest.popFirst() }
        }
        #expect(try store.last() == before)
        #expect(store.value(for: .test("genesis")) == [1])
    }
}

extension StateKey {
    fileprivate static func test(_ text: String) -> StateKey { StateKey(bytes: Array(text.utf8)) }
}
