import LedgerCore
import MarketTypes

/// A state tree in memory (STT-1 to STT-5): old versions stay valid, and share what is the same.
struct SparseTree {
    /// What a change does to one leaf; nil removes it.
    struct Change {
        let path: Digest
        let leaf: Digest?
    }

    private indirect enum Node {
        case empty
        case leaf(path: Digest, hash: Digest)
        case inner(Node, Node, hash: Digest)

        var hash: Digest {
            switch self {
            case .empty: StateTreeHash.empty
            case .leaf(_, let hash), .inner(_, _, let hash): hash
            }
        }

        init(_ left: Node, _ right: Node) {
            switch (left, right) {
            case (.empty, .empty): self = .empty
            case (.leaf, .empty): self = left
            case (.empty, .leaf): self = right
            default:
                self = .inner(left, right, hash: StateTreeHash.inner(left.hash, right.hash))
            }
        }
    }

    private var top = Node.empty

    /// The root of all entries.
    var root: Digest { top.hash }

    /// Applies changes; each path at most once.
    mutating func apply(_ changes: [Change]) {
        let sorted = changes.sorted { $0.path < $1.path }
        top = Self.update(top, sorted[...], depth: 0)
    }

    private static func update(_ node: Node, _ changes: ArraySlice<Change>, depth: Int) -> Node {
        guard let first = changes.first else { return node }
        switch node {
        case .empty:
            if changes.count == 1 { return leaf(first) }
        case .leaf(let path, let hash):
            if changes.count == 1, first.path == path { return leaf(first) }
            // The leaf goes one level down, unless a change replaces it there.
            let side = path.bit(depth)
            let split = Self.split(changes, depth)
            let below = Node.leaf(path: path, hash: hash)
            return Node(
                update(side ? .empty : below, split.left, depth: depth + 1),
                update(side ? below : .empty, split.right, depth: depth + 1)
            )
        case .inner(let left, let right, _):
            let split = Self.split(changes, depth)
            return Node(
                update(left, split.left, depth: depth + 1),
                update(right, split.right, depth: depth + 1)
            )
        }
        let split = Self.split(changes, depth)
        return Node(
            update(.empty, split.left, depth: depth + 1),
            update(.empty, split.right, depth: depth + 1)
        )
    }

    private static func leaf(_ change: Change) -> Node {
        guard let hash = change.leaf else { return .empty }
        return .leaf(path: change.path, hash: hash)
    }

    private static func split(
        _ changes: ArraySlice<Change>,
        _ depth: Int
    ) -> (left: ArraySlice<Change>, right: ArraySlice<Change>) {
        let middle = changes.firstIndex { $0.path.bit(depth) } ?? changes.endIndex
        return (changes[..<middle], changes[middle...])
    }

    /// A proof of what stands at `path`; `other` tells the value hash of another entry's path.
    func proof(for path: Digest, valueHash: (Digest) -> Digest) -> StateProof {
        var siblings: [Digest] = []
        var node = top
        while case .inner(let left, let right, _) = node {
            let side = path.bit(siblings.count)
            siblings.append(side ? left.hash : right.hash)
            node = side ? right : left
        }
        let terminal: StateProof.Terminal =
            switch node {
            case .leaf(path, _): .own
            case .leaf(let other, _): .other(path: other, valueHash: valueHash(other))
            default: .empty
            }
        return StateProof(terminal: terminal, siblings: siblings)
    }
}
