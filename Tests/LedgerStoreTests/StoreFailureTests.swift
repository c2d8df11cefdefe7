import Glibc
import LedgerCore
import MarketTypes
import Testing

@testable import LedgerStore

@Suite("Store failures")
struct StoreFailureTests {
    @Test("a setting out of its range is named")
    func configuration() {
        let good = LedgerStoreConfiguration(directory: "/nonexistent/ledger")
        var bad = (good, good, good, good)
        bad.0.directory = ""
        bad.1.mapBytesMax = LedgerStoreConfiguration.mapBytesMin - 4096
        bad.2.mapBytesMax += 1
        bad.3.readersMax = 0
        for (field, configuration) in [
            ("directory", bad.0), ("mapBytesMax", bad.1), ("mapBytesMax", bad.2),
            ("readersMax", bad.3),
        ] {
            #expect(throws: StoreError.invalidConfiguration(field: field)) {
                try LedgerStore(configuration: configuration)
            }
        }
        #expect(throws: StoreError.failed(code: ENOENT)) { try LedgerStore(configuration: good) }
    }

    @Test("a second store on the same directory is refused until the first is gone")
    func inUse() throws {
        let workspace = Workspace()
        do {
            let store = try workspace.initialized()
            #expect(throws: StoreError.inUse) { try workspace.open() }
            #expect(try store.chain() == .test)
        }
        #expect(try workspace.open().chain() == .test)
    }

    @Test("a second process is refused")
    func otherProcess() async throws {
        let workspace = Workspace("lock-\(getpid())", isOwner: true)
        let store = try workspace.initialized()
        await #expect(processExitsWith: .exitCode(42)) {
            do {
                _ = try Workspace("lock-\(getppid())", isOwner: false).open()
            } catch StoreError.inUse {
                exit(42)
            }
        }
        try store.commitNext([])
    }

    @Test("files of another format are refused")
    func unknownFormat() throws {
        let workspace = Workspace()
        do {
            let store = try workspace.open()
            try store.environment.write { transaction throws(StoreError) in
                try transaction.put(
                    Array("format".utf8),
                    [0, 0, 0, 9],
                    in: transaction.tables.meta
                )
            }
        }
        #expect(throws: StoreError.unknownFormat(found: 9)) { try workspace.open() }
    }

    @Test("a block that does not fit leaves the state before it, and a smaller one still fits")
    func full() throws {
        let workspace = Workspace()
        var random = SplitMix64(seed: 1)
        do {
            let store = try workspace.initialized([.put(key("a"), [1])], mapBytesMax: 1 << 20)
            let before = try store.last()
            let changes = (0..<1000).map { StateChange.put(key($0), random.bytes(1000)) }
            #expect(throws: StoreError.full) { try store.commitNext(changes) }
            #expect(try store.last() == before)
            #expect(store.value(for: key(0)) == nil)
            #expect(try store.block(at: BlockHeight(1)) == nil)
            try store.commitNext(Array(changes.prefix(3)))
        }
        let store = try workspace.open()
        #expect(try store.last().height == BlockHeight(1))
        #expect(try store.last().entryCount == 4)
    }

    @Test("a chain runs into a full map without losing a block that was committed")
    func fillsUp() throws {
        let store = try Workspace().initialized(mapBytesMax: 1 << 20)
        var random = SplitMix64(seed: 2)
        var reference = ReferenceState()
        var blocks: UInt64 = 0
        #expect(throws: StoreError.full) {
            for block in 0..<1000 {
                let changes = (0..<20).map { index in
                    StateChange.put(key(block * 20 + index), random.bytes(50))
                }
                try store.commitNext(changes)
                reference.apply(changes)
                blocks += 1
            }
        }
        #expect(blocks > 20)
        #expect(try store.last().height == BlockHeight(blocks))
        #expect(try store.last().root == reference.root)
    }

    @Test("a write that the system refuses leaves the state before it")
    func writeFails() async {
        await #expect(processExitsWith: .success) {
            signal(SIGXFSZ, SIG_IGN)
            let store = try Workspace().initialized([.put(key("a"), [1])])
            let before = try store.last()
            var limit = rlimit(rlim_cur: 300_000, rlim_max: rlim_t.max)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            let values = [UInt8](repeating: 1, count: 400_000)
            #expect(throws: StoreError.self) { try store.commitNext([.put(key("b"), values)]) }
            #expect(try store.last() == before)
            try store.commitNext([.put(key("b"), [2])])
            #expect(store.value(for: key("b")) == [2])
        }
    }

    @Test("a value that does not match its hash ends the process instead of being used")
    func damagedValue() async throws {
        let result = await #expect(
            processExitsWith: .failure,
            observing: [\.standardErrorContent]
        ) {
            let store = try Workspace().initialized([.put(key("a"), [1])])
            let path = StateTreeHash.path(of: key("a"))
            try store.environment.write { transaction throws(StoreError) in
                let leaf = StateTreeHash.leaf(path: path, value: [1])
                let record = StateRecord.bytes(leaf: leaf, key: key("a"), value: [2])
                try transaction.put(path, record, in: transaction.tables.state)
            }
            _ = store.value(for: key("a"))
        }
        let message = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(message.contains("the ledger's state cannot be read"))
    }

    @Test("snapshots are limited, and running out of them stops no block")
    func tooManySnapshots() throws {
        let store = try Workspace().initialized(readersMax: 2)
        try store.withSnapshot { _ in
            try store.withSnapshot { _ in
                #expect(throws: StoreError.tooManySnapshots) { try store.withSnapshot { _ in } }
                try store.commitNext([.put(key("a"), [1])])
                #expect(store.value(for: key("a")) == [1])
            }
        }
        #expect(try store.withSnapshot(\.height) == BlockHeight(1))
    }

    @Test("errors have the numbers they were given")
    func codes() {
        let errors: [StoreError] = [
            .invalidConfiguration(field: ""), .inUse, .unknownFormat(found: 0), .notInitialized,
            .alreadyInitialized, .wrongHeight(expected: BlockHeight(1), given: BlockHeight(2)),
            .staleStage, .tooLarge(bytes: 2, bytesMax: 1), .full, .tooManySnapshots,
            .corrupt(.head), .importRefused(.wrongRoot), .failed(code: 5),
        ]
        #expect(errors.map(\.code) == Array(1...13))
        #expect(StoreError.failed(code: ENOSPC).description.contains("No space left"))
    }
}
