/// Small drawings of parts of a whole.
enum Bars {
    /// One bar that is cut into parts, each with its style; what is left over stays empty.
    static func split(_ parts: [(style: String, part: Double)], title: String) -> SVG {
        SVG(width: 400, height: 12, style: "chart bar-split", title: title, stretches: true) {
            svg in
            svg.rectangle("track", at: (0, 0), size: (400, 12), rounded: 6)
            var x = 0.0
            for (style, part) in parts where part > 0 {
                let width = min(400 - x, part * 400)
                svg.rectangle(style, at: (x, 0), size: (width, 12), rounded: 2)
                x += width
            }
        }
    }

    /// How much of a goal is reached, with a mark where the goal is.
    static func goal(_ part: Double, mark: Double, style: String, title: String) -> SVG {
        SVG(width: 400, height: 20, style: "chart bar-goal", title: title, stretches: true) { svg in
            svg.rectangle("track", at: (0, 4), size: (400, 12), rounded: 6)
            let width = min(max(part, 0), 1) * 400
            if width > 0 { svg.rectangle(style, at: (0, 4), size: (width, 12), rounded: 6) }
            let place = min(max(mark, 0), 1) * 400
            svg.line("mark", from: (min(max(place, 1), 399), 0), to: (min(max(place, 1), 399), 20))
        }
    }

    /// A bar in a row of an order book, from the right.
    static func depth(_ part: Double, style: String) -> SVG {
        SVG(width: 100, height: 8, style: "chart bar-depth", title: "", stretches: true) { svg in
            let width = max(1, min(max(part, 0), 1) * 100)
            svg.rectangle(style, at: (100 - width, 0), size: (width, 8), rounded: 2)
        }
    }

    /// A part of a whole as a number that can be drawn.
    static func part(_ amount: UInt128, of whole: UInt128) -> Double {
        whole == 0 ? 0 : Double(amount) / Double(whole)
    }
}
