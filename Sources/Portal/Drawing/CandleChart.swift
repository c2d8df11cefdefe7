import LedgerIndex
import MarketTypes

/// What prices and volumes did, as a drawing that needs no script.
struct CandleChart: Sendable {
    /// One span of time, in numbers that can be drawn.
    struct Bar: Hashable, Sendable {
        let start: UInt64
        let open, high, low, close: Double
        let volume: Double
        /// What is shown when somebody points at it.
        let title: String
    }

    static let width = 960.0
    static let height = 360.0
    static let right = 84.0
    static let priceTop = 12.0
    static let priceBottom = 262.0
    static let volumeTop = 280.0
    static let volumeBottom = 334.0
    /// The most bars that are drawn.
    static let barsMax = 96
    /// Fewer bars than this are as narrow as if there were so many.
    static let slotsMin = 24

    let bars: [Bar]
    /// The length of each bar's span in seconds.
    let span: UInt64
    /// How a price is written on the axis.
    let label: @Sendable (Double) -> String

    /// The lowest and highest price with some air; never empty.
    var range: ClosedRange<Double> {
        let low = bars.map(\.low).min() ?? 0
        let high = bars.map(\.high).max() ?? 1
        let air = high > low ? (high - low) * 0.06 : max(high * 0.05, 1e-9)
        return max(0, low - air)...(high + air)
    }

    /// Round prices in a range: multiples of 1, 2 or 5 times a power of ten.
    static func ticks(_ range: ClosedRange<Double>) -> [Double] {
        let raw = (range.upperBound - range.lowerBound) / 5
        guard raw > 0, raw.isFinite else { return [range.lowerBound] }
        var power = 1.0
        while power * 10 <= raw { power *= 10 }
        while power > raw { power /= 10 }
        let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= raw } ?? raw
        let first = (range.lowerBound / step).rounded(.up)
        let last = (range.upperBound / step).rounded(.down)
        guard last >= first, last - first < 16 else { return [range.lowerBound] }
        return stride(from: first, through: last, by: 1).map { $0 * step }
    }

    /// Where a price stands.
    func y(_ price: Double) -> Double {
        let part = (price - range.lowerBound) / (range.upperBound - range.lowerBound)
        return Self.priceBottom - part * (Self.priceBottom - Self.priceTop)
    }

    /// Where the middle of a bar stands, and how wide it is: spans without a trade have no place.
    func x(_ index: Int) -> (middle: Double, width: Double) {
        let slots = max(bars.count, Self.slotsMin)
        let step = (Self.width - Self.right) / Double(slots)
        let first = slots - bars.count
        return ((Double(first + index) + 0.5) * step, min(step * 0.66, 18))
    }

    func draw(title: String) -> SVG {
        SVG(
            width: Int(Self.width),
            height: Int(Self.height),
            style: "chart candles",
            title: title
        ) { svg in
            grid(&svg)
            let volumeMax = bars.map(\.volume).max() ?? 0
            for (index, bar) in bars.enumerated() {
                let (middle, width) = x(index)
                let style = bar.close >= bar.open ? "up" : "down"
                svg.group("bar \(style)") { svg in
                    svg.line("wick", from: (middle, y(bar.high)), to: (middle, y(bar.low)))
                    let top = y(max(bar.open, bar.close))
                    let size = max(1.5, y(min(bar.open, bar.close)) - top)
                    svg.rectangle(
                        "body",
                        at: (middle - width / 2, top),
                        size: (width, size),
                        rounded: 1
                    )
                    if volumeMax > 0 {
                        let tall = bar.volume / volumeMax * (Self.volumeBottom - Self.volumeTop)
                        svg.rectangle(
                            "volume",
                            at: (middle - width / 2, Self.volumeBottom - tall),
                            size: (width, tall),
                            rounded: 1
                        )
                    }
                    svg.rectangle(
                        "hit",
                        at: (middle - width * 0.75, Self.priceTop),
                        size: (width * 1.5, Self.volumeBottom - Self.priceTop),
                        title: bar.title
                    )
                }
            }
            times(&svg)
        }
    }

    private func grid(_ svg: inout SVG) {
        for price in Self.ticks(range) {
            svg.line("grid", from: (0, y(price)), to: (Self.width - Self.right, y(price)))
            svg.text("axis", label(price), at: (Self.width - Self.right + 10, y(price) + 4))
        }
        guard let last = bars.last else { return }
        let level = y(last.close)
        svg.line("last", from: (0, level), to: (Self.width - Self.right, level))
    }

    private func times(_ svg: inout SVG) {
        // A label is about 60 units wide with the air around it.
        let slots = Double(max(bars.count, Self.slotsMin))
        let step = max(1, Int((66 * slots / (Self.width - Self.right)).rounded(.up)))
        for index in stride(from: 0, to: bars.count, by: step) {
            svg.text(
                "axis",
                TimeText.axis(seconds: bars[index].start, span: span),
                at: (x(index).middle, Self.height - 8),
                anchor: "middle"
            )
        }
    }
}
