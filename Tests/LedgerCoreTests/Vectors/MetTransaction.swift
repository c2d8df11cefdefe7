import CanonicalCoding
import Identity
import MarketTypes

@testable import LedgerCore

/// A transaction's bytes, and the state and block that they met.
struct MetTransaction: Sendable {
    let entries: [StateKey: [UInt8]]
    let bytes: [UInt8]
    let context: BlockContext

    init(
        base: MemoryState,
        staged: [StateKey: [UInt8]?],
        bytes: [UInt8],
        context: BlockContext
    ) {
        entries = base.entries.merging(staged.compactMapValues { $0 }) { $1 }
            .filter { key, _ in staged[key].map { $0 != nil } ?? true }
        self.bytes = bytes
        self.context = context
    }
}

/// A state that notes which of its entries were looked at.
final class WatchedState: StateReading {
    private let entries: [StateKey: [UInt8]]
    private(set) var seen: [StateKey: [UInt8]] = [:]

    init(_ entries: [StateKey: [UInt8]]) { self.entries = entries }

    func value(for key: StateKey) -> [UInt8]? {
        let value = entries[key]
        seen[key] = value
        return value
    }
}

extension StateTreeHash {
    /// The root over entries, as the specification says it (STT-2 to STT-5).
    static func root(of entries: [StateKey: [UInt8]]) -> Digest {
        let leaves = entries.map { key, value in
            (path: path(of: key), hash: leaf(path: path(of: key), value: value))
        }
        return subtree(leaves.sorted { $0.path < $1.path }[...], depth: 0)
    }

    private static func subtree(
        _ leaves: ArraySlice<(path: Digest, hash: Digest)>,
        depth: Int
    ) -> Digest {
        guard leaves.count > 1 else { return leaves.first?.hash ?? empty }
        let byte = depth / 8
        let bit = UInt8(0x80) >> UInt8(depth % 8)
        let split = leaves.firstIndex { $0.path.bytes[byte] & bit != 0 } ?? leaves.endIndex
        return inner(
            subtree(leaves[..<split], depth: depth + 1),
            subtree(leaves[split...], depth: depth + 1)
        )
    }
}
