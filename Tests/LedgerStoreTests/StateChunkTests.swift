import LedgerCore
import LedgerStore
import MarketTypes
import Testing

@Suite("State export and import")
struct StateChunkTests {
    private func chunks(_ store: LedgerStore, bytesMax: Int = 300) throws -> [[UInt8]] {
        var chunks: [[UInt8]] = []
        try store.withSnapshot { snapshot in
            try snapshot.exportChunks(chunkBytesMax: bytesMax) { chunks.append($0) }
        }
        return chunks
    }

    private func receive(
        _ chunks: [[UInt8]],
        _ head: StoredHead,
        into store: LedgerStore
    ) throws {
        var rest = chunks[...]
        try store.importState(chain: .test, head: head) { rest.popFirst() }
    }

    private func source(_ count: Int) throws -> LedgerStore {
        let store = try Workspace().initialized()
        try store.commitNext((0..<count).map { .put(key($0), [UInt8($0 % 256), 5]) })
        return store
    }

    @Test("a chunk with a flipped bit, missing, doubled or out of its place is refused")
    func tampered() throws {
        let source = try source(40)
        let head = try source.last()
        let good = try chunks(source)
        #expect(good.count > 1)
        var bad = [Array(good.dropLast()), Array(good.dropFirst()), good.reversed(), good + good]
        for bit in 0..<good[0].count * 8 {
            var copy = good
            copy[0][bit / 8] ^= 1 << UInt8(bit % 8)
            bad.append(copy)
        }
        let store = try Workspace().open()
        for offered in bad {
            let error = #expect(throws: StoreError.self) { try receive(offered, head, into: store) }
            guard case .importRefused = error else {
                Issue.record("refused for another reason: \(String(describing: error))")
                continue
            }
        }
        #expect(try store.chain() == nil)
        #expect(store.value(for: key(0)) == nil)
        try receive(good, head, into: store)
        #expect(try store.last() == head)
    }

    @Test("what is wrong with a snapshot is named")
    func reasons() throws {
        let source = try source(40)
        let head = try source.last()
        let good = try chunks(source)
        let store = try Workspace().open()
        for (offered, reason) in [
            ([[1, 2, 3]], .malformedChunk), (good + good, .entriesOutOfOrder),
            (Array(good.dropLast()), .wrongRoot), ([], .wrongRoot),
        ] as [([[UInt8]], StoreError.ImportDefect)] {
            #expect(throws: StoreError.importRefused(reason)) {
                try receive(offered, head, into: store)
            }
        }
        #expect(throws: StoreError.alreadyInitialized) { try receive(good, head, into: source) }
    }

    @Test("a state that was imported is the same state, and the chain goes on from it")
    func roundTrip() throws {
        let source = try source(3000)
        let workspace = Workspace()
        let exported = try chunks(source, bytesMax: 4096)
        #expect(exported.allSatisfy { $0.count <= 4096 })
        do {
            let store = try workspace.open()
            try receive(exported, source.last(), into: store)
        }
        let store = try workspace.open()
        #expect(try store.last() == source.last())
        #expect(try chunks(store, bytesMax: 4096) == exported)
        let changes = (0..<500).map { StateChange.put(key($0 * 9), [9]) }
        #expect(try store.commitNext(changes) == source.commitNext(changes))
        try store.withSnapshot { snapshot in
            try snapshot.proof(for: key(9)).verify(key: key(9), value: [9], root: snapshot.root)
            #expect(try snapshot.scan(prefix: key(18), after: nil, limit: 1).first?.value == [9])
        }
    }

    @Test("chunks do not tell by which history a state came about")
    func canonical() throws {
        let one = try source(500)
        let other = try Workspace().initialized((0..<900).map { .put(key($0), [0]) })
        for index in (0..<500).reversed() where index % 50 == 0 {
            try other.commitNext(
                (index..<index + 50).map { .put(key($0), [UInt8($0 % 256), 5]) }
            )
        }
        try other.commitNext((500..<900).map { .remove(key($0)) })
        #expect(try chunks(one) == chunks(other))
    }

    @Test("an entry larger than a chunk has one of its own; an empty state has none")
    func extremes() throws {
        let empty = try Workspace().initialized()
        #expect(try chunks(empty).isEmpty)
        try receive([], empty.last(), into: Workspace().open())
        try empty.commitNext([
            .put(key("large"), [UInt8](repeating: 7, count: 1000)), .put(key("small"), [1]),
            .put(key("tiny"), []),
        ])
        let exported = try chunks(empty, bytesMax: 100)
        #expect(exported.contains { $0.count > 1000 })
        #expect(exported.count <= 3)
        try receive(exported, empty.last(), into: Workspace().open())
    }
}
