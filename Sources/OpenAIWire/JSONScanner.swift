/// A cursor over JSON text that moves only over bytes it has checked (RFC 8259).
///
/// Depth is bounded, so recursion is bounded; nothing is allocated while scanning.
struct JSONScanner {
    let bytes: [UInt8]
    let end: Int
    let depthMax: Int
    var position: Int

    init(_ bytes: [UInt8], in range: Range<Int>, depthMax: Int) {
        self.bytes = bytes
        self.depthMax = depthMax
        end = min(range.upperBound, bytes.count)
        position = range.lowerBound
    }

    func refusal(_ reason: JSONRefusal.Reason) -> JSONRefusal {
        JSONRefusal(reason, offsetBytes: position)
    }

    /// The byte under the cursor, which stays where it is.
    func peek() throws(JSONRefusal) -> UInt8 {
        guard position < end else { throw refusal(.truncated) }
        return bytes[position]
    }

    mutating func skipWhitespace() {
        while position < end {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    /// Moves past `byte`, which must be next.
    mutating func expect(_ byte: UInt8) throws(JSONRefusal) {
        guard try peek() == byte else { throw refusal(.unexpectedByte) }
        position += 1
    }

    /// Refuses anything but white space up to the end of the text.
    mutating func finish() throws(JSONRefusal) {
        skipWhitespace()
        guard position == end else { throw refusal(.trailingBytes) }
    }

    /// Moves past one value that lies inside `depth` arrays and objects.
    @discardableResult
    mutating func value(depth: Int) throws(JSONRefusal) -> JSONKind {
        switch try peek() {
        case UInt8(ascii: "\""):
            _ = try string()
            return .string
        case UInt8(ascii: "{"):
            try openContainer(depth: depth)
            var isFirst = true
            while try key(isFirst: isFirst) != nil {
                try value(depth: depth + 1)
                isFirst = false
            }
            return .object
        case UInt8(ascii: "["):
            try openContainer(depth: depth)
            var isFirst = true
            while try moveToElement(isFirst: isFirst) {
                try value(depth: depth + 1)
                isFirst = false
            }
            return .array
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            try number()
            return .number
        case UInt8(ascii: "t"): return try literal("true", .bool)
        case UInt8(ascii: "f"): return try literal("false", .bool)
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: throw refusal(.unexpectedByte)
        }
    }

    /// Moves past the bracket or brace under the cursor.
    mutating func openContainer(depth: Int) throws(JSONRefusal) {
        guard depth < depthMax else { throw refusal(.tooDeep) }
        position += 1
    }

    /// Moves to the value of the next member, or past the closing brace.
    ///
    /// - Returns: the key with its quotes and whether it has escapes, or nil after the last member.
    mutating func key(isFirst: Bool) throws(JSONRefusal) -> JSONKey? {
        skipWhitespace()
        if try peek() == UInt8(ascii: "}") {
            position += 1
            return nil
        }
        if !isFirst {
            try expect(UInt8(ascii: ","))
            skipWhitespace()
        }
        guard try peek() == UInt8(ascii: "\"") else { throw refusal(.unexpectedByte) }
        let start = position
        let hasEscapes = try string()
        let quoted = start..<position
        skipWhitespace()
        try expect(UInt8(ascii: ":"))
        skipWhitespace()
        return JSONKey(quoted: quoted, hasEscapes: hasEscapes)
    }

    /// Moves to the next element and returns true, or past the closing bracket and returns false.
    mutating func moveToElement(isFirst: Bool) throws(JSONRefusal) -> Bool {
        skipWhitespace()
        if try peek() == UInt8(ascii: "]") {
            position += 1
            return false
        }
        if !isFirst {
            try expect(UInt8(ascii: ","))
            skipWhitespace()
        }
        return true
    }

    private mutating func literal(
        _ word: StaticString,
        _ kind: JSONKind
    ) throws(JSONRefusal) -> JSONKind {
        for index in 0..<word.utf8CodeUnitCount {
            try expect(word.utf8Start[index])
        }
        return kind
    }
}

/// Where a key lies in its text.
struct JSONKey {
    /// The key and its quotes.
    let quoted: Range<Int>
    let hasEscapes: Bool
}
