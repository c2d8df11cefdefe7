/// A whole `chat.completion` by the parts that other dialects show.
///
/// Texts stay as they were written, quotes and escapes included, so that nothing of an answer
/// changes on its way into another dialect.
public struct ChatAnswer: Sendable {
    /// A tool that the model wants called.
    public struct ToolCall: Hashable, Sendable {
        /// The call's name, quoted.
        public let id: [UInt8]
        /// The tool's name, quoted.
        public let name: [UInt8]
        /// What the tool is given: JSON inside a string.
        public let arguments: String
    }

    /// The answer's own name; empty if it has none.
    public let id: String
    /// The answer's text, quoted; nil if there is none.
    public let text: [UInt8]?
    /// The tools that the model wants called.
    public let toolCalls: [ToolCall]
    /// Why the answer ended: `stop`, `length`, `tool_calls`, `content_filter`.
    public let finishReason: String?
    /// Tokens of the input; 0 if nobody said.
    public let inputTokens: UInt64
    /// Tokens of the output; 0 if nobody said.
    public let outputTokens: UInt64
    /// What it cost, as JSON; nil before a market added it.
    public let cost: [UInt8]?
    /// The name of its receipt, quoted; nil before a market added it.
    public let receipt: [UInt8]?
    /// When it was made, in seconds since 1970; 0 if nobody said.
    public let createdSeconds: UInt64

    /// The most tool calls of one answer.
    static let toolCallsMax = 128

    /// Reads an answer's first choice.
    ///
    /// - Throws: ``JSONRefusal`` unless it is an object with a choice that has a message.
    public init(_ body: [UInt8], limits: JSONLimits = .standard) throws(JSONRefusal) {
        let object = try JSONObject(body, limits: limits)
        guard let first = try object.array("choices", countMax: 128)?.first else {
            throw JSONRefusal(.wrongKind, offsetBytes: 0)
        }
        let choice = try object.object(first)
        guard let message = try choice.object("message") else {
            throw JSONRefusal(.wrongKind, offsetBytes: first.range.lowerBound)
        }
        id = try object.string("id") ?? ""
        createdSeconds = (try? object.unsigned("created")) ?? 0
        text = try message.value("content", .string).map { Array(message.raw($0)) }
        finishReason = try choice.string("finish_reason")
        var calls: [ToolCall] = []
        for value in try message.array("tool_calls", countMax: Self.toolCallsMax) ?? [] {
            calls.append(try Self.toolCall(message.object(value)))
        }
        toolCalls = calls
        let usage = TokenUsage(in: object)
        inputTokens = usage?.promptTokens ?? 0
        outputTokens = usage?.completionTokens ?? 0
        let members = try object.object("usage")
        cost = members?.raw("cost").map { Array($0) }
        receipt = members?.raw("receipt").map { Array($0) }
    }

    private static func toolCall(_ call: JSONObject) throws(JSONRefusal) -> ToolCall {
        guard let function = try call.object("function"),
            let name = try function.value("name", .string)
        else { throw JSONRefusal(.wrongKind, offsetBytes: 0) }
        return ToolCall(
            id: try call.value("id", .string).map { Array(call.raw($0)) } ?? quoted("call_0"),
            name: Array(function.raw(name)),
            arguments: try function.string("arguments") ?? ""
        )
    }

    /// `text` as a JSON string.
    static func quoted(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        JSONWriter.append(quoted: text, to: &bytes)
        return bytes
    }

    /// Whether a quoted text has nothing between its quotes.
    static func isEmpty(_ quoted: [UInt8]) -> Bool { quoted.count <= 2 }
}

extension JSONWriter {
    /// Writes a member whose value is JSON already, and was checked.
    mutating func member(_ key: String, raw value: [UInt8]) {
        self.key(key)
        raw(value)
    }

    /// Writes what a market knows of an answer's price, if it knows it.
    mutating func price(cost: [UInt8]?, receipt: [UInt8]?) {
        if let cost { member("cost", raw: cost) }
        if let receipt { member("receipt", raw: receipt) }
    }
}
