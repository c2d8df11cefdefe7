/// A stream of chat chunks as the events of `POST /v1/responses`.
///
/// ```
/// created in_progress (item.added (part.added delta* done part.done) item.done)* completed
/// ```
public struct ResponsesStream: ChatStreamDialect {
    private enum Item {
        case none
        /// A message, and its text so far without quotes around it, escapes as they came.
        case message(text: [UInt8])
        case call(index: UInt64, callID: [UInt8], name: [UInt8], arguments: [UInt8])
    }

    private let request: ResponsesRequest
    private let id: String
    private let createdSeconds: UInt64
    private var sequence: UInt64 = 0
    private var hasStarted = false
    private var open = Item.none
    private var done: [[UInt8]] = []
    private var finishReason: String?

    /// Starts before the first chunk.
    public init(request: ResponsesRequest, requestID: String, createdSeconds: UInt64) {
        self.request = request
        self.createdSeconds = createdSeconds
        id = requestID
    }

    public mutating func events(_ chunk: [UInt8]) -> [UInt8] {
        guard let delta = try? ChatDelta(chunk) else { return [] }
        var output = start()
        if let text = delta.text { output += self.text(text) }
        for piece in delta.tools { output += tool(piece) }
        finishReason = delta.finishReason ?? finishReason
        return output
    }

    public mutating func end(usage: [UInt8]?) -> [UInt8] {
        var output = start() + closeItem()
        let usage = StreamUsage(usage)
        let document = ResponsesAnswer.document(
            id: "resp_" + id,
            createdSeconds: createdSeconds,
            request: request,
            finishReason: finishReason ?? "stop",
            output: done,
            usage: ResponsesAnswer.usageText(
                usage.inputTokens,
                usage.outputTokens,
                cost: usage.cost,
                receipt: usage.receipt
            )
        )
        let isCut = finishReason == "length" || finishReason == "content_filter"
        output += event(isCut ? "response.incomplete" : "response.completed") {
            $0.member("response", raw: document)
        }
        return output
    }

    public mutating func failure(_ failure: APIFailure) -> [UInt8] {
        event("error") { writer in
            writer.member("code", failure.kind.name)
            writer.member("message", failure.message)
            writer.member("param", nil as String?)
        }
    }

    private mutating func start() -> [UInt8] {
        guard !hasStarted else { return [] }
        hasStarted = true
        let document = ResponsesAnswer.document(
            id: "resp_" + id,
            createdSeconds: createdSeconds,
            request: request,
            finishReason: nil,
            output: [],
            usage: nil
        )
        return event("response.created") { $0.member("response", raw: document) }
            + event("response.in_progress") { $0.member("response", raw: document) }
    }

    private mutating func text(_ quoted: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        if case .message = open {
        } else {
            output += closeItem()
            open = .message(text: [])
            let item = ResponsesAnswer.message(id: itemID, text: nil)
            output += itemEvent("response.output_item.added", item)
            output += partEvent("response.content_part.added", Array(#""""#.utf8))
        }
        guard case .message(var text) = open else { return output }
        // Held once, so that it grows in place and is not copied for each piece.
        open = .none
        text += quoted.dropFirst().dropLast()
        open = .message(text: text)
        let item = itemID
        let place = done.count
        return output
            + event("response.output_text.delta") { writer in
                writer.member("item_id", item)
                writer.member("output_index", place)
                writer.member("content_index", 0)
                writer.member("delta", raw: quoted)
                writer.member("logprobs", list: [])
            }
    }

    private mutating func tool(_ piece: ChatDelta.ToolPiece) -> [UInt8] {
        var output: [UInt8] = []
        if case .call(piece.index, let openCall, _, _) = open, !piece.begins(after: openCall) {
        } else {
            output += closeItem()
            let callID = piece.id ?? ChatAnswer.quoted("call_\(piece.index)")
            let name = piece.name ?? ChatAnswer.quoted("")
            open = .call(index: piece.index, callID: callID, name: name, arguments: [])
            let item = ResponsesAnswer.call(
                id: itemID,
                callID: callID,
                name: name,
                arguments: ChatAnswer.quoted(""),
                isComplete: false
            )
            output += itemEvent("response.output_item.added", item)
        }
        guard let more = piece.arguments, !ChatAnswer.isEmpty(more),
            case .call(let index, let callID, let name, var arguments) = open
        else { return output }
        open = .none
        arguments += more.dropFirst().dropLast()
        open = .call(index: index, callID: callID, name: name, arguments: arguments)
        let item = itemID
        let place = done.count
        return output
            + event("response.function_call_arguments.delta") { writer in
                writer.member("item_id", item)
                writer.member("output_index", place)
                writer.member("delta", raw: more)
            }
    }

    private var itemID: String {
        switch open {
        case .none, .message: "msg_\(id)_\(done.count)"
        case .call: "fc_\(id)_\(done.count)"
        }
    }

    private mutating func closeItem() -> [UInt8] {
        let item = itemID
        let place = done.count
        switch open {
        case .none: return []
        case .message(let text):
            let quoted = Self.quotes(text)
            var output = event("response.output_text.done") { writer in
                writer.member("item_id", item)
                writer.member("output_index", place)
                writer.member("content_index", 0)
                writer.member("text", raw: quoted)
                writer.member("logprobs", list: [])
            }
            output += partEvent("response.content_part.done", quoted)
            let whole = ResponsesAnswer.message(id: item, text: quoted)
            output += itemEvent("response.output_item.done", whole)
            done.append(whole)
            open = .none
            return output
        case .call(_, let callID, let name, let arguments):
            let quoted = Self.quotes(arguments)
            var output = event("response.function_call_arguments.done") { writer in
                writer.member("item_id", item)
                writer.member("output_index", place)
                writer.member("name", raw: name)
                writer.member("arguments", raw: quoted)
            }
            let whole = ResponsesAnswer.call(
                id: item,
                callID: callID,
                name: name,
                arguments: quoted
            )
            output += itemEvent("response.output_item.done", whole)
            done.append(whole)
            open = .none
            return output
        }
    }

    private static func quotes(_ text: [UInt8]) -> [UInt8] {
        [UInt8(ascii: "\"")] + text + [UInt8(ascii: "\"")]
    }

    private mutating func itemEvent(_ name: String, _ item: [UInt8]) -> [UInt8] {
        let place = done.count
        return event(name) { writer in
            writer.member("output_index", place)
            writer.member("item", raw: item)
        }
    }

    private mutating func partEvent(_ name: String, _ text: [UInt8]) -> [UInt8] {
        let item = itemID
        let place = done.count
        return event(name) { writer in
            writer.member("item_id", item)
            writer.member("output_index", place)
            writer.member("content_index", 0)
            writer.member("part", raw: ResponsesAnswer.part(text))
        }
    }

    private mutating func event(
        _ name: String,
        _ body: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        defer { sequence += 1 }
        let number = sequence
        return EventStreamWriter.event(
            name: name,
            data: JSONWriter.text { writer in
                writer.member("type", name)
                writer.member("sequence_number", number)
                body(&writer)
            }
        )
    }
}
