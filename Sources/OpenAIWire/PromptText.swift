extension ChatRequest {
    /// The bytes of text in the request's messages, in UTF-8: the values of `content` and `text`
    /// that are strings. Names, images, files and the descriptions of tools are none.
    ///
    /// What a prompt is at least can be told from it where no model server counted its tokens.
    public var promptTextBytes: Int {
        var count = 0
        MessageKeys(object).walk { key, value in
            guard value.first == UInt8(ascii: "\""),
                key.elementsEqual("content".utf8) || key.elementsEqual("text".utf8)
            else { return }
            count += unescaped(value.dropFirst().dropLast()).count
        }
        return count
    }
}
