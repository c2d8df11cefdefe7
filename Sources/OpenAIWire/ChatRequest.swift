/// What a market needs to know of a `POST /v1/chat/completions` body, read in one pass.
///
/// Everything else is passed on as it came.
public struct ChatRequest: Sendable {
    /// The body.
    public let object: JSONObject
    /// The model that the client asked for.
    public let model: String
    /// Whether the answer is an event stream.
    public let isStreaming: Bool
    /// Whether the client asked for a last chunk with the usage.
    public let wantsUsage: Bool
    /// The client's bound on output tokens, at least 1; `max_completion_tokens` goes first.
    public let outputTokensMax: UInt64?
    /// The number of answers to generate, at least 1.
    public let choiceCount: UInt64
    /// The sampling parameters that are set, by ascending name.
    public let parameters: [SamplingParameter]

    private static let names =
        SamplingParameter.names + ["messages", "model", "n", "stream", "stream_options"]

    /// Reads a request.
    ///
    /// - Throws: ``RequestRefusal`` for a body that is malformed, ambiguous or out of bounds; more
    ///   than `choiceCountMax` answers are refused because they multiply what a call may cost.
    public init(
        _ body: [UInt8],
        choiceCountMax: UInt64 = 1,
        limits: JSONLimits = .standard
    ) throws(RequestRefusal) {
        let fields = try RequestFields(body, known: Self.names, limits: limits)
        object = fields.object
        model = try fields.model()
        guard let messages = object["messages"] else { throw .missing(param: "messages") }
        guard messages.kind == .array, !object.isEmptyArray(messages) else {
            throw .wrongType(param: "messages", expected: "a list that is not empty")
        }
        isStreaming = try fields.bool("stream") ?? false
        wantsUsage = try Self.wantsUsage(fields, isStreaming: isStreaming)
        choiceCount = try fields.positive("n") ?? 1
        guard choiceCount <= choiceCountMax else {
            throw .outOfRange(param: "n", rule: "at most \(choiceCountMax)")
        }
        parameters = try SamplingParameter.all(in: object)
        let older = try fields.positive("max_tokens")
        outputTokensMax = try fields.positive("max_completion_tokens") ?? older
    }

    private static func wantsUsage(
        _ fields: RequestFields,
        isStreaming: Bool
    ) throws(RequestRefusal) -> Bool {
        guard let options = try fields.object("stream_options") else { return false }
        guard isStreaming else {
            throw .unsupported(param: "stream_options", instead: "set 'stream' to true as well")
        }
        do {
            return try options.bool("include_usage") ?? false
        } catch {
            throw .wrongType(param: "stream_options.include_usage", expected: "a boolean")
        }
    }
}

extension ChatRequest {
    /// The name under which an upstream knows the bound on output tokens.
    public enum OutputBoundName: String, Hashable, Sendable {
        /// The name that nearly every server reads.
        case maxTokens = "max_tokens"
        /// The name that OpenAI's reasoning models require.
        case maxCompletionTokens = "max_completion_tokens"
    }

    /// The body for an upstream: its name of the model, the bound that was paid for, and usage
    /// at the end of a stream.
    ///
    /// The bound is sent under exactly one name, because some servers refuse both together and
    /// others differ on which wins. All of `stream_options` is replaced, so that nothing in it can
    /// turn the usage off.
    public func upstreamBody(
        model: String,
        outputTokensMax: UInt64,
        boundName: OutputBoundName = .maxTokens
    ) -> [UInt8] {
        var editor = JSONObjectEditor(object)
        editor.set("model", string: model)
        let otherName: OutputBoundName =
            boundName == .maxTokens ? .maxCompletionTokens : .maxTokens
        editor.remove(otherName.rawValue)
        editor.set(boundName.rawValue, integer: outputTokensMax)
        if isStreaming {
            editor.set("stream_options", raw: #"{"include_usage":true}"#.utf8)
        }
        return editor.finish()
    }
}

extension JSONObject {
    func isEmptyArray(_ value: JSONValue) -> Bool {
        var scanner = JSONScanner(bytes, in: value.range, depthMax: 1)
        scanner.position += 1
        scanner.skipWhitespace()
        return scanner.position == value.range.upperBound - 1
    }
}
