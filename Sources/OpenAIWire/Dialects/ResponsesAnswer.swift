/// Answers in the dialect of `POST /v1/responses`, made of a chat completion.
public enum ResponsesAnswer {
    /// The body of an answer that was not streamed.
    ///
    /// - Throws: ``JSONRefusal`` if the chat completion is none.
    public static func body(
        _ chatCompletion: [UInt8],
        to request: ResponsesRequest
    ) throws(JSONRefusal) -> [UInt8] {
        let answer = try ChatAnswer(chatCompletion)
        var output: [[UInt8]] = []
        if let text = answer.text, !ChatAnswer.isEmpty(text) {
            output.append(message(id: "msg_" + answer.id, text: text))
        }
        for (place, call) in answer.toolCalls.enumerated() {
            output.append(
                self.call(
                    id: "fc_\(answer.id)_\(place)",
                    callID: call.id,
                    name: call.name,
                    arguments: ChatAnswer.quoted(call.arguments)
                )
            )
        }
        let usage = usageText(
            answer.inputTokens,
            answer.outputTokens,
            cost: answer.cost,
            receipt: answer.receipt
        )
        return document(
            id: "resp_" + answer.id,
            createdSeconds: answer.createdSeconds,
            request: request,
            finishReason: answer.finishReason ?? "stop",
            output: output,
            usage: usage
        )
    }

    /// A response as a whole; without a finish reason it is in progress.
    static func document(
        id: String,
        createdSeconds: UInt64,
        request: ResponsesRequest,
        finishReason: String?,
        output: [[UInt8]],
        usage: [UInt8]?
    ) -> [UInt8] {
        let isCut = finishReason == "length" || finishReason == "content_filter"
        return JSONWriter.text { writer in
            writer.member("id", id)
            writer.member("object", "response")
            writer.member("created_at", createdSeconds)
            writer.member(
                "status",
                finishReason == nil ? "in_progress" : isCut ? "incomplete" : "completed"
            )
            writer.member("error", nil as String?)
            writer.key("incomplete_details")
            if isCut {
                let reason = finishReason == "length" ? "max_output_tokens" : "content_filter"
                writer.object { $0.member("reason", reason) }
            } else {
                writer.null()
            }
            writer.member("model", request.model)
            writer.member("output", list: output)
            writer.member("store", false)
            writer.member("previous_response_id", nil as String?)
            for (name, value) in defaults
            where !request.echoed.contains(where: { $0.name == name }) {
                writer.member(name, raw: Array(value.utf8))
            }
            for (name, value) in request.echoed { writer.member(name, raw: value) }
            writer.member("usage", raw: usage ?? Array("null".utf8))
        }
    }

    private static let defaults = [
        ("instructions", "null"), ("max_output_tokens", "null"), ("temperature", "null"),
        ("top_p", "null"), ("tool_choice", #""auto""#), ("tools", "[]"),
        ("text", #"{"format":{"type":"text"}}"#), ("metadata", "{}"), ("user", "null"),
        ("parallel_tool_calls", "true"), ("truncation", #""disabled""#),
    ]

    static func usageText(
        _ input: UInt64,
        _ output: UInt64,
        cost: [UInt8]?,
        receipt: [UInt8]?
    ) -> [UInt8] {
        JSONWriter.text { writer in
            writer.member("input_tokens", input)
            writer.key("input_tokens_details")
            writer.object { $0.member("cached_tokens", 0) }
            writer.member("output_tokens", output)
            writer.key("output_tokens_details")
            writer.object { $0.member("reasoning_tokens", 0) }
            writer.member("total_tokens", input &+ output)
            writer.price(cost: cost, receipt: receipt)
        }
    }

    /// A message that is complete, or one that has no text yet.
    static func message(id: String, text: [UInt8]?) -> [UInt8] {
        JSONWriter.text { writer in
            writer.member("type", "message")
            writer.member("id", id)
            writer.member("status", text == nil ? "in_progress" : "completed")
            writer.member("role", "assistant")
            writer.member("content", list: text.map { [part($0)] } ?? [])
        }
    }

    static func part(_ text: [UInt8]) -> [UInt8] {
        JSONWriter.text { writer in
            writer.member("type", "output_text")
            writer.member("text", raw: text)
            writer.member("annotations", list: [])
        }
    }

    static func call(
        id: String,
        callID: [UInt8],
        name: [UInt8],
        arguments: [UInt8],
        isComplete: Bool = true
    ) -> [UInt8] {
        JSONWriter.text { writer in
            writer.member("type", "function_call")
            writer.member("id", id)
            writer.member("call_id", raw: callID)
            writer.member("name", raw: name)
            writer.member("arguments", raw: arguments)
            writer.member("status", isComplete ? "completed" : "in_progress")
        }
    }
}
