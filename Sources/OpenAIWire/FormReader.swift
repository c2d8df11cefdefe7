/// A cursor over a `multipart/form-data` body that moves only over bytes it has checked.
struct FormReader {
    private let bytes: [UInt8]
    private var position = 0
    /// `\r\n--` and the boundary: what ends a part's content.
    private var delimiter: [UInt8] = []

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    func refusal(_ reason: FormRefusal.Reason) -> FormRefusal {
        FormRefusal(reason: reason, offsetBytes: position)
    }

    /// Reads the first line, and learns the boundary from it.
    mutating func boundaryLine() throws(FormRefusal) -> String {
        let start = 2
        guard bytes.count > start, bytes[0] == UInt8(ascii: "-"), bytes[1] == UInt8(ascii: "-")
        else { throw refusal(.noBoundary) }
        var end = start
        while end < bytes.count, end - start <= MultipartForm.boundaryBytesMax,
            Self.isBoundaryByte(bytes[end])
        {
            end += 1
        }
        guard (1...MultipartForm.boundaryBytesMax).contains(end - start), isLineEnd(at: end) else {
            throw refusal(.noBoundary)
        }
        delimiter = [0x0D, 0x0A] + bytes[..<end]
        position = end + 2
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }

    /// Reads one part, up to the boundary behind it.
    mutating func part(fieldBytesMax: Int) throws(FormRefusal) -> MultipartForm.Part {
        let headers = try headers()
        let start = position
        guard !bytes[start...].starts(with: delimiter.dropFirst(2)) else {
            throw refusal(.ambiguousBoundary)
        }
        guard let end = bytes.firstPlace(of: delimiter, from: start) else {
            position = bytes.count
            throw refusal(.truncated)
        }
        if let length = headers.length, length != end - start { throw refusal(.wrongLength) }
        guard headers.filename != nil || end - start <= fieldBytesMax else {
            throw refusal(.fieldTooLarge)
        }
        position = end + delimiter.count
        return MultipartForm.Part(
            name: headers.name,
            filename: headers.filename,
            type: headers.type,
            content: start..<end
        )
    }

    /// Moves past what follows a boundary; true if it was the last.
    mutating func isOver() throws(FormRefusal) -> Bool {
        if isLineEnd(at: position) {
            position += 2
            return false
        }
        guard position + 1 < bytes.count else { throw refusal(.truncated) }
        guard bytes[position] == UInt8(ascii: "-"), bytes[position + 1] == UInt8(ascii: "-") else {
            throw refusal(.ambiguousBoundary)
        }
        position += 2
        if isLineEnd(at: position) { position += 2 }
        guard position == bytes.count else { throw refusal(.trailingBytes) }
        return true
    }

    private func isLineEnd(at index: Int) -> Bool {
        index + 1 < bytes.count && bytes[index] == 0x0D && bytes[index + 1] == 0x0A
    }

    // MARK: Headers

    private struct Headers {
        var name = ""
        var filename: String?
        var type: String?
        var length: Int?
    }

    private mutating func headers() throws(FormRefusal) -> Headers {
        var headers = Headers()
        var seen: [String] = []
        while let (name, value) = try header() {
            guard seen.count < MultipartForm.headersMax, !seen.contains(name) else {
                throw refusal(.invalidHeader)
            }
            seen.append(name)
            switch name {
            case "content-disposition":
                (headers.name, headers.filename) = try disposition(value)
            case "content-type": headers.type = Self.plainType(value)
            case "content-length":
                guard let length = Int(value), String(length) == value else {
                    throw refusal(.invalidHeader)
                }
                headers.length = length
            case "content-transfer-encoding":
                guard ["7bit", "8bit", "binary"].contains(value.lowercased()) else {
                    throw refusal(.encoded)
                }
            default: break
            }
        }
        guard seen.contains("content-disposition") else { throw refusal(.invalidDisposition) }
        return headers
    }

