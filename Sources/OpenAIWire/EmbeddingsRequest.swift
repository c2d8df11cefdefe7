/// What a market needs to know of a `POST /v1/embeddings` body.
public struct EmbeddingsRequest: Sendable {
    /// How the client wants its vectors.
    public enum Encoding: String, Hashable, Sendable {
        /// A list of JSON numbers; what a request without `encoding_format` means.
        case float
        /// Base64 of little-endian 32-bit floats; what the openai Python client asks for.
        case base64
    }

    /// The most inputs of one request, as in OpenAI's interface.
    public static let inputCountMax = 2_048

    /// The body.
    public let object: JSONObject
    /// The model that the client asked for.
    public let model: String
    /// How the client wants its vectors.
    public let encoding: Encoding
    /// The length of the vectors that the client asked for.
    public let dimensions: UInt64?
    /// The number of texts to embed, and so of vectors to expect.
    public let inputCount: Int

    private static let names = ["dimensions", "encoding_format", "input", "model"]

    /// Reads a request.
    ///
    /// - Throws: ``RequestRefusal`` for a body that is malformed, ambiguous or out of bounds.
    public init(
        _ body: [UInt8],
        limits: JSONLimits = .standard
    ) throws(RequestRefusal) {
        let fields = try RequestFields(body, known: Self.names, limits: limits)
        object = fields.object
        model = try fields.model()
        dimensions = try fields.positive("dimensions")
        guard let encoding = Encoding(rawValue: try fields.string("encoding_format") ?? "float")
        else { throw .outOfRange(param: "encoding_format", rule: "'float' or 'base64'") }
        self.encoding = encoding
        inputCount = try Self.inputCount(object)
    }

    /// Counts a text or a list of tokens as one input, a list of either as many.
    private static func inputCount(_ object: JSONObject) throws(RequestRefusal) -> Int {
        guard let input = object["input"] else { throw .missing(param: "input") }
        if input.kind == .string { return 1 }
        guard input.kind == .array, !object.isEmptyArray(input) else {
            throw .wrongType(param: "input", expected: "a string or a list that is not empty")
        }
        // A list of tokens is long and counts as one, so only the first element decides.
        var scanner = JSONScanner(object.bytes, in: input.range, depthMax: object.limits.depthMax)
        scanner.position += 1
        scanner.skipWhitespace()
        let first = object.bytes[scanner.position]
        if first != UInt8(ascii: "\""), first != UInt8(ascii: "[") { return 1 }
        do {
            return try object.array("input", countMax: inputCountMax)?.count ?? 0
        } catch {
            throw .outOfRange(param: "input", rule: "at most \(inputCountMax) texts")
        }
    }

    /// The body for an upstream: its name of the model, and floats, which every server can send.
    public func upstreamBody(model: String) -> [UInt8] {
        var editor = JSONObjectEditor(object)
        editor.set("model", string: model)
        editor.set("encoding_format", string: Encoding.float.rawValue)
        return editor.finish()
    }
}
