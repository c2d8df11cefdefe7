import MarketTypes

/// Amounts of consecutive days, as bars.
struct DayBars: Sendable {
    /// One day.
    struct Day: Hashable, Sendable {
        /// Counted from 1970-01-01.
        let day: UInt32
        let value: Double
        /// What is shown when somebody points at it.
        let title: String
    }

    static let width = 960.0
    static let height = 220.0
    private static let right = 96.0
    private static let top = 12.0
    private static let bottom = 190.0

    let days: [Day]
    /// How the largest amount is written beside the axis.
    let topText: String
    /// How half of it is written.
    var halfText = ""

    var svg: SVG {
        SVG(
            width: Int(Self.width),
            height: Int(Self.height),
            style: "chart day-bars",
            title: "What was spent on each of the last \(days.count) days"
        ) { svg in
            let most = days.map(\.value).max() ?? 0
            svg.line("grid", from: (0, Self.bottom), to: (Self.width - Self.right, Self.bottom))
            svg.line("grid", from: (0, Self.top), to: (Self.width - Self.right, Self.top))
            let middle = (Self.top + Self.bottom) / 2
            svg.line("grid", from: (0, middle), to: (Self.width - Self.right, middle))
            svg.text("axis", halfText, at: (Self.width - Self.right + 10, middle + 4))
            svg.text("axis", topText, at: (Self.width - Self.right + 10, Self.top + 4))
            svg.text("axis", "0", at: (Self.width - Self.right + 10, Self.bottom + 4))
            guard !days.isEmpty else { return }
            let slot = (Self.width - Self.right) / Double(days.count)
            for (place, day) in days.enumerated() {
                let x = Double(place) * slot
                let part = most > 0 ? max(0, min(1, day.value / most)) : 0
                let height = part > 0 ? max(2, part * (Self.bottom - Self.top)) : 0
                svg.group("day") { svg in
                    if height > 0 {
                        svg.rectangle(
                            "part",
                            at: (x + slot * 0.14, Self.bottom - height),
                            size: (slot * 0.72, height),
                            rounded: 3
                        )
                    }
                    svg.rectangle(
                        "hit",
                        at: (x, Self.top),
                        size: (slot, Self.bottom - Self.top),
                        title: day.title
                    )
                }
                // The last day is today; every seventh before it is named too.
                guard (days.count - 1 - place) % 7 == 0 else { continue }
                let name = TimeText.axis(seconds: UInt64(day.day) * 86_400, span: 86_400)
                svg.text("axis", name, at: (x + slot / 2, Self.bottom + 20), anchor: "middle")
            }
        }
    }
}
