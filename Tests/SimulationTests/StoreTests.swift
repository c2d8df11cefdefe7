import CanonicalCoding
import LedgerCore
import LedgerStore
import MarketTypes
import Testing

@testable import Consensus
@testable import Simulation

/// The store of a simulated node.
@Suite("Simulated store")
struct StoreTests {
    private let chain = ChainID(Digest(sha256: [1]))
    private let paths = StatePaths()

    private func change(_ index: Int, _ value: String?) -> StateChange {
        StateChange(
            key: StateKey(bytes: Array("key \(index)".utf8)),
            value: value.map { Array($0.utf8) }
        )
    }

    private func open(_ disk: SimulatedDisk) throws -> SimulatedStore {
        try SimulatedStore(disk: disk, paths: paths, bug: nil)
    }

    private func store(_ count: Int) throws -> SimulatedStore {
        let store = try open(SimulatedDisk(chance: Chance(seed: 1)))
        try store.initialize(
            chain: chain,
            changes: (0..<count).map { change($0, "value \($0)") },
            time: Timestamp(milliseconds: 5)
        )
        return store
    }

    private func record(_ height: UInt64) -> BlockRecord {
        BlockRecord(
            height: BlockHeight(height),
            time: Timestamp(milliseconds: 10 + height),
            block: [],
            blockHash: .zero,
            results: [UInt8(height)],
            transactions: [Digest(sha256: [UInt8(height)])]
        )
    }

    @Test(
        "STT-5: the roots are those of docs/spec/state-tree.md",
        arguments: [
            (0, "0000000000000000000000000000000000000000000000000000000000000000"),
            (1, "f921fbab8f3f820b6a6c3a8496dd4c74b473d8e7e7ad59e5e87214c249f4c834"),
            (2, "9614cddb3eee13a271bf4ef018a50944e7fd8d42c86e6989bbd50523b3ada958"),
            (1000, "3af66b767507cfef43e2414068e1eeb7dff21f90bad8ee7097be0b8667ade5bd"),
        ]
    )
    func roots(_ count: Int, _ root: String) throws {
        #expect(try store(count).last().root.description == root)
    }

    @Test("STT-5: changes lead to the root of the entries that remain, also after removals")
    func incremental() throws {
        let store = try store(40)
        let stage = try store.stage((10..<40).map { change($0, nil) } + [change(3, "other")])
        try stage.commit(record(1))
        let fresh = try open(SimulatedDisk(chance: Chance(seed: 1)))
        let rest = (0..<10).map { change($0, $0 == 3 ? "other" : "value \($0)") }
        try fresh.initialize(chain: chain, changes: rest, time: Timestamp(milliseconds: 5))
        #expect(try store.last().root == fresh.last().root)
    }

    @Test("a stage on an older state, and a block out of order, change nothing")
    func refusals() throws {
        let store = try store(4)
        let old = try store.stage([change(1, "old")])
        try store.stage([change(2, "new")]).commit(record(1))
        let before = try store.last()
        #expect(throws: StoreError.staleStage) { try old.commit(record(2)) }
        #expect(throws: StoreError.self) { try store.stage([]).commit(record(3)) }
        #expect(throws: StoreError.alreadyInitialized) {
            try store.initialize(chain: chain, changes: [], time: Timestamp(milliseconds: 0))
        }
        #expect(try store.last() == before)
    }

    @Test("a restarted node has every block whose commit returned, with results and places")
    func restart() throws {
        let disk = SimulatedDisk(chance: Chance(seed: 3))
        let store = try open(disk)
        try store.initialize(
            chain: chain,
            changes: [change(1, "one")],
            time: Timestamp(milliseconds: 5)
        )
        for height in UInt64(1)...5 {
            try store.stage([change(Int(height), "v\(height)")]).commit(record(height))
        }
        #expect(!disk.crash())
        let again = try open(disk)
        #expect(try again.last() == store.last())
        #expect(try again.chain() == chain)
        #expect(try again.results(at: BlockHeight(4)) == [4])
        #expect(try again.position(of: Digest(sha256: [5]))?.height == BlockHeight(5))
    }

    @Test("a full disk and a spoiled one are told apart from each other")
    func faults() throws {
        let disk = SimulatedDisk(chance: Chance(seed: 3))
        let store = try open(disk)
        try store.initialize(chain: chain, changes: [], time: Timestamp(milliseconds: 5))
        for height in UInt64(1)...3 { try store.stage([]).commit(record(height)) }
        disk.bytesMax = 100
        #expect(throws: StoreError.full) { try store.stage([]).commit(record(4)) }
        #expect(try store.last().height == BlockHeight(3))
        disk.spoilsRecord = true
        #expect(disk.crash())
        #expect(throws: StoreError.corrupt(.blockRecord)) { try open(disk) }
    }

    @Test("STT-8: presence and absence can be proven against the root")
    func proofs() throws {
        let store = try store(50)
        let root = try store.last().root
        try store.withState { state in
            for index in 0..<60 {
                let key = change(index, nil).key
                try state.proof(for: key).verify(key: key, value: state.value(for: key), root: root)
            }
            let listed = try state.entries(
                prefix: StateKey(bytes: Array("key 1".utf8)),
                after: nil,
                limit: 5
            )
            #expect(listed.count == 5)
        }
    }
}
