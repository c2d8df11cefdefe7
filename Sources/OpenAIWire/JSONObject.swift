/// What a JSON value is.
public enum JSONKind: Hashable, Sendable {
    case object, array, string, number, bool, null
}

/// A checked value: its kind and where its text lies in the bytes it was read from.
public struct JSONValue: Hashable, Sendable {
    /// What the value is.
    public let kind: JSONKind
    /// The value's text, without white space around it.
    public let range: Range<Int>
}

/// What one text may cost to read.
public struct JSONLimits: Hashable, Sendable {
    /// The most arrays and objects around a value.
    public let depthMax: Int
    /// The most members of an object, or elements of an array, that are listed one by one.
    public let membersMax: Int

    /// Depth 64 and 128 members: several times what clients of the OpenAI dialect send.
    public static let standard = JSONLimits(depthMax: 64, membersMax: 128)

    /// Creates limits.
    public init(depthMax: Int, membersMax: Int) {
        self.depthMax = depthMax
        self.membersMax = membersMax
    }
}

/// A JSON object whose whole text was checked in one pass (RFC 8259), by its members.
///
/// Stricter than the RFC where parsers differ: a key that occurs twice is refused, compared after
/// its escapes are resolved, because two readers of the text would see two different requests.
/// Objects further inside are checked for this only when they are read through ``object(_:)``.
public struct JSONObject: Sendable {
    /// A key and its value.
    public struct Member: Sendable {
        /// The key with its escapes resolved, in UTF-8.
        public let key: ArraySlice<UInt8>
        /// The value.
        public let value: JSONValue
        /// Where the member's text starts: at the quote before its key.
        let start: Int
    }

    /// The longest key in bytes; without a bound, comparing all keys would take a hostile while.
    static let keyBytesMax = 256

    /// The bytes that all ranges refer to; more than this object if it lies inside another.
    public let bytes: [UInt8]
    /// The members in the order of the text.
    public let members: [Member]
    /// The text that was read, with white space around the object.
    let text: Range<Int>
    /// The start of whatever follows the opening brace.
    let interiorStart: Int
    let limits: JSONLimits

    /// Reads an object that is the whole of `bytes`.
    ///
    /// - Throws: ``JSONRefusal`` unless the bytes are one object within `limits`.
    public init(_ bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONRefusal) {
        try self.init(bytes, in: bytes.indices, limits: limits)
    }

    init(_ bytes: [UInt8], in range: Range<Int>, limits: JSONLimits) throws(JSONRefusal) {
        var scanner = JSONScanner(bytes, in: range, depthMax: limits.depthMax)
        scanner.skipWhitespace()
        guard try scanner.peek() == UInt8(ascii: "{") else { throw scanner.refusal(.wrongKind) }
        try scanner.openContainer(depth: 0)
        interiorStart = scanner.position
        members = try Self.members(&scanner, limits: limits)
        try scanner.finish()
        self.bytes = bytes
        self.limits = limits
        text = range
    }

    /// Reads the members up to the closing brace.
    private static func members(
        _ scanner: inout JSONScanner,
        limits: JSONLimits
    ) throws(JSONRefusal) -> [Member] {
        var members: [Member] = []
        members.reserveCapacity(16)
        while let key = try scanner.key(isFirst: members.isEmpty) {
            let keyStart = key.quoted.lowerBound
            let start = scanner.position
            let kind = try scanner.value(depth: 1)
            let text = scanner.bytes[keyStart + 1..<key.quoted.upperBound - 1]
            let name = key.hasEscapes ? unescaped(text)[...] : text
            guard members.count < limits.membersMax else {
                throw JSONRefusal(.tooManyMembers, offsetBytes: keyStart)
            }
            guard name.count <= keyBytesMax else {
                throw JSONRefusal(.outOfRange, offsetBytes: keyStart)
            }
            guard !members.contains(where: { $0.key == name }) else {
                throw JSONRefusal(.duplicateKey, offsetBytes: keyStart)
            }
            let value = JSONValue(kind: kind, range: start..<scanner.position)
            members.append(Member(key: name, value: value, start: keyStart))
        }
        return members
    }

    func index(of key: String) -> Int? {
        let count = key.utf8.count
        return members.firstIndex { $0.key.count == count && $0.key.elementsEqual(key.utf8) }
    }
}

