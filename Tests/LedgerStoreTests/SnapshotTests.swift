import LedgerCore
import LedgerStore
import MarketTypes
import Testing

@Suite("Snapshots")
struct SnapshotTests {
    @Test("a snapshot sees one state while blocks are committed beside it")
    func isolation() throws {
        let store = try Workspace().initialized((0..<100).map { .put(key($0), [0]) })
        try store.withSnapshot { old in
            for block in 1...20 {
                try store.commitNext((0..<100).map { .put(key($0), [UInt8(block)]) })
                #expect(old.height == BlockHeight(0))
                #expect((0..<100).allSatisfy { old.value(for: key($0)) == [0] })
                try old.proof(for: key(7)).verify(key: key(7), value: [0], root: old.root)
                #expect(store.value(for: key(7)) == [UInt8(block)])
            }
        }
        #expect(try store.withSnapshot { $0.value(for: key(7)) } == [20])
    }

    @Test("readers on other threads see whole blocks only")
    func threads() async throws {
        let store = try Workspace().initialized((0..<50).map { .put(key($0), [0]) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var last: UInt8 = 0
                    while last < 30 {
                        let seen = try store.withSnapshot { snapshot in
                            (0..<50).map { snapshot.value(for: key($0))?.first }
                        }
                        #expect(Set(seen).count == 1)
                        let first = try #require(seen[0])
                        #expect(first >= last)
                        last = first
                        #expect(try #require(store.value(for: key(3))?.first) >= last)
                    }
                }
            }
            for block in 1...30 {
                try store.commitNext((0..<50).map { .put(key($0), [UInt8(block)]) })
            }
            try await group.waitForAll()
        }
    }

    @Test("a snapshot used after its end ends the process")
    func useAfterEnd() async throws {
        let result = await #expect(
            processExitsWith: .failure,
            observing: [\.standardErrorContent]
        ) {
            let store = try Workspace().initialized()
            let escaped = try store.withSnapshot { $0 }
            _ = escaped.value(for: key("a"))
        }
        let message = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(message.contains("a snapshot was used after its end"))
    }

    @Test("a listing is in the order of keys and stops where its prefix does")
    func scan() throws {
        let changes = (0..<300).map { StateChange.put(key(2, $0), [UInt8($0 % 251)]) }
        let store = try Workspace().initialized(
            changes + [.put(key(1, 9), [1]), .put(key(3, 0), [3])]
        )
        try store.withSnapshot { snapshot in
            let prefix = StateKey(bytes: [2])
            let all = try snapshot.scan(prefix: prefix, after: nil, limit: 1000)
            #expect(all.map(\.key) == changes.map(\.key))
            #expect(all.map(\.value) == changes.map(\.value))
            let page = try snapshot.scan(prefix: prefix, after: key(2, 99), limit: 10)
            #expect(page.map(\.key) == (100..<110).map { key(2, $0) })
            #expect(try snapshot.scan(prefix: prefix, after: key(2, 299), limit: 10).isEmpty)
            #expect(try snapshot.scan(prefix: prefix, after: key(3, 0), limit: 10).isEmpty)
            #expect(try snapshot.scan(prefix: prefix, after: key(1, 0), limit: 2).count == 2)
            #expect(try snapshot.scan(prefix: key(2, 5), after: nil, limit: 9).count == 1)
            #expect(try snapshot.scan(prefix: key("none"), after: nil, limit: 9).isEmpty)
            for limit in [0, -1, .min] {
                #expect(try snapshot.scan(prefix: prefix, after: nil, limit: limit).isEmpty)
            }
        }
    }

    @Test("a removed key is not listed any more, and one that came back once")
    func scanAfterRemoval() throws {
        let store = try Workspace().initialized((0..<5).map { .put(key($0), [1]) })
        try store.commitNext([.remove(key(1)), .remove(key(3))])
        try store.commitNext([.put(key(3), [2])])
        let listed = try store.withSnapshot {
            try $0.scan(prefix: StateKey(bytes: [1]), after: nil, limit: .max)
        }
        #expect(listed.map(\.key) == [0, 2, 3, 4].map { key($0) })
        #expect(listed.map(\.value) == [[1], [1], [2], [1]])
    }

    @Test("a walk over all entries meets each once")
    func forEachEntry() throws {
        let store = try Workspace().initialized((0..<500).map { .put(key($0), [UInt8($0 / 2)]) })
        var seen: [StateKey: [UInt8]] = [:]
        try store.withSnapshot { snapshot in
            try snapshot.forEachEntry { key, value in
                #expect(seen.updateValue(value, forKey: key) == nil)
            }
        }
        #expect(seen.count == 500)
        #expect((0..<500).allSatisfy { seen[key($0)] == [UInt8($0 / 2)] })
    }
}
