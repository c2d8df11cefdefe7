import CanonicalCoding
import LedgerCore
import LedgerStore
import MarketTypes
import Testing

@Suite("Commit")
struct CommitTests {
    private let a = key("a")

    private func digest(_ byte: UInt8) -> Digest { Digest(sha256: [byte]) }

    @Test("a store without a chain takes no block, and one with a chain no second")
    func chain() throws {
        let store = try Workspace().open()
        #expect(try store.chain() == nil)
        #expect(throws: StoreError.notInitialized) { try store.commitNext([]) }
        try store.initialize(chain: .test, changes: [.put(a, [1])], time: .test)
        #expect(throws: StoreError.alreadyInitialized) {
            try store.initialize(chain: ChainID(.zero), changes: [], time: .test)
        }
        #expect(try store.chain() == .test)
        #expect(store.value(for: a) == [1])
        #expect(try store.last().height == BlockHeight(0))
    }

    @Test("a block that does not follow the last one is refused and changes nothing")
    func wrongHeight() throws {
        let store = try Workspace().initialized([.put(a, [1])])
        try store.commitNext([.put(a, [2])])
        let before = try store.last()
        let staged = try store.stage([.put(a, [3])])
        for height in [0, 1, 3, UInt64.max] {
            let given = BlockHeight(height)
            #expect(throws: StoreError.wrongHeight(expected: BlockHeight(2), given: given)) {
                try store.commit(.test(given, staged, transactions: [digest(1)]))
            }
            #expect(try store.last() == before)
            #expect(store.value(for: a) == [2])
            #expect(try store.block(at: BlockHeight(3)) == nil)
            #expect(try store.transactionPosition(of: digest(1)) == nil)
        }
    }

    @Test("what was staged on an older state is refused")
    func staleStage() throws {
        let store = try Workspace().initialized([.put(a, [1])])
        let staged = try store.stage([.put(a, [2])])
        try store.commitNext([])
        #expect(throws: StoreError.staleStage) {
            try store.commit(.test(BlockHeight(2), staged))
        }
        #expect(store.value(for: a) == [1])
    }

    @Test("values, blocks and results have limits")
    func tooLarge() throws {
        let store = try Workspace().initialized()
        let bytesMax = StagedTree.valueBytesMax
        #expect(throws: StoreError.tooLarge(bytes: bytesMax + 1, bytesMax: bytesMax)) {
            try store.stage([.put(a, [UInt8](repeating: 0, count: bytesMax + 1))])
        }
    }

    @Test("staging writes nothing, and committing gives the root that staging promised")
    func stageThenCommit() throws {
        let workspace = Workspace()
        var store = try workspace.initialized([.put(a, [1])])
        let before = try store.last()
        let staged = try store.stage([.put(a, [2]), .put(key("b"), [3])])
        #expect(staged.root != before.root)
        #expect(try store.last() == before)
        #expect(store.value(for: a) == [1])
        store = try reopened(workspace, &store)
        #expect(try store.last() == before)
        #expect(store.value(for: key("b")) == nil)
        try store.commit(.test(BlockHeight(1), staged))
        #expect(try store.last().root == staged.root)
        #expect(store.value(for: a) == [2])
    }

    @Test("everything of a block is found again after reopening")
    func reopen() throws {
        let workspace = Workspace()
        var store = try workspace.initialized([.put(a, [1])])
        try store.commitNext([.put(a, [2])], transactions: [digest(1), .zero, digest(2)])
        try store.commitNext([.put(key("b"), [3])], transactions: [digest(3), digest(1)])
        let last = try store.last()
        store = try reopened(workspace, &store)
        #expect(try store.last() == last)
        #expect(last.height == BlockHeight(2))
        #expect(last.blockHash == Digest(sha256: Array("2".utf8)))
        #expect(try store.chain() == .test)
        #expect(store.value(for: a) == [2])
        #expect(try store.block(at: BlockHeight(1)) == Array("block 1".utf8))
        #expect(try store.results(at: BlockHeight(2)) == Array("results 2".utf8))
        #expect(try store.block(at: BlockHeight(3)) == nil)
        #expect(try store.results(at: BlockHeight(0)) == nil)
        let position = try store.transactionPosition(of: digest(2))
        #expect(position?.height == BlockHeight(1))
        #expect(position?.index == 2)
        #expect(try store.transactionPosition(of: digest(3))?.height == BlockHeight(2))
    }

    @Test("a transaction stands where it came first, and zero digests stand nowhere")
    func positions() throws {
        let store = try Workspace().initialized()
        try store.commitNext([], transactions: [digest(1), .zero])
        try store.commitNext([], transactions: [digest(2), digest(1)])
        #expect(try store.transactionPosition(of: digest(1))?.height == BlockHeight(1))
        #expect(try store.transactionPosition(of: .zero) == nil)
        #expect(try store.transactionPosition(of: digest(9)) == nil)
    }

    @Test("a block whose bytes are kept elsewhere has results and no bytes")
    func noBlockBytes() throws {
        let store = try Workspace().initialized()
        try store.commit(
            BlockCommit(
                height: BlockHeight(1),
                time: .test,
                staged: try store.stage([]),
                block: [],
                blockHash: .zero,
                results: [5],
                transactions: []
            )
        )
        #expect(try store.block(at: BlockHeight(1)) == nil)
        #expect(try store.results(at: BlockHeight(1)) == [5])
    }

    @Test("blocks of a megabyte are kept whole among small ones")
    func largeBlocks() throws {
        let store = try Workspace().initialized()
        var random = SplitMix64(seed: 1)
        let blocks = [1, 1 << 20, 3000, 700_000, 4096].map { random.bytes($0) }
        for (index, block) in blocks.enumerated() {
            try store.commit(
                BlockCommit(
                    height: BlockHeight(UInt64(index + 1)),
                    time: .test,
                    staged: try store.stage([]),
                    block: block,
                    blockHash: .zero,
                    results: block,
                    transactions: []
                )
            )
        }
        for (index, block) in blocks.enumerated() {
            #expect(try store.block(at: BlockHeight(UInt64(index + 1))) == block)
            #expect(try store.results(at: BlockHeight(UInt64(index + 1))) == block)
        }
    }

    private func reopened(
        _ workspace: Workspace,
        _ store: inout LedgerStore
    ) throws -> LedgerStore {
        store = try Workspace().open()  // lets go of the old one, which frees its lock
        return try workspace.open()
    }
}
