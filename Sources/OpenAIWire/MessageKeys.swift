/// Looks at every member's name inside the messages of a chat, however deep and however written.
///
/// What must not reach a model server must not get past a check because its name is spelt with an
/// escape, stands twice, or lies where nobody expects it.
struct MessageKeys {
    private let object: JSONObject

    init(_ object: JSONObject) {
        self.object = object
    }

    /// Whether any member inside the messages has this name.
    func contain(_ name: String) -> Bool {
        var found = false
        walk { key, _ in if key.elementsEqual(name.utf8) { found = true } }
        return found
    }

    /// The name of the first member that names a place to fetch something from: one that ends in
    /// `_url` and is not the thing itself, a `data:` URL. Nil if there is none.
    var firstLink: String? {
        var found: String?
        walk { key, value in
            guard found == nil, key.suffix(4).elementsEqual("_url".utf8),
                Self.isLink(value)
            else { return }
            found = String(decoding: key, as: UTF8.self)
        }
        return found
    }

    /// A string, or an object's `url`.
    private static func isLink(_ value: ArraySlice<UInt8>) -> Bool {
        switch value.first {
        case UInt8(ascii: "\""):
            return !unescaped(value.dropFirst().prefix(64)).starts(with: "data:".utf8)
        case UInt8(ascii: "{"):
            guard let object = try? JSONObject(Array(value)) else { return true }
            guard let url = object["url"] else { return false }
            return isLink(object.raw(url))
        case UInt8(ascii: "n"): return false  // null
        default: return true
        }
    }

    /// Tells each member's name and the JSON text of its value.
    func walk(_ body: (_ key: [UInt8], _ value: ArraySlice<UInt8>) -> Void) {
        guard let messages = object["messages"] else { return }
        var scanner = JSONScanner(
            object.bytes,
            in: messages.range,
            depthMax: object.limits.depthMax
        )
        // The text was checked when the object was read, so nothing is thrown here.
        try? scanner.walk(depth: 0, body)
    }
}

extension JSONScanner {
    /// Moves past one value and tells of each member in it, inner ones first.
    fileprivate mutating func walk(
        depth: Int,
        _ body: (_ key: [UInt8], _ value: ArraySlice<UInt8>) -> Void
    ) throws(JSONRefusal) {
        switch try peek() {
        case UInt8(ascii: "{"):
            try openContainer(depth: depth)
            var isFirst = true
            while let key = try key(isFirst: isFirst) {
                isFirst = false
                let start = position
                try walk(depth: depth + 1, body)
                let name = unescaped(bytes[key.quoted].dropFirst().dropLast())
                body(name, bytes[start..<position])
            }
        case UInt8(ascii: "["):
            try openContainer(depth: depth)
            var isFirst = true
            while try moveToElement(isFirst: isFirst) {
                isFirst = false
                try walk(depth: depth + 1, body)
            }
        default: try value(depth: depth)
        }
    }
}

extension ChatRequest {
    /// The name of the first member of the messages that is a link to an image or another file
    /// rather than the file; nil if there is none.
    public var firstLink: String? {
        let bytes = object.bytes
        // Most chats have none, and are not walked for nothing; a name may be spelt with escapes.
        guard bytes.firstPlace(of: Array("_url".utf8)) != nil
            || bytes.firstPlace(of: Array(#"\u"#.utf8)) != nil
        else { return nil }
        return MessageKeys(object).firstLink
    }
}
