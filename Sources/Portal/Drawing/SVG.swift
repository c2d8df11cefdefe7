import WebServing

/// A drawing: markup that is safe to print, because only this file writes markup and every text
/// and attribute in it is escaped here.
struct SVG: Hashable, Sendable {
    /// The markup.
    private(set) var markup: String

    /// A drawing of this many units that scales to its place; `title` is what is read aloud, and
    /// a drawing without one only repeats what stands beside it.
    ///
    /// It may fill its place whatever its proportions are, and it may have links in it: then it
    /// is a group for whoever hears it, not one picture.
    init(
        width: Int,
        height: Int,
        style: String,
        title: String,
        stretches: Bool = false,
        hasLinks: Bool = false,
        _ body: (inout SVG) -> Void
    ) {
        markup = ""
        body(&self)
        let inside = markup
        let role = hasLinks ? "group" : "img"
        let name =
            title.isEmpty
            ? "aria-hidden=\"true\"" : "role=\"\(role)\" aria-label=\"\(Self.escape(title))\""
        markup = """
            <svg class="\(Self.escape(style))" viewBox="0 0 \(width) \(height)" \(name) \
            preserveAspectRatio="\(stretches ? "none" : "xMidYMid meet")">\(inside)</svg>
            """
    }

    /// A shape, by its element's name and attributes.
    mutating func shape(_ name: String, _ attributes: [(String, String)], title: String? = nil) {
        markup += "<\(name)" + Self.text(attributes)
        if let title {
            markup += "><title>\(Self.escape(title))</title></\(name)>"
        } else {
            markup += "/>"
        }
    }

    /// A rectangle.
    mutating func rectangle(
        _ style: String,
        at origin: (x: Double, y: Double),
        size: (width: Double, height: Double),
        rounded: Double = 0,
        title: String? = nil
    ) {
        var attributes = [
            ("class", style), ("x", Self.number(origin.x)), ("y", Self.number(origin.y)),
            ("width", Self.number(size.width)), ("height", Self.number(size.height)),
        ]
        if rounded > 0 { attributes.append(("rx", Self.number(rounded))) }
        shape("rect", attributes, title: title)
    }

    /// A straight line.
    mutating func line(
        _ style: String,
        from start: (x: Double, y: Double),
        to end: (x: Double, y: Double)
    ) {
        shape(
            "line",
            [
                ("class", style), ("x1", Self.number(start.x)), ("y1", Self.number(start.y)),
                ("x2", Self.number(end.x)), ("y2", Self.number(end.y)),
            ]
        )
    }

    /// A text; `anchor` is `start`, `middle` or `end`.
    mutating func text(
        _ style: String,
        _ text: String,
        at place: (x: Double, y: Double),
        anchor: String = "start"
    ) {
        markup +=
            "<text"
            + Self.text([
                ("class", style), ("x", Self.number(place.x)), ("y", Self.number(place.y)),
                ("text-anchor", anchor),
            ])
        markup += ">\(Self.escape(text))</text>"
    }

    /// Shapes that belong together; with a link if there is one.
    mutating func group(_ style: String, link: String? = nil, _ body: (inout SVG) -> Void) {
        if let link { markup += "<a href=\"\(Self.escape(link))\">" }
        markup += "<g class=\"\(Self.escape(style))\">"
        body(&self)
        markup += "</g>"
        if link != nil { markup += "</a>" }
    }

    private static func text(_ attributes: [(String, String)]) -> String {
        attributes.map { " \($0)=\"\(escape($1))\"" }.joined()
    }

    /// A coordinate with at most two digits behind the point.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        let hundredths = (value * 100).rounded()
        guard abs(hundredths) < 1e12 else { return "0" }
        let whole = Int(hundredths)
        let sign = whole < 0 ? "-" : ""
        let (units, rest) = whole.magnitude.quotientAndRemainder(dividingBy: 100)
        guard rest > 0 else { return "\(sign)\(units)" }
        return rest % 10 == 0
            ? "\(sign)\(units).\(rest / 10)"
            : "\(sign)\(units).\(rest < 10 ? "0" : "")\(rest)"
    }

    static func escape(_ text: String) -> String {
        HTMLText.escape(text)
    }
}
