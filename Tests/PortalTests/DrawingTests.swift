import CanonicalCoding
import Foundation
import LedgerCore
import MarketTypes
import Testing

@testable import Portal

@Suite("PRT-30 to PRT-33: drawings")
struct DrawingTests {
    private static func bars(_ count: Int) -> [CandleChart.Bar] {
        (0..<count).map { index in
            let low = Double.random(in: 0...50)
            let high = low + Double.random(in: 0...50)
            return CandleChart.Bar(
                start: UInt64(index) * 3600,
                open: Double.random(in: low...high),
                high: high,
                low: low,
                close: Double.random(in: low...high),
                volume: Double.random(in: 0...1e9),
                title: "bar \(index)"
            )
        }
    }

    @Test("texts and attributes are escaped")
    func escaping() {
        let hostile = "\"><script>alert('1')</script>&"
        let svg = SVG(width: 1, height: 1, style: hostile, title: hostile) { svg in
            svg.text(hostile, hostile, at: (0, 0))
            svg.rectangle("a", at: (0, 0), size: (1, 1), title: hostile)
            svg.group("b", link: "javascript:\"" + hostile) { _ in }
        }
        #expect(!svg.markup.contains("<script"))
        #expect(!svg.markup.contains("'1'"))
        #expect(
            svg.markup.split(separator: "<").allSatisfy { part in
                [
                    "svg", "/svg", "text", "/text", "rect", "/rect", "title", "/title", "g", "/g",
                    "a",
                    "/a",
                ].contains { part.hasPrefix($0) }
            }
        )
    }

    @Test("coordinates are numbers, whatever is drawn")
    func numbers() {
        #expect(SVG.number(1.005) == "1" || SVG.number(1.005) == "1.01")
        #expect(SVG.number(-0.5) == "-0.5")
        #expect(SVG.number(12.05) == "12.05")
        for odd in [Double.nan, .infinity, -.infinity, 1e300] { #expect(SVG.number(odd) == "0") }
    }

    @Test("candles stand inside the drawing, high above low", arguments: [1, 2, 24, 96])
    func candles(count: Int) {
        let chart = CandleChart(bars: Self.bars(count), span: 3600) { "\($0)" }
        for (index, bar) in chart.bars.enumerated() {
            let (middle, width) = chart.x(index)
            #expect(middle - width / 2 >= 0)
            #expect(middle + width / 2 <= CandleChart.width - CandleChart.right)
            #expect(chart.y(bar.high) <= chart.y(bar.low))
            #expect(chart.y(bar.high) >= CandleChart.priceTop)
            #expect(chart.y(bar.low) <= CandleChart.priceBottom)
            if index > 0 { #expect(chart.x(index - 1).middle < middle) }
        }
        #expect(chart.draw(title: "t").markup.components(of: "class=\"bar ") == count)
    }

    @Test("a price that never moved, or is nothing, has a drawing too")
    func flat() {
        for price in [0.0, 5.0, 1e-12, 1e24] {
            let bar = CandleChart.Bar(
                start: 0,
                open: price,
                high: price,
                low: price,
                close: price,
                volume: 0,
                title: ""
            )
            let chart = CandleChart(bars: [bar], span: 60) { "\($0)" }
            #expect(chart.range.lowerBound < chart.range.upperBound)
            #expect(chart.y(price).isFinite)
        }
    }

    @Test("prices on the axis are round, few and inside")
    func ticks() {
        #expect(CandleChart.ticks(2.2...4.1) == [2.5, 3, 3.5, 4])
        for _ in 0..<300 {
            let low = Double.random(in: 0...1000)
            let range = low...(low + Double.random(in: 1e-6...1e6))
            let ticks = CandleChart.ticks(range)
            #expect((1...8).contains(ticks.count))
            #expect(ticks.allSatisfy { $0 >= range.lowerBound * 0.999 && $0 <= range.upperBound })
        }
    }

    private static func asset(_ number: UInt8) -> AssetID { AssetID(Digest(sha256: [number])) }

    private static func node(_ number: UInt8, _ column: Int, name: String = "n")
        -> LineageGraph.Node
    {
        LineageGraph.Node(
            asset: asset(number),
            name: name,
            kind: "model",
            part: "1%",
            column: column,
            isSelf: false
        )
    }

    /// 1 → 2 → 4, 3 → 4, and 1 → 4, which must pass the column between.
    private static let graph = LineageGraph(
        nodes: [node(4, 2), node(2, 1), node(3, 1), node(1, 0)],
        edges: [
            .init(from: asset(1), to: asset(2), label: "10%"),
            .init(from: asset(2), to: asset(4), label: "20%"),
            .init(from: asset(3), to: asset(4), label: "5%"),
            .init(from: asset(1), to: asset(4), label: "5%"),
        ]
    )

    @Test("parents stand left of their children, and no two boxes overlap")
    func lineage() throws {
        let graph = Self.graph
        for edge in graph.edges {
            let (from, to) = (
                try #require(graph.place(edge.from)), try #require(graph.place(edge.to))
            )
            #expect(from.x + LineageGraph.boxWidth < to.x)
        }
        let places = try graph.nodes.map { try #require(graph.place($0.asset)) }
        for (index, one) in places.enumerated() {
            #expect(one.y >= 0 && one.y + LineageGraph.boxHeight <= graph.height)
            #expect(one.x >= 0 && one.x + LineageGraph.boxWidth <= graph.width)
            for other in places.dropFirst(index + 1) where other.x == one.x {
                #expect(abs(one.y - other.y) >= LineageGraph.boxHeight)
            }
        }
    }

    @Test("an edge over several generations passes beside the boxes between")
    func passing() throws {
        let graph = Self.graph
        let stations = graph.stations(3)
        #expect(stations.count == 3)
        for node in graph.nodes where node.column == 1 {
            let box = try #require(graph.place(node.asset))
            let isBeside = stations[1].y < box.y || stations[1].y > box.y + LineageGraph.boxHeight
            #expect(isBeside)
        }
    }

    @Test("an asset's name cannot leave its text")
    func hostileName() {
        let graph = LineageGraph(
            nodes: [Self.node(1, 0, name: "</text><script>x</script>")],
            edges: []
        )
        #expect(!graph.draw(title: "t").markup.contains("<script"))
        #expect(LineageGraph.cut("abcdefghij", 5) == "abcd…")
    }

    @Test("parts of a whole fill no more than the whole")
    func bars() {
        let svg = Bars.split([("a", 0.7), ("b", 0.7)], title: "x")
        #expect(svg.markup.contains("width=\"280\"") && svg.markup.contains("width=\"120\""))
        #expect(Bars.part(1, of: 0) == 0)
        #expect(Bars.depth(0.5, style: "buy").markup.contains("aria-hidden"))
    }
}

extension String {
    /// How often another string is in this one.
    func components(of other: String) -> Int {
        var count = 0
        var rest = self[...]
        while let found = rest.range(of: other) {
            count += 1
            rest = rest[found.upperBound...]
        }
        return count
    }
}
