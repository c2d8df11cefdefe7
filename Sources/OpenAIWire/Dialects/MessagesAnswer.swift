/// Answers in Anthropic's dialect, made of a chat completion.
public enum MessagesAnswer {
    /// The body of an answer that was not streamed.
    ///
    /// - Parameter model: the name that the client asked for.
    /// - Throws: ``JSONRefusal`` if the chat completion is none.
    public static func body(
        _ chatCompletion: [UInt8],
        model: String
    ) throws(JSONRefusal) -> [UInt8] {
        let answer = try ChatAnswer(chatCompletion)
        return JSONWriter.text { writer in
            writer.member("id", "msg_" + answer.id)
            writer.member("type", "message")
            writer.member("role", "assistant")
            writer.member("model", model)
            writer.member("content", list: blocks(answer))
            writer.member("stop_reason", stopReason(answer))
            writer.member("stop_sequence", nil as String?)
            writer.key("usage")
            writer.object { writer in
                writer.member("input_tokens", answer.inputTokens)
                writer.member("output_tokens", answer.outputTokens)
                writer.price(cost: answer.cost, receipt: answer.receipt)
            }
        }
    }

    private static func blocks(_ answer: ChatAnswer) -> [[UInt8]] {
        var blocks: [[UInt8]] = []
        if let text = answer.text, !ChatAnswer.isEmpty(text) {
            blocks.append(
                JSONWriter.text { writer in
                    writer.member("type", "text")
                    writer.member("text", raw: text)
                }
            )
        }
        for call in answer.toolCalls {
            blocks.append(
                JSONWriter.text { writer in
                    writer.member("type", "tool_use")
                    writer.member("id", raw: call.id)
                    writer.member("name", raw: call.name)
                    writer.member("input", raw: input(call.arguments))
                }
            )
        }
        return blocks
    }

    /// What a tool is given, as an object; a model's broken JSON is passed on as a text.
    private static func input(_ arguments: String) -> [UInt8] {
        let bytes = Array(arguments.utf8)
        // A tool without parameters may be called without any.
        if bytes.isEmpty { return Array("{}".utf8) }
        if (try? JSONKind.checking(bytes)) == .object { return bytes }
        return JSONWriter.text { $0.member("malformed_arguments", arguments) }
    }

    private static func stopReason(_ answer: ChatAnswer) -> String {
        stopReason(answer.finishReason, hasTools: !answer.toolCalls.isEmpty)
    }

    /// The reason in Anthropic's words.
    ///
    /// Servers that were told which function to call say `stop` beside the call; an agent that
    /// waits for `tool_use` would end there.
    static func stopReason(_ finishReason: String?, hasTools: Bool) -> String {
        switch finishReason {
        case "stop" where hasTools, nil where hasTools: "tool_use"
        case "length": "max_tokens"
        case "tool_calls", "function_call": "tool_use"
        case "content_filter": "refusal"
        default: "end_turn"
        }
    }

    /// The body of an error.
    public static func error(_ failure: APIFailure, requestID: String) -> [UInt8] {
        let type =
            switch failure.kind {
            case .invalidRequest, .unsupportedMedia: "invalid_request_error"
            case .authentication: "authentication_error"
            case .permission: "permission_error"
            case .insufficientFunds: "billing_error"
            case .modelNotFound, .notFound: "not_found_error"
            case .tooLarge: "request_too_large"
            case .rateLimited: "rate_limit_error"
            case .overloaded: "overloaded_error"
            case .timeout: "timeout_error"
            case .upstreamFailed, .internalFault, .receiptMissing: "api_error"
            }
        return JSONWriter.text { writer in
            writer.member("type", "error")
            writer.key("error")
            writer.object { writer in
                writer.member("type", type)
                writer.member("message", failure.message)
            }
            writer.member("request_id", requestID)
        }
    }
}
