import LedgerIndex
import OpenAIWire

/// Reads a request's body into a tree, through the one strict parser of the house: no key twice,
/// bounded in depth, members and elements.
enum JSONReading {
    private static let limits = JSONLimits(depthMax: 8, membersMax: 64)
    private static let elementsMax = 256

    /// Reads one object that is all of `bytes`.
    static func object(_ bytes: [UInt8]) throws(JSONRefusal) -> JSON {
        try tree(try JSONObject(bytes, limits: limits))
    }

    private static func tree(_ object: JSONObject) throws(JSONRefusal) -> JSON {
        var members: [(name: String, value: JSON)] = []
        for member in object.members {
            let name = String(decoding: member.key, as: UTF8.self)
            members.append((name, try value(name, member.value, of: object)))
        }
        return .object(members)
    }

    private static func value(
        _ name: String,
        _ value: OpenAIWire.JSONValue,
        of object: JSONObject
    ) throws(JSONRefusal) -> JSON {
        switch value.kind {
        case .object: try tree(try object.object(value))
        case .string: .text(try object.string(name) ?? "")
        case .bool: .flag(try object.bool(name) ?? false)
        case .null: .null
        case .number: number(object.raw(value))
        case .array: .array(try elements(object, value))
        }
    }

    /// A whole number below 2^64, or what was written.
    private static func number(_ text: ArraySlice<UInt8>) -> JSON {
        let text = String(decoding: text, as: UTF8.self)
        guard let number = UInt64(text), String(number) == text else { return .written(text) }
        return .number(number)
    }

    private static func elements(
        _ object: JSONObject,
        _ value: OpenAIWire.JSONValue
    ) throws(JSONRefusal) -> [JSON] {
        // Each element becomes the only member of an object, which the parser can read.
        let wrapped = Array(#"{"a":"#.utf8) + object.raw(value) + [UInt8(ascii: "}")]
        let outer = try JSONObject(wrapped, limits: limits)
        var found: [JSON] = []
        for element in try outer.array("a", countMax: elementsMax) ?? [] {
            let text = Array(#"{"e":"#.utf8) + outer.raw(element) + [UInt8(ascii: "}")]
            let inner = try JSONObject(text, limits: limits)
            guard let member = inner.members.first else { continue }
            found.append(try self.value("e", member.value, of: inner))
        }
        return found
    }
}
