extension ChatRequest {
    /// The bytes of text in the request's messages, in UTF-8: the values of `content` and `text`
    /// that are strings. Names, images, files and the descriptions of tools are none.
    ///
    /// What a prompt is at least can be told from it where no model server counted its tokens.
    public var promptTextBytes: Int {
        guard let messages = object["messages"] else { return 0 }
        var scanner = JSONScanner(
            object.bytes,
            in: messages.range,
            depthMax: object.limits.depthMax
        )
        // The text was checked when the request was read; what could not be walked counts nothing.
        return (try? scanner.promptTextBytes(depth: 0)) ?? 0
    }
}

extension JSONScanner {
    /// Moves past one value and counts the bytes of text in it.
    fileprivate mutating func promptTextBytes(depth: Int) throws(JSONRefusal) -> Int {
        var count = 0
        switch try peek() {
        case UInt8(ascii: "{"):
            try openContainer(depth: depth)
            var isFirst = true
            while let key = try key(isFirst: isFirst) {
                isFirst = false
                let start = position
                count += try promptTextBytes(depth: depth + 1)
                guard bytes[start] == UInt8(ascii: "\""), Self.isText(bytes[key.quoted]) else {
                    continue
                }
                count += unescaped(bytes[start + 1..<position - 1]).count
            }
        case UInt8(ascii: "["):
            try openContainer(depth: depth)
            var isFirst = true
            while try moveToElement(isFirst: isFirst) {
                isFirst = false
                count += try promptTextBytes(depth: depth + 1)
            }
        default: try value(depth: depth)
        }
        return count
    }

    private static func isText(_ quotedKey: ArraySlice<UInt8>) -> Bool {
        quotedKey.elementsEqual(#""content""#.utf8) || quotedKey.elementsEqual(#""text""#.utf8)
    }
}
