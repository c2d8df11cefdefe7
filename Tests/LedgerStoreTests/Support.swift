import CanonicalCoding
import Glibc
import LedgerCore
import LedgerStore
import MarketTypes

/// A generator whose numbers a seed repeats (Steele, Lea and Flood 2014).
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}

/// A directory of one test, in memory where the system has such a place.
final class Workspace: Sendable {
    let directory: String
    private let isOwner: Bool

    /// A directory of its own, which goes when this value goes.
    convenience init() {
        self.init(String(UInt64.random(in: .min ... .max), radix: 16), isOwner: true)
    }

    /// The directory called `name`; only its owner removes it.
    init(_ name: String, isOwner: Bool) {
        let base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        directory = base + "/ledger-store-tests-" + name
        self.isOwner = isOwner
    }

    deinit {
        guard isOwner else { return }
        for name in ["data.mdb", "lock.mdb", "ledger.lock"] { unlink(directory + "/" + name) }
        rmdir(directory)
    }

    func open(mapBytesMax: Int = 1 << 30, readersMax: Int = 8) throws -> LedgerStore {
        try LedgerStore(
            configuration: LedgerStoreConfiguration(
                directory: directory,
                mapBytesMax: mapBytesMax,
                readersMax: readersMax
            )
        )
    }

    /// Opens a store and starts a chain with `changes` in it.
    func initialized(
        _ changes: [StateChange] = [],
        mapBytesMax: Int = 1 << 30,
        readersMax: Int = 8
    ) throws -> LedgerStore {
        let store = try open(mapBytesMax: mapBytesMax, readersMax: readersMax)
        try store.initialize(chain: .test, changes: changes, time: .test)
        return store
    }
}

extension ChainID {
    static let test = ChainID(Digest(sha256: Array("test chain".utf8)))
}

/// The key of the entry called `name`.
func key(_ name: String) -> StateKey { StateKey(bytes: Array(name.utf8)) }

/// The key with number `index`.
func key(_ index: Int) -> StateKey { key(1, index) }

/// The key with number `index` of a namespace.
func key(_ namespace: UInt8, _ index: Int) -> StateKey {
    StateKey(bytes: [namespace] + withUnsafeBytes(of: UInt32(index).bigEndian) { Array($0) })
}

extension StateChange {
    static func put(_ key: StateKey, _ value: [UInt8]) -> StateChange {
        StateChange(key: key, value: value)
    }

    static func remove(_ key: StateKey) -> StateChange { StateChange(key: key, value: nil) }
}

extension LedgerStore {
    /// Stages and commits `changes` as the next block.
    @discardableResult
    func commitNext(_ changes: [StateChange], transactions: [Digest] = []) throws -> Digest {
        let height = BlockHeight(try last().height.rawValue + 1)
        let staged = try stage(changes)
        try commit(.test(height, staged, transactions: transactions))
        return staged.root
    }
}

extension Timestamp {
    /// Some time.
    static let test = Timestamp(milliseconds: 1_000)
}

extension BlockCommit {
    /// A block whose bytes tell its height.
    static func test(
        _ height: BlockHeight,
        _ staged: StagedTree,
        transactions: [Digest] = []
    ) -> BlockCommit {
        let name = "\(height.rawValue)"
        return BlockCommit(
            height: height,
            time: .test,
            staged: staged,
            block: Array("block \(name)".utf8),
            blockHash: Digest(sha256: Array(name.utf8)),
            results: Array("results \(name)".utf8),
            transactions: transactions
        )
    }
}

/// The state as the slowest, most obvious program would keep it.
struct ReferenceState {
    private(set) var entries: [StateKey: [UInt8]] = [:]

    mutating func apply(_ changes: [StateChange]) {
        for change in changes { entries[change.key] = change.value }
    }

    /// The root by the definition: docs/spec/state-tree.md, STT-1 to STT-4, word for word.
    var root: Digest {
        let leaves = entries.map { key, value in
            let path = Digest(.stateKey, key.bytes)
            return (
                path: path,
                hash: Digest(sha256: [0] + path.bytes + Digest(sha256: value).bytes)
            )
        }
        return Self.root(leaves.sorted { $0.path < $1.path }, depth: 0)
    }

    private static func root(_ leaves: [(path: Digest, hash: Digest)], depth: Int) -> Digest {
        if leaves.isEmpty { return .zero }
        if leaves.count == 1 { return leaves[0].hash }
        let left = root(leaves.filter { !$0.path.bit(depth) }, depth: depth + 1)
        let right = root(leaves.filter { $0.path.bit(depth) }, depth: depth + 1)
        return Digest(sha256: [1] + left.bytes + right.bytes)
    }

    /// Up to `count` changes of keys below `keyCount`, about a third of them removals.
    static func randomChanges(
        _ count: Int,
        keyCount: Int,
        using random: inout SplitMix64
    ) -> [StateChange] {
        (0..<Int.random(in: 0...count, using: &random)).map { _ in
            let changed = key(Int.random(in: 0..<keyCount, using: &random))
            guard Int.random(in: 0..<3, using: &random) > 0 else { return .remove(changed) }
            return .put(changed, random.bytes(Int.random(in: 0...20, using: &random)))
        }
    }
}
