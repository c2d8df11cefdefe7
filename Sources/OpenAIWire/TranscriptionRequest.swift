/// What a market needs to know of a `POST /v1/audio/transcriptions` body: a form with a file.
public struct TranscriptionRequest: Sendable {
    /// What the answer is.
    public enum Answer: Hashable, Sendable {
        /// A JSON object.
        case json
        /// Plain text, subtitles included.
        case text
    }

    /// The body.
    public let form: MultipartForm
    /// The model that the client asked for.
    public let model: String
    /// What the client wants to be answered with.
    public let answer: Answer

    private static let single = [
        "chunking_strategy", "file", "language", "model", "prompt", "response_format", "stream",
        "temperature",
    ]
    private static let textFormats = ["text", "srt", "vtt"]
    private static let jsonFormats = ["json", "verbose_json", "diarized_json"]

    /// Reads a request.
    ///
    /// - Throws: ``RequestRefusal`` for a form that is malformed, ambiguous or out of bounds, and
    ///   for one that asks for a stream.
    public init(
        _ body: [UInt8],
        limits: MultipartForm.Limits = .standard
    ) throws(RequestRefusal) {
        let form: MultipartForm
        do {
            form = try MultipartForm(body, limits: limits)
        } catch {
            throw .malformedForm(error)
        }
        try Self.checkNames(form)
        self.form = form
        guard let model = try Self.field("model", form) else { throw .missing(param: "model") }
        try checkModel(model)
        self.model = model
        guard let file = form.parts.first(where: { $0.filename != nil }) else {
            throw .missing(param: "file")
        }
        guard !file.content.isEmpty else {
            throw .outOfRange(param: "file", rule: "a file that is not empty")
        }
        guard try Self.field("stream", form) ?? "false" == "false" else {
            throw .unsupported(param: "stream", instead: "answers of this path come whole")
        }
        let format = try Self.field("response_format", form) ?? "json"
        guard (Self.textFormats + Self.jsonFormats).contains(format) else {
            throw .outOfRange(
                param: "response_format",
                rule: "one of \((Self.jsonFormats + Self.textFormats).joined(separator: ", "))"
            )
        }
        answer = Self.textFormats.contains(format) ? .text : .json
    }

    /// A name may come again only if it ends as names of lists do; one file, under its own name.
    private static func checkNames(_ form: MultipartForm) throws(RequestRefusal) {
        try ParameterNames.check(form.parts.map { Array($0.name.utf8)[...] }, known: single)
        var seen: [String] = []
        for part in form.parts {
            let name = part.name
            guard name.hasSuffix("[]") || !seen.contains(name) else {
                throw .outOfRange(param: name, rule: "given once")
            }
            guard (part.filename != nil) == (name == "file") else {
                throw .wrongType(
                    param: name,
                    expected: name == "file" ? "a file" : "a field; the one file is 'file'"
                )
            }
            guard name != "provider", !name.hasPrefix("provider[") else {
                throw .unsupported(
                    param: "provider",
                    instead: "sellers cannot be chosen for an upload"
                )
            }
            seen.append(name)
        }
    }

    private static func field(
        _ name: String,
        _ form: MultipartForm
    ) throws(RequestRefusal) -> String? {
        guard let part = form.all(name).first else { return nil }
        guard let text = form.text(part) else {
            throw .wrongType(param: name, expected: "text in UTF-8")
        }
        return text
    }

    /// The body for an upstream: its name of the model, and the parts as they were read.
    public func upstreamBody(model: String) -> [UInt8] {
        form.rewritten("model", to: model)
    }
}