    /// The next header, its name in lower case; nil at the empty line.
    private mutating func header() throws(FormRefusal) -> (name: String, value: String)? {
        var end = position
        let limit = min(bytes.count, position + MultipartForm.headerBytesMax)
        while end < limit, bytes[end] != 0x0D { end += 1 }
        guard end < bytes.count else { throw refusal(.truncated) }
        guard isLineEnd(at: end) else { throw refusal(.invalidHeader) }
        let line = bytes[position..<end]
        guard !line.isEmpty else {
            position = end + 2
            return nil
        }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
            line[..<colon].allSatisfy(Self.isTokenByte),
            line.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }),
            let value = String(validating: Self.trimmed(line[(colon + 1)...]), as: UTF8.self)
        else { throw refusal(.invalidHeader) }
        position = end + 2
        return (String(decoding: line[..<colon], as: UTF8.self).lowercased(), value)
    }

    /// The names in `form-data; name="file"; filename="a.wav"`.
    private func disposition(_ text: String) throws(FormRefusal) -> (String, String?) {
        var rest = Array(text.utf8)[...]
        guard Self.token(&rest).lowercased() == "form-data" else {
            throw refusal(.invalidDisposition)
        }
        var names: [(key: String, value: String)] = []
        while true {
            rest = Self.trimmed(rest)
            guard let byte = rest.popFirst() else { break }
            guard byte == UInt8(ascii: ";") else { throw refusal(.invalidDisposition) }
            rest = Self.trimmed(rest)
            let key = Self.token(&rest).lowercased()
            guard !key.isEmpty, rest.popFirst() == UInt8(ascii: "="),
                !names.contains(where: { $0.key == key })
            else { throw refusal(.invalidDisposition) }
            names.append((key, try value(&rest)))
        }
        func named(_ key: String) -> String? { names.first { $0.key == key }?.value }
        guard let name = named("name"), !name.isEmpty,
            name.utf8.count <= MultipartForm.nameBytesMax
        else { throw refusal(.invalidName) }
        // Some clients say a file's name twice, in two encodings; never in the second alone.
        let filename = named("filename")
        guard filename != nil || named("filename*") == nil,
            filename?.utf8.count ?? 0 <= MultipartForm.filenameBytesMax
        else { throw refusal(.invalidName) }
        return (name, filename)
    }

    /// A token or a quoted text; backslashes are refused, because readers differ on them.
    private func value(_ rest: inout ArraySlice<UInt8>) throws(FormRefusal) -> String {
        guard rest.first == UInt8(ascii: "\"") else {
            let token = Self.token(&rest)
            guard !token.isEmpty else { throw refusal(.invalidName) }
            return token
        }
        rest = rest.dropFirst()
        guard let end = rest.firstIndex(of: UInt8(ascii: "\"")) else {
            throw refusal(.invalidName)
        }
        let text = rest[..<end]
        guard !text.contains(where: { $0 == UInt8(ascii: "\\") || $0 == 0x09 }),
            let value = String(validating: text, as: UTF8.self)
        else { throw refusal(.invalidName) }
        rest = rest[(end + 1)...]
        return value
    }

    private static func token(_ rest: inout ArraySlice<UInt8>) -> String {
        let token = rest.prefix { isTokenByte($0) || $0 == UInt8(ascii: "*") }
        rest = rest[token.endIndex...]
        return String(decoding: token, as: UTF8.self)
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes
        while let first = bytes.first, first == 0x20 || first == 0x09 { bytes.removeFirst() }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
        return bytes
    }

    /// `type/subtype` and nothing else of a content type, or nil.
    private static func plainType(_ text: String) -> String? {
        let type = text.prefix { $0 != ";" && $0 != " " }
        let halves = type.split(separator: "/", omittingEmptySubsequences: false)
        guard type.utf8.count <= 100, halves.count == 2,
            halves.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isTokenByte) })
        else { return nil }
        return type.lowercased()
    }

    /// Letters, digits and the marks of an HTTP token that names use, without the asterisk.
    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'+-.^_`|~".utf8.contains(byte)
        }
    }

    /// The bytes of boundaries (RFC 2046), without the space.
    private static func isBoundaryByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "'()+_,-./:=?".utf8.contains(byte)
        }
    }
}
