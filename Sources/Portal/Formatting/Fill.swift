import WebServing

/// What a template is filled with: names and values.
///
/// A name that a template asks for and that is not here would be looked for around it, where it
/// may mean something else; so what there is not is put in as `false`, which prints no section.
struct Fill {
    private(set) var values: [String: Any]

    init(_ values: [String: Any] = [:]) {
        self.values = values.mapValues { value in
            (value as? String).map { HTMLText.separated($0) } ?? value
        }
    }

    /// Puts a text in; nothing if it is nil.
    ///
    /// The templates' library escapes character by character.
    mutating func put(_ name: String, _ text: String?) {
        values[name] = text.map { HTMLText.separated($0) } ?? false
    }

    mutating func put(_ name: String, _ flag: Bool) { values[name] = flag }

    mutating func put(_ name: String, _ number: some BinaryInteger) {
        values[name] = NumberText.grouped(number)
    }

    /// Puts something with names of its own in; nothing if it is nil.
    mutating func put(_ name: String, _ fill: Fill?) {
        if let fill { values[name] = fill.values } else { values[name] = false }
    }

    /// Puts a list in, and under `name` with `Any` behind it whether there is something in it.
    mutating func put(_ name: String, _ list: [Fill]) {
        values[name] = list.map(\.values)
        values[name + "Any"] = !list.isEmpty
    }

    /// Puts a drawing in: markup that this program made, so templates may print it as it is.
    mutating func put(_ name: String, _ drawing: SVG?) {
        values[name] = drawing.map(\.markup) ?? false
    }

    /// Joins another's names; its values win.
    mutating func merge(_ other: Fill) { values.merge(other.values) { _, new in new } }

    /// The text under a name, for tests.
    func text(_ name: String) -> String? { values[name] as? String }

    /// The fills under a name, for tests.
    func list(_ name: String) -> [Fill] {
        (values[name] as? [[String: Any]] ?? []).map { Fill($0) }
    }
}
