public import CanonicalCoding
public import MarketTypes

/// Everything an asset descends from, as a claim needs it: one entry to read, whatever the depth.
///
/// An ancestor's terms never change, so neither does this. There are no cycles: a parent exists
/// before its child does, and no message adds a parent later.
public struct Lineage: Hashable, Sendable {
    /// The most parents of one asset.
    public static let parentsMax = 8
    /// The most generations between an asset and the farthest of its ancestors.
    public static let depthMax: UInt8 = 8
    /// The most pairs of child and parent among an asset and all its ancestors.
    public static let edgesMax = 64
    /// The most that an asset's parents get of what reaches it, in basis points: who made it keeps
    /// a tenth.
    public static let sharesMax: UInt16 = 9000
    /// The most edges along which one transaction's income can flow.
    public static let edgesPerTransactionMax = 1024

    /// A parent as royalties need it.
    public struct Edge: Hashable, Sendable {
        /// The parent.
        public let parent: AssetID
        /// What it gets of what reaches the child, in basis points.
        public let shareBasisPoints: UInt16
    }

    /// An asset of the lineage, with its parents by ascending asset.
    public struct Node: Hashable, Sendable {
        /// Which asset.
        public let asset: AssetID
        /// The generations between it and the farthest of its own ancestors.
        public let depth: UInt8
        /// Its parents.
        public let parents: [Edge]
    }

    /// The asset itself, then its ancestors, each once.
    ///
    /// By descending depth, of equals by ascending asset: so a child stands before its parents.
    public let nodes: [Node]

    /// The generations between the asset and the farthest of its ancestors.
    public var depth: UInt8 { nodes.first?.depth ?? 0 }

    /// How many pairs of child and parent there are.
    public var edges: Int { nodes.reduce(0) { $0 + $1.parents.count } }

    /// Joins the lineages of an asset's parents above the asset.
    ///
    /// - Throws: `tooDeep` or `tooManyEdges`.
    init(
        of asset: AssetID,
        from parents: [AssetParent],
        with lineages: [Lineage]
    ) throws(LineageRefusal) {
        var ancestors = SortedMap<AssetID, Node>()
        var depth: UInt8 = 0
        for lineage in lineages {
            depth = max(depth, lineage.depth + 1)
            for node in lineage.nodes { ancestors[node.asset] = node }
        }
        guard depth <= Self.depthMax else { throw .tooDeep }
        let edges = parents.map {
            Edge(parent: $0.asset, shareBasisPoints: $0.shareBasisPoints)
        }
        let elders = ancestors.entries.map(\.value).sorted {
            $0.depth == $1.depth ? $0.asset < $1.asset : $0.depth > $1.depth
        }
        nodes = [Node(asset: asset, depth: depth, parents: edges)] + elders
        guard self.edges <= Self.edgesMax else { throw .tooManyEdges }
    }

    /// Splits an amount of obol among the asset and its ancestors, in the order of ``nodes``; the
    /// parts add up to it.
    public func split(_ amount: UInt128) -> [UInt128] {
        var reached = SortedMap<AssetID, UInt128>()
        if let first = nodes.first { reached[first.asset] = amount }
        return nodes.map { node in
            let parts = node.split(reached[node.asset] ?? 0)
            for (edge, part) in zip(node.parents, parts.royalties) {
                // Cannot overflow: all that flows is part of one amount.
                reached[edge.parent] = (reached[edge.parent] ?? 0) + part
            }
            return parts.kept
        }
    }
}

extension Lineage.Node {
    /// Splits what reached this asset: to each parent its basis points and the rest to itself,
    /// rounded down; what is left over goes, an obol each, to the parents with the largest
    /// remainders, of equals to the one that comes first.
    ///
    /// So the asset itself bears the rounding. Its seller chooses how much one claim is for, and
    /// in a coarse unit could otherwise claim so little at a time that no parent is ever due a
    /// whole one.
    func split(_ amount: UInt128) -> (royalties: [UInt128], kept: UInt128) {
        let whole: UInt128 = 10_000
        let given = parents.reduce(UInt128(0)) { $0 + UInt128($1.shareBasisPoints) }
        let rates = parents.map { UInt128($0.shareBasisPoints) } + [whole - given]
        // The whole ten-thousands and the rest, apart, so that no product leaves 128 bits.
        let (tens, rest) = amount.quotientAndRemainder(dividingBy: whole)
        var parts = rates.map { $0 * tens + $0 * rest / whole }
        let remainders = rates.map { $0 * rest % whole }
        // There are never more left than parents with a remainder: the asset's own is below one.
        let order = parents.indices.sorted {
            remainders[$0] == remainders[$1] ? $0 < $1 : remainders[$0] > remainders[$1]
        }
        let left = amount - parts.reduce(0, +)
        for place in order.prefix(Int(left)) { parts[place] += 1 }
        let kept = parts.removeLast()
        return (parts, kept)
    }
}

extension Lineage: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) { encoder.encode(list: nodes) }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        nodes = try decoder.decodeList(of: Node.self, countMax: Self.edgesMax + 1)
    }
}

extension Lineage.Node: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(asset.digest)
        encoder.encode(depth)
        encoder.encode(list: parents)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        asset = AssetID(try decoder.decodeDigest())
        depth = try decoder.decodeUInt8()
        parents = try decoder.decodeList(of: Lineage.Edge.self, countMax: Lineage.parentsMax)
    }
}

extension Lineage.Edge: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(parent.digest)
        encoder.encode(shareBasisPoints)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        parent = AssetID(try decoder.decodeDigest())
        shareBasisPoints = try decoder.decodeUInt16()
    }
}
