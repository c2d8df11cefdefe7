import LedgerCore
import MarketTypes
import Testing

@testable import LedgerStore

@Suite("State tree")
struct StateTreeTests {
    @Test("the root of an empty state is zero, of one entry its leaf (STT-2, STT-3)")
    func smallest() throws {
        let store = try Workspace().initialized()
        #expect(try store.last().root == .zero)
        let leaf = StateTreeHash.leaf(
            path: StateTreeHash.path(of: key("a")),
            value: Array("1".utf8)
        )
        #expect(try store.commitNext([.put(key("a"), Array("1".utf8))]) == leaf)
        #expect(try store.commitNext([.remove(key("a"))]) == .zero)
    }

    @Test("the roots of known states are those that another program computed")
    func golden() throws {
        let store = try Workspace().initialized()
        for (count, root) in Self.goldenRoots {
            let changes = (0..<count).map { index in
                StateChange.put(key("key \(index)"), Array("value \(index)".utf8))
            }
            #expect(try store.stage(changes).root.description == root)
        }
    }

    /// `hashlib` and twelve lines of Python, by docs/spec/state-tree.md.
    static let goldenRoots: [(Int, String)] = [
        (1, "f921fbab8f3f820b6a6c3a8496dd4c74b473d8e7e7ad59e5e87214c249f4c834"),
        (2, "9614cddb3eee13a271bf4ef018a50944e7fd8d42c86e6989bbd50523b3ada958"),
        (1000, "3af66b767507cfef43e2414068e1eeb7dff21f90bad8ee7097be0b8667ade5bd"),
    ]

    @Test("after any history the root is that of the definition", arguments: 0..<200)
    func histories(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let keyCount = [3, 40, 80, 200][seed % 4]
        let store = try Workspace().initialized()
        var reference = ReferenceState()
        for _ in 0..<5 {
            let changes = ReferenceState.randomChanges(keyCount, keyCount: keyCount, using: &random)
            reference.apply(changes)
            #expect(try store.commitNext(changes) == reference.root)
            #expect(try store.last().entryCount == reference.entries.count)
        }
        try store.expectSameTables(as: reference)
        #expect(try store.commitNext(reference.entries.map { .remove($0.key) }) == .zero)
        try store.expectSameTables(as: ReferenceState())
    }

    @Test("five thousand keys come, change and go; every value can be read back")
    func large() throws {
        var random = SplitMix64(seed: 5000)
        let store = try Workspace().initialized()
        var reference = ReferenceState()
        var blocks = [(0..<5000).map { StateChange.put(key($0), random.bytes(50)) }]
        blocks.append((0..<700).map { .put(key($0 * 7), random.bytes(50)) })
        blocks.append((0..<2600).map { .remove(key($0)) })
        blocks.append((2600..<4990).map { .remove(key($0)) })
        for changes in blocks {
            reference.apply(changes)
            #expect(try store.commitNext(changes) == reference.root)
            for index in 0..<5000 {
                #expect(store.value(for: key(index)) == reference.entries[key(index)])
            }
            try store.expectSameTables(as: reference)
        }
    }

    @Test("keys that crowd under one prefix make deep pages, and leave none behind")
    func crowded() throws {
        let prefix = StateTreeHash.path(of: key(0)).prefix(bits: 10)
        let keys = (0..<100_000).map { key($0) }.filter {
            StateTreeHash.path(of: $0).prefix(bits: 10) == prefix
        }
        #expect(keys.count > 2 * TreePage.bucketCountMax)
        let store = try Workspace().initialized()
        var reference = ReferenceState()
        let removals = keys.dropLast().map { StateChange.remove($0) }
        for changes in [keys.map { .put($0, [1]) }, removals] {
            reference.apply(changes)
            #expect(try store.commitNext(changes) == reference.root)
            try store.expectSameTables(as: reference)
        }
    }

    @Test("of several changes of one key the last counts; changing nothing changes nothing")
    func duplicates() throws {
        let store = try Workspace().initialized()
        let (a, b) = (key("a"), key("b"))
        let root = try store.commitNext([.put(a, [1]), .put(b, [2]), .put(a, [3]), .remove(b)])
        #expect(store.value(for: a) == [3])
        #expect(store.value(for: b) == nil)
        #expect(try store.stage([.remove(b), .put(a, [3]), .put(b, [4]), .remove(b)]).root == root)
        #expect(try store.stage([]).root == root)
    }

    @Test("a damaged page or leaf is reported when a change meets it")
    func damaged() throws {
        let store = try Workspace().initialized((0..<100).map { .put(key($0), [1]) })
        try store.environment.write { transaction throws(StoreError) in
            try transaction.put(PageName.root, [1, 2, 3], in: transaction.tables.pages)
        }
        #expect(throws: StoreError.corrupt(.treePage)) { try store.stage([.put(key(1), [2])]) }
        let small = try Workspace().initialized([.put(key("a"), [1]), .put(key("b"), [1])])
        try small.environment.write { transaction throws(StoreError) in
            let path = StateTreeHash.path(of: key("a"))
            try transaction.remove(path, in: transaction.tables.state)
        }
        #expect(throws: StoreError.corrupt(.treePage)) { try small.stage([.put(key("c"), [2])]) }
    }
}

extension LedgerStore {
    /// Expects every record of the state's tables to be what a store has that never held more.
    func expectSameTables(
        as reference: ReferenceState,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let fresh = try Workspace().initialized(
            reference.entries.map { StateChange(key: $0.key, value: $0.value) }
        )
        for table in [\Tables.state, \Tables.keys, \Tables.pages] {
            let (mine, other) = (try records(table), try fresh.records(table))
            #expect(mine == other, sourceLocation: sourceLocation)
        }
    }

    /// All records of a table, in order: keys and values by turns.
    func records(_ table: KeyPath<Tables, UInt32>) throws -> [[UInt8]] {
        try withSnapshot { snapshot in
            let transaction = snapshot.transaction
            let cursor = try Cursor(transaction, transaction.tables[keyPath: table])
            var records: [[UInt8]] = []
            var entry = try cursor.seek([UInt8(0)])
            while let found = entry {
                records += [Array(found.key), Array(found.value)]
                entry = try cursor.next()
            }
            return records
        }
    }
}
