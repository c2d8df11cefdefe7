import FoundationEssentials

/// A JSON document of any shape, for formats that others define.
enum DocumentTree: Hashable, Sendable {
    case text(String)
    case number(Int64)
    /// A number that is no integer, which none of the formats here needs.
    case fraction(Double)
    case flag(Bool)
    case list([DocumentTree])
    case object([String: DocumentTree])
    case none

    /// What stands under a name, if this is an object that has it.
    subscript(name: String) -> DocumentTree? {
        guard case .object(let fields) = self else { return nil }
        return fields[name]
    }

    /// The elements, if this is a list; otherwise this alone, as JSON-LD has it.
    var elements: [DocumentTree] {
        switch self {
        case .list(let elements): elements
        case .none: []
        default: [self]
        }
    }

    /// The text, if this is one.
    var text: String? {
        guard case .text(let text) = self else { return nil }
        return text
    }

    /// The same document in the same bytes, always: indented, with sorted names.
    func formatted() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}

extension DocumentTree: Codable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .none
        } else if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? container.decode(Int64.self) {
            self = .number(number)
        } else if let fraction = try? container.decode(Double.self) {
            self = .fraction(fraction)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let list = try? container.decode([DocumentTree].self) {
            self = .list(list)
        } else {
            self = .object(try container.decode([String: DocumentTree].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .number(let number): try container.encode(number)
        case .fraction(let fraction): try container.encode(fraction)
        case .flag(let flag): try container.encode(flag)
        case .list(let list): try container.encode(list)
        case .object(let fields): try container.encode(fields)
        case .none: try container.encodeNil()
        }
    }
}

extension DocumentTree: ExpressibleByStringLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral
{
    init(stringLiteral value: String) { self = .text(value) }
    init(integerLiteral value: Int64) { self = .number(value) }
    init(booleanLiteral value: Bool) { self = .flag(value) }
    init(arrayLiteral elements: DocumentTree...) { self = .list(elements) }
    init(dictionaryLiteral elements: (String, DocumentTree)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }
}
