/// An object of a request in another dialect, of which every member must be understood.
///
/// What is not known is refused by name: a member that is left out silently would change what the
/// client asked for.
struct RequestMembers {
    let object: JSONObject
    /// How the object is called in messages to people, with its dot; empty for the body.
    let path: String

    init(_ object: JSONObject, path: String = "", known: [String]) throws(RequestRefusal) {
        self.object = object
        self.path = path
        for member in object.members where member.value.kind != .null {
            let isKnown = known.contains { member.key.elementsEqual($0.utf8) }
            guard isKnown else {
                throw .unsupported(
                    param: path + String(decoding: member.key, as: UTF8.self),
                    instead: "this market has no meaning for it"
                )
            }
        }
    }

    /// Reads a whole body.
    init(body: [UInt8], known: [String], limits: JSONLimits) throws(RequestRefusal) {
        let object: JSONObject
        do { object = try JSONObject(body, limits: limits) } catch { throw .malformed(error) }
        try self.init(object, known: known)
    }

    /// The object at a key, nil if it is missing or `null`.
    func child(_ key: String, known: [String]) throws(RequestRefusal) -> RequestMembers? {
        let child: JSONObject?
        do { child = try object.object(key) } catch { throw wrong(key, "an object") }
        guard let child else { return nil }
        return try RequestMembers(child, path: "\(path)\(key).", known: known)
    }

    func string(_ key: String) throws(RequestRefusal) -> String? {
        do { return try object.string(key) } catch { throw wrong(key, "a string") }
    }

    func bool(_ key: String) throws(RequestRefusal) -> Bool? {
        do { return try object.bool(key) } catch { throw wrong(key, "a boolean") }
    }

    /// The text of a value of one kind; nil if it is missing or `null`.
    func raw(_ key: String, _ kind: JSONKind, _ expected: String) throws(RequestRefusal) -> [UInt8]?
    {
        do {
            return try object.value(key, kind).map { Array(object.raw($0)) }
        } catch {
            throw wrong(key, expected)
        }
    }

    /// The text of a value of one kind that must be there.
    func required(
        _ key: String,
        _ kind: JSONKind,
        _ expected: String
    ) throws(RequestRefusal) -> [UInt8] {
        guard let value = try raw(key, kind, expected) else { throw .missing(param: path + key) }
        return value
    }

    /// The objects of a list; empty if it is missing.
    func objects(_ key: String, countMax: Int) throws(RequestRefusal) -> [JSONObject] {
        do {
            var found: [JSONObject] = []
            for value in try object.array(key, countMax: countMax) ?? [] {
                found.append(try object.object(value))
            }
            return found
        } catch {
            throw wrong(key, "a list of at most \(countMax) objects")
        }
    }

    func wrong(_ key: String, _ expected: String) -> RequestRefusal {
        .wrongType(param: path + key, expected: expected)
    }
}

extension JSONWriter {
    /// The text of one object.
    static func text(_ body: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter(capacityBytes: 128)
        writer.object(body)
        return writer.bytes
    }

    /// The text of a list of texts that were written before.
    static func list(_ texts: [[UInt8]]) -> [UInt8] {
        var writer = JSONWriter(capacityBytes: 2 + texts.reduce(0) { $0 + $1.count + 1 })
        writer.array { writer in
            for text in texts { writer.raw(text) }
        }
        return writer.bytes
    }

    /// Writes a member whose value is a list of texts that were written before.
    mutating func member(_ key: String, list: [[UInt8]]) {
        self.key(key)
        array { writer in
            for text in list { writer.raw(text) }
        }
    }
}
