/// A value in a proof file: JSON without fractions, escapes and booleans, which hold nothing here.
enum ProofJSON: Hashable, Sendable {
    struct Member: Hashable, Sendable {
        let name: String
        let value: ProofJSON
    }

    case null
    case number(UInt32)
    case text(String)
    case list([ProofJSON])
    case object([Member])
}

/// Reads the narrow JSON of proof files (PRF-2): ASCII only, so that each text has one spelling.
struct ProofJSONReader {
    /// How deep lists and objects may be in each other.
    static let depthMax = 4
    /// The most elements of one list, or members of one object.
    static let elementsMax = 512

    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Reads a whole document.
    ///
    /// - Throws: ``ProofRefusal`` naming the field in which the text goes wrong.
    static func read(_ bytes: [UInt8]) throws(ProofRefusal) -> ProofJSON {
        guard bytes.count <= ProofFile.bytesMax else {
            throw ProofRefusal("file", .malformedDocument)
        }
        var reader = ProofJSONReader(bytes)
        let value = try reader.value("")
        reader.skipSpace()
        guard reader.position == bytes.count else { throw reader.malformed("") }
        return value
    }

    private func malformed(_ field: String) -> ProofRefusal {
        ProofRefusal(field.isEmpty ? "file" : field, .malformedDocument)
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) {
            position += 1
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else {
            return false
        }
        position += 1
        return true
    }

    private mutating func value(_ field: String) throws(ProofRefusal) -> ProofJSON {
        skipSpace()
        guard position < bytes.count else { throw malformed(field) }
        switch bytes[position] {
        case UInt8(ascii: "\""): return .text(try text(field))
        case UInt8(ascii: "{"), UInt8(ascii: "["): return try nested(field)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return try number(field)
        default:
            guard bytes[position...].starts(with: "null".utf8) else { throw malformed(field) }
            position += 4
            return .null
        }
    }

    private mutating func nested(_ field: String) throws(ProofRefusal) -> ProofJSON {
        guard depth < Self.depthMax else { throw malformed(field) }
        depth += 1
        defer { depth -= 1 }
        return take("{") ? try object(field) : try list(field)
    }

    private mutating func number(_ field: String) throws(ProofRefusal) -> ProofJSON {
        let digits = bytes[position...].prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        let text = String(decoding: digits, as: UTF8.self)
        guard let number = UInt32(text), String(number) == text else { throw malformed(field) }
        position += digits.count
        return .number(number)
    }

    private mutating func text(_ field: String) throws(ProofRefusal) -> String {
        guard take("\"") else { throw malformed(field) }
        let rest = bytes[position...]
        guard let end = rest.firstIndex(of: UInt8(ascii: "\"")) else { throw malformed(field) }
        let content = rest[..<end]
        guard content.allSatisfy({ 0x20...0x7E ~= $0 && $0 != UInt8(ascii: "\\") }) else {
            throw malformed(field)
        }
        position = end + 1
        return String(decoding: content, as: UTF8.self)
    }

    private mutating func list(_ field: String) throws(ProofRefusal) -> ProofJSON {
        guard take("[") else { throw malformed(field) }
        var elements: [ProofJSON] = []
        if take("]") { return .list([]) }
        repeat {
            guard elements.count < Self.elementsMax else { throw malformed(field) }
            elements.append(try value("\(field)[\(elements.count)]"))
        } while take(",")
        guard take("]") else { throw malformed(field) }
        return .list(elements)
    }

    private mutating func object(_ field: String) throws(ProofRefusal) -> ProofJSON {
        var members: [ProofJSON.Member] = []
        if take("}") { return .object([]) }
        repeat {
            skipSpace()
            let name = try text(field)
            let path = field.isEmpty ? name : "\(field).\(name)"
            guard !members.contains(where: { $0.name == name }) else {
                throw ProofRefusal(path, .repeatedField)
            }
            guard members.count < Self.elementsMax, take(":") else { throw malformed(path) }
            members.append(ProofJSON.Member(name: name, value: try value(path)))
        } while take(",")
        guard take("}") else { throw malformed(field) }
        return .object(members)
    }
}

extension ProofJSON {
    /// The value as text, two spaces deeper for each level.
    func text(indent: String = "") -> String {
        let deeper = indent + "  "
        switch self {
        case .null: return "null"
        case .number(let number): return String(number)
        case .text(let text): return "\"\(text)\""
        case .list(let elements):
            if elements.isEmpty { return "[]" }
            let lines = elements.map { deeper + $0.text(indent: deeper) }
            return "[\n" + lines.joined(separator: ",\n") + "\n\(indent)]"
        case .object(let members):
            let lines = members.map { "\(deeper)\"\($0.name)\": \($0.value.text(indent: deeper))" }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
        }
    }
}
