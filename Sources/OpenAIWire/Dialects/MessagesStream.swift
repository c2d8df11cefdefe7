/// A stream of chat chunks as the events of Anthropic's dialect.
///
/// ```
/// message_start (block_start block_delta* block_stop)* message_delta message_stop
/// ```
public struct MessagesStream: ChatStreamDialect {
    private enum Block: Equatable {
        case none, text
        case tool(UInt64)
    }

    private let model: String
    private let requestID: String
    private var hasStarted = false
    private var open = Block.none
    private var openCall: [UInt8]?
    private var hasTools = false
    private var blocks: UInt64 = 0
    private var finishReason: String?

    /// Starts before the first chunk.
    public init(model: String, requestID: String) {
        self.model = model
        self.requestID = requestID
    }

    public mutating func events(_ chunk: [UInt8]) -> [UInt8] {
        guard let delta = try? ChatDelta(chunk) else { return [] }
        var output = start(delta.id)
        if let text = delta.text {
            if open != .text {
                output += startBlock(.text) { writer in
                    writer.member("type", "text")
                    writer.member("text", "")
                }
            }
            output += blockDelta { writer in
                writer.member("type", "text_delta")
                writer.member("text", raw: text)
            }
        }
        for piece in delta.tools { output += tool(piece) }
        finishReason = delta.finishReason ?? finishReason
        return output
    }

    private mutating func tool(_ piece: ChatDelta.ToolPiece) -> [UInt8] {
        var output: [UInt8] = []
        if open != .tool(piece.index) || piece.begins(after: openCall) {
            openCall = piece.id
            hasTools = true
            output += startBlock(.tool(piece.index)) { writer in
                writer.member("type", "tool_use")
                writer.member("id", raw: piece.id ?? ChatAnswer.quoted("call_\(piece.index)"))
                writer.member("name", raw: piece.name ?? ChatAnswer.quoted(""))
                writer.member("input", raw: Array("{}".utf8))
            }
        }
        if let arguments = piece.arguments, !ChatAnswer.isEmpty(arguments) {
            output += blockDelta { writer in
                writer.member("type", "input_json_delta")
                writer.member("partial_json", raw: arguments)
            }
        }
        return output
    }

    public mutating func end(usage: [UInt8]?) -> [UInt8] {
        let usage = StreamUsage(usage)
        let reason = MessagesAnswer.stopReason(finishReason, hasTools: hasTools)
        var output = start("") + stopBlock()
        output += event("message_delta") { writer in
            writer.key("delta")
            writer.object { writer in
                writer.member("stop_reason", reason)
                writer.member("stop_sequence", nil as String?)
            }
            writer.key("usage")
            writer.object { writer in
                writer.member("input_tokens", usage.inputTokens)
                writer.member("output_tokens", usage.outputTokens)
                writer.price(cost: usage.cost, receipt: usage.receipt)
            }
        }
        return output + event("message_stop") { _ in }
    }

    public mutating func failure(_ failure: APIFailure) -> [UInt8] {
        EventStreamWriter.event(
            name: "error",
            data: MessagesAnswer.error(failure, requestID: requestID)
        )
    }

    private mutating func start(_ id: String) -> [UInt8] {
        guard !hasStarted else { return [] }
        hasStarted = true
        return event("message_start") { writer in
            writer.key("message")
            writer.object { writer in
                writer.member("id", "msg_" + (id.isEmpty ? requestID : id))
                writer.member("type", "message")
                writer.member("role", "assistant")
                writer.member("model", model)
                writer.member("content", list: [])
                writer.member("stop_reason", nil as String?)
                writer.member("stop_sequence", nil as String?)
                writer.key("usage")
                writer.object { writer in
                    writer.member("input_tokens", 0)
                    writer.member("output_tokens", 0)
                }
            }
        }
    }

    private mutating func startBlock(
        _ block: Block,
        _ content: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        let output = stopBlock()
        open = block
        return output
            + event("content_block_start") { writer in
                writer.member("index", blocks)
                writer.key("content_block")
                writer.object(content)
            }
    }

    private mutating func stopBlock() -> [UInt8] {
        guard open != .none else { return [] }
        open = .none
        defer { blocks += 1 }
        return event("content_block_stop") { $0.member("index", blocks) }
    }

    private func blockDelta(_ delta: (inout JSONWriter) -> Void) -> [UInt8] {
        event("content_block_delta") { writer in
            writer.member("index", blocks)
            writer.key("delta")
            writer.object(delta)
        }
    }

    private func event(_ name: String, _ body: (inout JSONWriter) -> Void) -> [UInt8] {
        EventStreamWriter.event(
            name: name,
            data: JSONWriter.text { writer in
                writer.member("type", name)
                body(&writer)
            }
        )
    }
}
