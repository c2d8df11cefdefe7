/// What the data of one event means in a stream of chat completions.
public enum ChatStreamItem: Sendable {
    /// The end of the stream, `[DONE]`.
    case done
    /// A chunk of the answer.
    case chunk(ChatChunk)

    /// Reads an event's data.
    ///
    /// - Throws: ``JSONRefusal`` if it is neither `[DONE]` nor an object that can be a chunk.
    public init(_ data: [UInt8], limits: JSONLimits = .standard) throws(JSONRefusal) {
        self =
            data == ServerSentEvent.doneData
            ? .done : .chunk(try ChatChunk(data, limits: limits))
    }
}

/// What a market needs to know of a `chat.completion.chunk`, or of a whole `chat.completion`.
public struct ChatChunk: Sendable {
    /// The chunk.
    public let object: JSONObject
    /// Whether it carries output that is charged: text, reasoning, a refusal or a tool call.
    public let hasContent: Bool
    /// Why a choice ended, such as `stop` or `length`; nil while it goes on.
    public let finishReason: String?
    /// The usage, in the last chunk of a stream.
    public let usage: TokenUsage?
    /// Whether it is an error; upstreams send those inside a stream that began well.
    public let isError: Bool
    /// The number of choices; the chunk that carries only the usage has none.
    public let choiceCount: Int

    /// The most choices of one chunk.
    static let choicesMax = 128

    /// Reads a chunk, or a complete answer, whose choices have `message` for `delta`.
    ///
    /// - Throws: ``JSONRefusal`` if the bytes are not an object, or `choices` not a list of them.
    public init(_ data: [UInt8], limits: JSONLimits = .standard) throws(JSONRefusal) {
        object = try JSONObject(data, limits: limits)
        usage = TokenUsage(in: object)
        isError = object["error"].map { $0.kind != .null } ?? false
        var hasContent = false
        var finishReason: String?
        let choices = try object.array("choices", countMax: Self.choicesMax) ?? []
        for value in choices {
            let choice = try object.object(value)
            if finishReason == nil { finishReason = try choice.string("finish_reason") }
            let key = choice["delta"] == nil ? "message" : "delta"
            guard let delta = try choice.object(key) else { continue }
            hasContent = hasContent || Self.carriesOutput(delta)
        }
        self.hasContent = hasContent
        self.finishReason = finishReason
        choiceCount = choices.count
    }

    private static let outputKeys = [
        "content", "reasoning_content", "reasoning", "refusal", "tool_calls", "function_call",
    ]

    private static func carriesOutput(_ delta: JSONObject) -> Bool {
        outputKeys.contains { key in
            guard let value = delta[key] else { return false }
            return switch value.kind {
            case .string: value.range.count > 2
            case .array: !delta.isEmptyArray(value)
            case .object: true
            case .number, .bool, .null: false
            }
        }
    }
}
