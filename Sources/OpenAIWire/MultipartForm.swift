/// A `multipart/form-data` body (RFC 7578) whose every byte was read, and read strictly.
///
/// Where parsers differ it is refused: bytes before the first boundary and after the last, padding
/// behind a boundary, a boundary that begins a line of some content, names with escapes. So the
/// boundary is what the first line says, whatever a header says of it.
public struct MultipartForm: Sendable {
    /// One part.
    public struct Part: Sendable {
        /// The field's name.
        public let name: String
        /// The file's own name; nil for a field that is no file.
        public let filename: String?
        /// What the client says the content is; nil if it does not say, or not in plain words.
        public let type: String?
        /// Where the content lies.
        public let content: Range<Int>
    }

    /// What reading one body may cost.
    public struct Limits: Sendable {
        /// The most parts.
        public let partsMax: Int
        /// The longest content of a part that is no file, in bytes.
        public let fieldBytesMax: Int

        /// 64 parts, and fields of 64 KiB: several times what clients send.
        public static let standard = Limits(partsMax: 64, fieldBytesMax: 64 << 10)

        /// Creates limits.
        public init(partsMax: Int, fieldBytesMax: Int) {
            self.partsMax = partsMax
            self.fieldBytesMax = fieldBytesMax
        }
    }

    /// The longest boundary in bytes (RFC 2046).
    static let boundaryBytesMax = 70
    /// The longest name of a field in bytes.
    static let nameBytesMax = 64
    /// The longest name of a file in bytes.
    public static let filenameBytesMax = 255
    static let headerBytesMax = 1024
    static let headersMax = 8

    /// The body.
    public let bytes: [UInt8]
    /// What separates the parts, without its two dashes.
    public let boundary: String
    /// The parts in their order; at least one.
    public let parts: [Part]

    /// Reads a body.
    ///
    /// - Throws: ``FormRefusal``.
    public init(_ bytes: [UInt8], limits: Limits = .standard) throws(FormRefusal) {
        var reader = FormReader(bytes)
        boundary = try reader.boundaryLine()
        var parts: [Part] = []
        while true {
            guard parts.count < limits.partsMax else { throw reader.refusal(.tooManyParts) }
            parts.append(try reader.part(fieldBytesMax: limits.fieldBytesMax))
            if try reader.isOver() { break }
        }
        self.bytes = bytes
        self.parts = parts
    }

    /// The parts of this name.
    public func all(_ name: String) -> [Part] { parts.filter { $0.name == name } }

    /// The content of a part as text; nil if it is no UTF-8.
    public func text(_ part: Part) -> String? {
        String(validating: bytes[part.content], as: UTF8.self)
    }

    /// The value of `content-type` for a body with this boundary.
    public var contentType: String { Self.contentType(boundary: boundary) }

    /// The value of `content-type` that the body's own first line tells; nil if it tells none.
    public static func contentType(of bytes: [UInt8]) -> String? {
        var reader = FormReader(bytes)
        return (try? reader.boundaryLine()).map { contentType(boundary: $0) }
    }

    private static func contentType(boundary: String) -> String {
        let isToken = boundary.utf8.allSatisfy { FormReader.isTokenByte($0) }
        return "multipart/form-data; boundary=" + (isToken ? boundary : "\"\(boundary)\"")
    }

    /// Whether a client's `content-type` says the same of the body as the body itself.
    public func agrees(with contentType: String) -> Bool {
        let pieces = contentType.split(separator: ";", omittingEmptySubsequences: false)
        guard let type = pieces.first,
            trimmed(type).lowercased() == "multipart/form-data"
        else { return false }
        // A boundary may hold no semicolon, so pieces are whole parameters.
        let boundaries = pieces.dropFirst().compactMap { piece -> String? in
            let text = trimmed(piece)
            guard text.lowercased().hasPrefix("boundary=") else { return nil }
            let value = text.dropFirst("boundary=".count)
            let isQuoted = value.count >= 2 && value.first == "\"" && value.last == "\""
            return String(isQuoted ? value.dropFirst().dropLast() : value)
        }
        return boundaries == [boundary]
    }

    private func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }

    /// The body written anew from what was read, with other content in the parts of one name.
    ///
    /// Whoever reads it sees the parts that were read here and nothing else.
    public func rewritten(_ name: String, to text: String) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + 256 * parts.count)
        for part in parts {
            result += Array("--\(boundary)\r\n".utf8)
            result += Array("content-disposition: form-data; name=\"\(part.name)\"".utf8)
            if let filename = part.filename { result += Array("; filename=\"\(filename)\"".utf8) }
            if let type = part.type { result += Array("\r\ncontent-type: \(type)".utf8) }
            result += Array("\r\n\r\n".utf8)
            if part.name == name, part.filename == nil {
                result += Array(text.utf8)
            } else {
                result += bytes[part.content]
            }
            result += Array("\r\n".utf8)
        }
        return result + Array("--\(boundary)--\r\n".utf8)
    }
}

/// Why bytes are not a form that this market accepts, and where.
public struct FormRefusal: Error, Hashable, Sendable {
    /// What is wrong; the numbers are append-only.
    public enum Reason: UInt32, Hashable, Sendable {
        /// The first line is no boundary.
        case noBoundary = 1
        /// The body ends inside a part.
        case truncated = 2
        /// A line of some content begins as a boundary does and goes on otherwise.
        case ambiguousBoundary = 3
        /// Bytes follow the last boundary.
        case trailingBytes = 4
        /// There are more parts than the limit.
        case tooManyParts = 5
        /// A part's header is malformed, too long, or one of too many.
        case invalidHeader = 6
        /// A part has the same header twice, or none that names it.
        case invalidDisposition = 7
        /// A name is missing, too long, or has bytes that readers take differently.
        case invalidName = 8
        /// The content is said to be encoded.
        case encoded = 9
        /// A part's own length is not its content's.
        case wrongLength = 10
        /// A field that is no file is larger than the limit.
        case fieldTooLarge = 11
    }

    /// What is wrong.
    public let reason: Reason
    /// The distance from the start of the bytes to where it shows.
    public let offsetBytes: Int

    /// The number for logs and the wire.
    public var code: UInt32 { reason.rawValue }

    /// A sentence fragment for people.
    public var message: String { "\(reason.phrase) at byte \(offsetBytes)" }
}

extension FormRefusal.Reason {
    fileprivate var phrase: String {
        switch self {
        case .noBoundary: "no boundary in the first line"
        case .truncated: "unexpected end"
        case .ambiguousBoundary: "a line that begins like a boundary"
        case .trailingBytes: "bytes after the last boundary"
        case .tooManyParts: "too many parts"
        case .invalidHeader: "a malformed header"
        case .invalidDisposition: "a part without one content-disposition"
        case .invalidName: "a missing or unfit name"
        case .encoded: "an encoded part"
        case .wrongLength: "a part whose length is another"
        case .fieldTooLarge: "a field that is too large"
        }
    }
}
