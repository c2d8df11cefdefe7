import LedgerIndex
import WebServing

/// The schemas of the contract, ready to check values: the words of JSON Schema that the contract
/// uses, and no others.
struct SchemaTable: Sendable {
    /// A schema's place in the table.
    struct Place: Hashable, Sendable {
        let index: Int
    }

    /// A kind of value.
    enum Kind: String, Sendable {
        case string, integer, number, boolean, object, array, null
    }

    /// What an object's members that have no schema of their own may be.
    enum Others: Sendable {
        case anything, nothing
        case schema(Place)
    }

    /// One schema; what is nil or empty says nothing.
    struct Node: Sendable {
        var kinds: [Kind] = []
        var choices: [JSON] = []
        var pattern: Pattern?
        var length: ClosedRange<Int>?
        var numbers: ClosedRange<UInt64>?
        var items: Place?
        var count: ClosedRange<Int>?
        var members: [(name: String, schema: Place)] = []
        var required: [String] = []
        var others = Others.anything
        /// One of these, told apart by the constant in a member.
        var variants: [(name: String, schema: Place)] = []
        var discriminator: String?
        var other: Place?
        /// At least one of these, without a member that tells them apart.
        var any: [Place] = []
    }

    private(set) var nodes: [Node] = []
    private var named: [String: Place] = [:]
    private let components: JSON

    init(components: JSON) {
        self.components = components
    }

    subscript(place: Place) -> Node {
        var node = nodes[place.index]
        while let other = node.other { node = nodes[other.index] }
        return node
    }

    /// Adds a schema of the document.
    mutating func add(_ schema: JSON) throws(ContractError) -> Place {
        let place = Place(index: nodes.count)
        nodes.append(Node())
        nodes[place.index] = try node(schema)
        return place
    }

    /// The schema that has this name among the components.
    mutating func named(_ name: String) throws(ContractError) -> Place {
        if let place = named[name] { return place }
        guard let schema = components["schemas"]?[name] else { throw .missing("schema \(name)") }
        let place = Place(index: nodes.count)
        named[name] = place
        nodes.append(Node())
        nodes[place.index] = try node(schema)
        return place
    }

    private static let ignored: Set<String> = [
        "title", "description", "format", "examples", "default", "deprecated",
    ]

    private mutating func node(_ schema: JSON) throws(ContractError) -> Node {
        guard let words = schema.members else { throw .unreadable(schema.line) }
        var node = Node()
        var (lengthMin, lengthMax) = (0, Int.max)
        var (countMin, countMax) = (0, Int.max)
        var (least, most) = (UInt64.min, UInt64.max)
        for (word, value) in words where !Self.ignored.contains(word) {
            switch word {
            case "$ref": node.other = try named(Self.name(of: value))
            case "type": node.kinds = try Self.kinds(value)
            case "enum": node.choices = value.elements ?? []
            case "const": node.choices = [value]
            case "pattern": node.pattern = try Self.pattern(value)
            case "minLength": lengthMin = try Self.bound(value)
            case "maxLength": lengthMax = try Self.bound(value)
            case "minItems": countMin = try Self.bound(value)
            case "maxItems": countMax = try Self.bound(value)
            case "minimum": least = UInt64(try Self.bound(value))
            case "maximum": most = UInt64(try Self.bound(value))
            case "items": node.items = try add(value)
            case "required": node.required = (value.elements ?? []).compactMap(\.string)
            case "properties":
                for member in value.members ?? [] {
                    node.members.append((member.name, try add(member.value)))
                }
            case "additionalProperties":
                node.others = value.bool == false ? .nothing : .schema(try add(value))
            case "oneOf": node.variants = try variants(value)
            case "anyOf":
                for variant in value.elements ?? [] { node.any.append(try add(variant)) }
            case "discriminator": node.discriminator = value["propertyName"]?.string
            default: throw .unsupported("schema word \(word)")
            }
        }
        node.length = lengthMin...lengthMax
        node.count = countMin...countMax
        node.numbers = least...most
        return node
    }

    private mutating func variants(
        _ value: JSON
    ) throws(ContractError) -> [(name: String, schema: Place)] {
        var found: [(name: String, schema: Place)] = []
        for variant in value.elements ?? [] {
            guard let reference = variant["$ref"] else { throw .unsupported("a nameless variant") }
            let name = try Self.name(of: reference)
            let constant = components["schemas"]?[name]?["properties"]?["type"]?["const"]
            guard let constant = constant?.string else {
                throw .unsupported("\(name) has no constant type")
            }
            found.append((constant, try named(name)))
        }
        return found
    }

    private static func name(of reference: JSON) throws(ContractError) -> String {
        let prefix = "#/components/schemas/"
        guard let text = reference.string, text.hasPrefix(prefix) else {
            throw .missing(reference.line)
        }
        return String(text.dropFirst(prefix.count))
    }

    private static func kinds(_ value: JSON) throws(ContractError) -> [Kind] {
        var kinds: [Kind] = []
        for name in value.elements ?? [value] {
            guard let kind = Kind(rawValue: name.string ?? "") else {
                throw .unsupported("type \(name.line)")
            }
            kinds.append(kind)
        }
        return kinds
    }

    private static func pattern(_ value: JSON) throws(ContractError) -> Pattern {
        guard let pattern = Pattern(value.string ?? "") else {
            throw .unsupported("pattern \(value.line)")
        }
        return pattern
    }

    private static func bound(_ value: JSON) throws(ContractError) -> Int {
        guard let number = value.integer else { throw .unsupported("bound \(value.line)") }
        return Int(clamping: number)
    }
}
