/// Changes the members of an object and leaves every other byte of its text as it was.
public struct JSONObjectEditor: Sendable {
    private enum Edit: Sendable {
        case keep, remove
        case replace([UInt8])
    }

    private let object: JSONObject
    /// One edit for each member of `object`.
    private var edits: [Edit]
    private var added: [(key: String, value: [UInt8])] = []

    /// Starts with no changes.
    public init(_ object: JSONObject) {
        self.object = object
        edits = Array(repeating: .keep, count: object.members.count)
    }

    /// Gives `key` the value whose text is `raw`, in its place or after the last member.
    ///
    /// The text is not checked: it must be one JSON value, written by ``JSONWriter`` or taken from
    /// a checked object.
    public mutating func set(_ key: String, raw: some Sequence<UInt8>) {
        let value = Array(raw)
        if let index = object.index(of: key) {
            edits[index] = .replace(value)
        } else if let index = added.firstIndex(where: { $0.key == key }) {
            added[index].value = value
        } else {
            added.append((key, value))
        }
    }

    /// Gives `key` a string value.
    public mutating func set(_ key: String, string: String) {
        var writer = JSONWriter()
        writer.string(string)
        set(key, raw: writer.bytes)
    }

    /// Gives `key` an integer value, of any width.
    public mutating func set(_ key: String, integer: some BinaryInteger) {
        var writer = JSONWriter()
        writer.integer(integer)
        set(key, raw: writer.bytes)
    }

    /// Gives `key` a boolean value.
    public mutating func set(_ key: String, bool: Bool) {
        set(key, raw: (bool ? "true" : "false").utf8)
    }

    /// Takes `key` and its value away; nothing happens if there is no such key.
    public mutating func remove(_ key: String) {
        if let index = object.index(of: key) { edits[index] = .remove }
        added.removeAll { $0.key == key }
    }

    /// The object's text with all changes made.
    public func finish() -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(object.text.count + added.reduce(64) { $0 + $1.value.count + 64 })
        let membersStart = object.members.first?.start ?? object.interiorStart
        result.append(contentsOf: object.bytes[object.text.lowerBound..<membersStart])
        var membersEnd = membersStart
        var isFirst = true
        for (member, edit) in zip(object.members, edits) {
            let gap = membersEnd..<member.start
            membersEnd = member.value.range.upperBound
            if case .remove = edit { continue }
            // The gap before a member holds its comma, so it goes where the member goes.
            if !isFirst { result.append(contentsOf: object.bytes[gap]) }
            isFirst = false
            result.append(contentsOf: object.bytes[member.start..<member.value.range.lowerBound])
            if case .replace(let value) = edit {
                result.append(contentsOf: value)
            } else {
                result.append(contentsOf: object.raw(member.value))
            }
        }
        for (key, value) in added {
            if !isFirst { result.append(UInt8(ascii: ",")) }
            isFirst = false
            JSONWriter.append(quoted: key, to: &result)
            result.append(UInt8(ascii: ":"))
            result.append(contentsOf: value)
        }
        result.append(contentsOf: object.bytes[membersEnd..<object.text.upperBound])
        return result
    }
}
