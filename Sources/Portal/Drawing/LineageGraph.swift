import LedgerCore
import MarketTypes

/// What an asset was made from, as a drawing: the eldest on the left, the asset on the right, and
/// its own children behind it.
struct LineageGraph: Sendable {
    struct Node: Hashable, Sendable {
        let asset: AssetID
        let name: String
        let kind: String
        /// Which part of the asset's income it keeps, such as `7%`; empty for children.
        let part: String
        let column: Int
        let isSelf: Bool
    }

    struct Edge: Hashable, Sendable {
        let from: AssetID
        let to: AssetID
        let label: String
    }

    static let boxWidth = 168.0
    static let boxHeight = 62.0
    static let columnStep = 252.0
    static let rowStep = 86.0
    static let margin = 8.0
    /// The most children that are drawn.
    static let childrenMax = 6

    let nodes: [Node]
    let edges: [Edge]

    var columns: Int { (nodes.map(\.column).max() ?? 0) + 1 }

    /// What stands in a column: nodes, and below them the ways of edges that pass it.
    private enum Slot: Hashable {
        case node(AssetID)
        case way(Int)
    }

    private func slots(_ column: Int) -> [Slot] {
        let nodes = nodes.filter { $0.column == column }.map { Slot.node($0.asset) }
        let ways = edges.indices.filter { index in
            guard let (from, to) = columns(of: edges[index]) else { return false }
            return from < column && column < to
        }
        return nodes + ways.map { Slot.way($0) }
    }

    private func columns(of edge: Edge) -> (from: Int, to: Int)? {
        guard let from = nodes.first(where: { $0.asset == edge.from })?.column,
            let to = nodes.first(where: { $0.asset == edge.to })?.column
        else { return nil }
        return (from, to)
    }

    private var rowsMax: Int { (0..<columns).map { slots($0).count }.max() ?? 1 }

    var width: Double {
        Double(columns - 1) * Self.columnStep + Self.boxWidth + 2 * Self.margin
    }

    var height: Double {
        Double(rowsMax - 1) * Self.rowStep + Self.boxHeight + 2 * Self.margin
    }

    /// The upper left corner of a node's box: columns are centred.
    func place(_ asset: AssetID) -> (x: Double, y: Double)? {
        guard let node = nodes.first(where: { $0.asset == asset }) else { return nil }
        return place(.node(asset), in: node.column)
    }

    private func place(_ slot: Slot, in column: Int) -> (x: Double, y: Double)? {
        let slots = slots(column)
        guard let row = slots.firstIndex(of: slot) else { return nil }
        let used = Double(slots.count - 1) * Self.rowStep + Self.boxHeight
        return (
            Self.margin + Double(column) * Self.columnStep,
            (height - used) / 2 + Double(row) * Self.rowStep
        )
    }

    func draw(title: String) -> SVG {
        SVG(
            width: Int(width.rounded(.up)),
            height: Int(height.rounded(.up)),
            style: "chart lineage columns-\(min(columns, 6))",
            title: title,
            hasLinks: true
        ) { svg in
            for index in edges.indices { draw(edge: index, &svg) }
            for index in edges.indices { label(edge: index, &svg) }
            for node in nodes { draw(node, &svg) }
        }
    }

    /// The columns that an edge touches, each with the height at which it does.
    func stations(_ index: Int) -> [(x: Double, y: Double)] {
        let edge = edges[index]
        guard let (from, to) = columns(of: edge), from < to else { return [] }
        return (from...to).compactMap { column in
            let slot: Slot =
                column == from ? .node(edge.from) : column == to ? .node(edge.to) : .way(index)
            return place(slot, in: column).map { ($0.x, $0.y + Self.boxHeight / 2) }
        }
    }

    private func draw(edge index: Int, _ svg: inout SVG) {
        let stations = stations(index)
        guard let first = stations.first else { return }
        func point(_ x: Double, _ y: Double) -> String { SVG.number(x) + " " + SVG.number(y) }
        var path = "M " + point(first.x + Self.boxWidth, first.y)
        for (start, end) in zip(stations, stations.dropFirst()) {
            let (left, right) = (start.x + Self.boxWidth, end.x)
            let middle = (left + right) / 2
            path += " L " + point(left, start.y)
            path += " C " + point(middle, start.y) + " " + point(middle, end.y)
            path += " " + point(right, end.y)
        }
        svg.shape("path", [("class", "edge"), ("d", path)])
    }

    /// In the first gap that the edge crosses, where edges of one child lie apart.
    private func label(edge index: Int, _ svg: inout SVG) {
        let stations = stations(index)
        guard !edges[index].label.isEmpty, stations.count > 1 else { return }
        let x = (stations[0].x + Self.boxWidth + stations[1].x) / 2
        let y = (stations[0].y + stations[1].y) / 2
        svg.rectangle("plate", at: (x - 24, y - 10), size: (48, 20), rounded: 10)
        svg.text("share", edges[index].label, at: (x, y + 4), anchor: "middle")
    }

    private func draw(_ node: Node, _ svg: inout SVG) {
        guard let place = place(node.asset) else { return }
        let link = node.isSelf ? nil : PortalPaths.asset(node.asset)
        svg.group(node.isSelf ? "node self" : "node", link: link) { svg in
            svg.rectangle("box", at: place, size: (Self.boxWidth, Self.boxHeight), rounded: 10)
            svg.text("name", Self.cut(node.name, 18), at: (place.x + 14, place.y + 26))
            svg.text("kind", node.kind, at: (place.x + 14, place.y + 46))
            if !node.part.isEmpty {
                svg.text(
                    "part",
                    node.part,
                    at: (place.x + Self.boxWidth - 14, place.y + 46),
                    anchor: "end"
                )
            }
        }
    }

    /// At most so many characters.
    static func cut(_ text: String, _ count: Int) -> String {
        text.count > count ? text.prefix(count - 1) + "…" : text
    }
}

extension LineageGraph {
    /// The graph of a lineage: a parent stands in a column left of all its children.
    init(
        _ lineage: Lineage,
        children: [AssetID],
        label: (AssetID) -> (name: String, kind: String)
    ) {
        let depth = Int(lineage.depth)
        let whole: UInt128 = 1_000_000
        var nodes: [Node] = []
        var edges: [Edge] = []
        for (node, part) in zip(lineage.nodes, lineage.split(whole)) {
            let (name, kind) = label(node.asset)
            nodes.append(
                Node(
                    asset: node.asset,
                    name: name,
                    kind: kind,
                    part: lineage.nodes.count > 1 ? NumberText.percent(part, of: whole) : "",
                    column: Int(node.depth),
                    isSelf: node.asset == lineage.nodes.first?.asset
                )
            )
            for edge in node.parents {
                let percent = NumberText.percent(basisPoints: UInt64(edge.shareBasisPoints))
                edges.append(Edge(from: edge.parent, to: node.asset, label: percent))
            }
        }
        if let own = lineage.nodes.first {
            for child in children.prefix(Self.childrenMax) {
                let (name, kind) = label(child)
                nodes.append(
                    Node(
                        asset: child,
                        name: name,
                        kind: kind,
                        part: "",
                        column: depth + 1,
                        isSelf: false
                    )
                )
                edges.append(Edge(from: own.asset, to: child, label: ""))
            }
        }
        self.init(nodes: nodes, edges: edges)
    }
}
