import CanonicalCoding
import LedgerCore
import MarketTypes

/// A small state with its tree, made the slow and plain way of docs/spec/state-tree.md.
struct StateTree: StateReading, Sendable {
    private var entries: [StateKey: [UInt8]] = [:]

    init(_ changes: [StateChange] = []) {
        apply(changes)
    }

    mutating func apply(_ changes: [StateChange]) {
        for change in changes { entries[change.key] = change.value }
    }

    func value(for key: StateKey) -> [UInt8]? { entries[key] }

    private typealias Leaf = (path: Digest, value: [UInt8])

    private var leaves: [Leaf] {
        entries.map { (StateTreeHash.path(of: $0.key), $0.value) }
    }

    var root: Digest { Self.hash(leaves, 0) }

    private static func hash(_ leaves: [Leaf], _ depth: Int) -> Digest {
        switch leaves.count {
        case 0: StateTreeHash.empty
        case 1: StateTreeHash.leaf(path: leaves[0].path, value: leaves[0].value)
        default:
            StateTreeHash.inner(
                hash(leaves.filter { !$0.path.bit(depth) }, depth + 1),
                hash(leaves.filter { $0.path.bit(depth) }, depth + 1)
            )
        }
    }

    func proof(of key: StateKey) -> StateProof {
        let path = StateTreeHash.path(of: key)
        var leaves = leaves
        var siblings: [Digest] = []
        while leaves.count > 1 {
            let depth = siblings.count
            let side = path.bit(depth)
            siblings.append(Self.hash(leaves.filter { $0.path.bit(depth) != side }, depth + 1))
            leaves = leaves.filter { $0.path.bit(depth) == side }
        }
        guard let leaf = leaves.first else {
            return StateProof(terminal: .empty, siblings: siblings)
        }
        guard leaf.path != path else { return StateProof(terminal: .own, siblings: siblings) }
        let other = StateProof.Terminal.other(
            path: leaf.path,
            valueHash: Digest(sha256: leaf.value)
        )
        return StateProof(terminal: other, siblings: siblings)
    }
}