extension JSONObject {
    /// The value of `key`, or nil if there is none.
    public subscript(key: String) -> JSONValue? {
        index(of: key).map { members[$0].value }
    }

    /// The text of a value.
    public func raw(_ value: JSONValue) -> ArraySlice<UInt8> {
        bytes[value.range]
    }

    /// The text of the value of `key`, or nil if there is none.
    public func raw(_ key: String) -> ArraySlice<UInt8>? {
        self[key].map { raw($0) }
    }

    /// The value of `key`; nil if it is missing or `null`, which clients use interchangeably.
    ///
    /// - Throws: ``JSONRefusal`` if the value is of another kind.
    public func value(_ key: String, _ kind: JSONKind) throws(JSONRefusal) -> JSONValue? {
        guard let value = self[key], value.kind != .null else { return nil }
        guard value.kind == kind else {
            throw JSONRefusal(.wrongKind, offsetBytes: value.range.lowerBound)
        }
        return value
    }

    /// The string at `key`, escapes resolved; nil if it is missing or `null`.
    public func string(_ key: String) throws(JSONRefusal) -> String? {
        guard let value = try value(key, .string) else { return nil }
        let text = raw(value).dropFirst().dropLast()
        guard text.contains(UInt8(ascii: "\\")) else {
            return String(decoding: text, as: UTF8.self)
        }
        return String(decoding: unescaped(text), as: UTF8.self)
    }

    /// The boolean at `key`; nil if it is missing or `null`.
    public func bool(_ key: String) throws(JSONRefusal) -> Bool? {
        guard let value = try value(key, .bool) else { return nil }
        return bytes[value.range.lowerBound] == UInt8(ascii: "t")
    }

    /// The number at `key` if it is written in digits alone; nil if it is missing or `null`.
    ///
    /// - Throws: ``JSONRefusal`` for signs, fractions, exponents and numbers of 2⁶⁴ and more.
    public func unsigned(_ key: String) throws(JSONRefusal) -> UInt64? {
        guard let value = try value(key, .number) else { return nil }
        var number: UInt64 = 0
        for byte in raw(value) {
            let (product, overflows) = number.multipliedReportingOverflow(by: 10)
            let (sum, carries) = product.addingReportingOverflow(UInt64(byte &- UInt8(ascii: "0")))
            guard byte &- UInt8(ascii: "0") < 10, !overflows, !carries else {
                throw JSONRefusal(.notUnsignedInteger, offsetBytes: value.range.lowerBound)
            }
            number = sum
        }
        return number
    }

    /// The members of the object at `key`; nil if it is missing or `null`.
    ///
    /// - Throws: ``JSONRefusal`` also for duplicate keys inside it.
    public func object(_ key: String) throws(JSONRefusal) -> JSONObject? {
        guard let value = try value(key, .object) else { return nil }
        return try object(value)
    }

    /// The members of an object among the values of this object's text.
    public func object(_ value: JSONValue) throws(JSONRefusal) -> JSONObject {
        try JSONObject(bytes, in: value.range, limits: limits)
    }

    /// The elements of the array at `key`, at most `countMax`; nil if it is missing or `null`.
    public func array(_ key: String, countMax: Int) throws(JSONRefusal) -> [JSONValue]? {
        guard let value = try value(key, .array) else { return nil }
        var scanner = JSONScanner(bytes, in: value.range, depthMax: limits.depthMax)
        try scanner.openContainer(depth: 0)
        var elements: [JSONValue] = []
        while try scanner.moveToElement(isFirst: elements.isEmpty) {
            guard elements.count < countMax else { throw scanner.refusal(.tooManyMembers) }
            let start = scanner.position
            let kind = try scanner.value(depth: 1)
            elements.append(JSONValue(kind: kind, range: start..<scanner.position))
        }
        return elements
    }
}

extension JSONKind {
    /// Checks that `bytes` are one JSON value and returns its kind (RFC 8259).
    ///
    /// - Throws: ``JSONRefusal`` if they are anything else or nested too deep.
    public static func checking(
        _ bytes: [UInt8],
        limits: JSONLimits = .standard
    ) throws(JSONRefusal) -> JSONKind {
        var scanner = JSONScanner(bytes, in: bytes.indices, depthMax: limits.depthMax)
        scanner.skipWhitespace()
        let kind = try scanner.value(depth: 0)
        try scanner.finish()
        return kind
    }
}
