/// A `POST /v1/files` body: a form with a file and what it is for.
public struct FileUpload: Sendable {
    /// What the client calls the file.
    public let filename: String
    /// What the client wants it for.
    public let purpose: String
    /// What the client says it is; bytes of no particular kind if it does not.
    public let type: String
    /// After how many seconds it is gone; nil for never.
    public let lifeSeconds: UInt64?
    /// What is in it.
    public let content: [UInt8]

    /// The purposes that OpenAI's interface knows for what clients send.
    public static let purposes = [
        "assistants", "batch", "evals", "fine-tune", "user_data", "vision",
    ]
    /// From an hour to thirty days, as in OpenAI's interface.
    public static let lifeSecondsRange: ClosedRange<UInt64> = 3_600...2_592_000

    private static let names = [
        "expires_after[anchor]", "expires_after[seconds]", "file", "purpose",
    ]

    /// Reads a body.
    ///
    /// - Throws: ``RequestRefusal`` for a form that is malformed, says too much or too little.
    public init(_ body: [UInt8], contentType: String?) throws(RequestRefusal) {
        let form: MultipartForm
        do {
            form = try MultipartForm(body)
        } catch {
            throw .malformedForm(error)
        }
        try form.checkType(contentType)
        var seen: [String] = []
        for part in form.parts {
            guard Self.names.contains(part.name) else {
                throw .unsupported(
                    param: part.name,
                    instead: "a file has \(Self.names.joined(separator: ", "))"
                )
            }
            guard !seen.contains(part.name) else {
                throw .outOfRange(param: part.name, rule: "given once")
            }
            guard (part.filename != nil) == (part.name == "file") else {
                throw .wrongType(
                    param: part.name,
                    expected: part.name == "file" ? "a file" : "a field"
                )
            }
            seen.append(part.name)
        }
        guard let file = form.all("file").first else { throw .missing(param: "file") }
        guard !file.content.isEmpty else {
            throw .outOfRange(param: "file", rule: "a file that is not empty")
        }
        let purpose = form.all("purpose").first.flatMap { form.text($0) }
        guard let purpose else { throw .missing(param: "purpose") }
        guard Self.purposes.contains(purpose) else {
            throw .outOfRange(
                param: "purpose",
                rule: "one of \(Self.purposes.joined(separator: ", "))"
            )
        }
        self.purpose = purpose
        lifeSeconds = try Self.life(form)
        let name = file.filename ?? ""
        filename = name.isEmpty ? "file" : name
        type = file.type ?? PlainMediaType.bytes
        content = Array(form.bytes[file.content])
    }

    private static func life(_ form: MultipartForm) throws(RequestRefusal) -> UInt64? {
        let anchor = form.all("expires_after[anchor]").first.map { form.text($0) }
        let seconds = form.all("expires_after[seconds]").first.map { form.text($0) }
        guard anchor != nil || seconds != nil else { return nil }
        guard anchor == "created_at" else {
            throw .outOfRange(param: "expires_after[anchor]", rule: "'created_at'")
        }
        guard let text = seconds.flatMap(\.self), let number = UInt64(text),
            lifeSecondsRange.contains(number)
        else {
            throw .outOfRange(
                param: "expires_after[seconds]",
                rule: "\(lifeSecondsRange.lowerBound) to \(lifeSecondsRange.upperBound)"
            )
        }
        return number
    }
}

extension MultipartForm {
    /// Checks that a client's `content-type` says the same of the body as its first line.
    ///
    /// - Throws: ``RequestRefusal``.
    public func checkType(_ contentType: String?) throws(RequestRefusal) {
        guard let contentType, agrees(with: contentType) else {
            throw .outOfRange(
                param: "content-type",
                rule: "multipart/form-data with the boundary of the body's first line"
            )
        }
    }
}
