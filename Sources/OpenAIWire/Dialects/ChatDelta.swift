/// What one chunk of a chat adds to its first choice; texts stay quoted as they came.
struct ChatDelta {
    /// A piece of a tool call.
    struct ToolPiece {
        /// Which of the answer's tool calls it belongs to.
        let index: UInt64
        /// The call's name, in its first piece.
        let id: [UInt8]?
        /// The tool's name, in its first piece.
        let name: [UInt8]?
        /// More of what the tool is given.
        let arguments: [UInt8]?

        /// Whether this is another call than the one that is open, though it has the same index:
        /// some servers number every call 0.
        func begins(after openCall: [UInt8]?) -> Bool {
            guard let id, !ChatAnswer.isEmpty(id), let openCall else { return false }
            return id != openCall
        }
    }

    let id: String
    let text: [UInt8]?
    let tools: [ToolPiece]
    let finishReason: String?

    init(_ data: [UInt8]) throws(JSONRefusal) {
        let object = try JSONObject(data)
        id = try object.string("id") ?? ""
        guard let first = try object.array("choices", countMax: ChatChunk.choicesMax)?.first else {
            text = nil
            tools = []
            finishReason = nil
            return
        }
        let choice = try object.object(first)
        finishReason = try choice.string("finish_reason")
        guard let delta = try choice.object("delta") else {
            text = nil
            tools = []
            return
        }
        let content = try delta.value("content", .string).map { Array(delta.raw($0)) }
        text = content.flatMap { ChatAnswer.isEmpty($0) ? nil : $0 }
        var pieces: [ToolPiece] = []
        for value in try delta.array("tool_calls", countMax: ChatAnswer.toolCallsMax) ?? [] {
            let call = try delta.object(value)
            let function = try call.object("function")
            func raw(_ object: JSONObject?, _ key: String) -> [UInt8]? {
                guard let object, let value = object[key], value.kind == .string else { return nil }
                return Array(object.raw(value))
            }
            pieces.append(
                ToolPiece(
                    index: (try? call.unsigned("index")) ?? 0,
                    id: raw(call, "id"),
                    name: raw(function, "name"),
                    arguments: raw(function, "arguments")
                )
            )
        }
        tools = pieces
    }
}

/// The usage that ends a stream, with what a market added to it.
struct StreamUsage {
    let inputTokens: UInt64
    let outputTokens: UInt64
    let cost: [UInt8]?
    let receipt: [UInt8]?

    /// Reads the last chunk; nothing is known without one.
    init(_ chunk: [UInt8]?) {
        let object = chunk.flatMap { try? JSONObject($0) }
        let usage = object.flatMap { TokenUsage(in: $0) }
        inputTokens = usage?.promptTokens ?? 0
        outputTokens = usage?.completionTokens ?? 0
        let members = object.flatMap { try? $0.object("usage") }
        cost = members?.raw("cost").map { Array($0) }
        receipt = members?.raw("receipt").map { Array($0) }
    }
}

/// Writes a stream of chat chunks in another dialect.
public protocol ChatStreamDialect: Sendable {
    /// What a chunk becomes; a chunk that cannot be read becomes nothing.
    mutating func events(_ chunk: [UInt8]) -> [UInt8]
    /// What ends a stream whose receipt was checked; `usage` is its last chunk.
    mutating func end(usage: [UInt8]?) -> [UInt8]
    /// What ends a stream that broke off.
    mutating func failure(_ failure: APIFailure) -> [UInt8]
}
