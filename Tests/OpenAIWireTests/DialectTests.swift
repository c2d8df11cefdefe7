import Foundation
import OpenAIWire
import Testing

/// JSON as Foundation reads it: an implementation that is not ours.
private func parsed(_ bytes: [UInt8]) throws -> NSDictionary {
    try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? NSDictionary)
}

private func parsed(_ text: String) throws -> NSDictionary { try parsed(Array(text.utf8)) }

/// The events of a stream: name and data.
private func events(_ bytes: [UInt8]) throws -> [(name: String, data: NSDictionary)] {
    try String(decoding: bytes, as: UTF8.self).components(separatedBy: "\n\n").filter {
        !$0.isEmpty
    }
    .map { block in
        let lines = block.components(separatedBy: "\n")
        let name = try #require(lines.first { $0.hasPrefix("event: ") }).dropFirst(7)
        let data = try #require(lines.first { $0.hasPrefix("data: ") }).dropFirst(6)
        return (String(name), try parsed(String(data)))
    }
}

private func chunk(_ delta: String, finish: String = "null") -> [UInt8] {
    Array(
        #"{"id":"c1","choices":[{"index":0,"delta":\#(delta),"finish_reason":\#(finish)}]}"#.utf8
    )
}

private let usage = Array(
    (#"{"id":"c1","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"cost":30,"#
        + #""receipt":"ab"}}"#).utf8
)

private let answer = Array(
    (#"{"id":"c1","created":7,"choices":[{"message":{"content":"Hé \"there\"","tool_calls":"#
        + #"[{"id":"t1","type":"function","function":{"name":"now","arguments":"{\"zone\":1}"}}]},"#
        + #""finish_reason":"tool_calls"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"#
        + #""cost":30,"receipt":"ab"}}"#).utf8
)

@Suite("Anthropic's dialect")
struct MessagesDialectTests {
    @Test("a request becomes the chat it asks for")
    func request() throws {
        let body = """
            {"model":"m","max_tokens":64,"system":[{"type":"text","text":"Be brief.",
            "cache_control":{"type":"ephemeral"}}],"stop_sequences":["END"],"temperature":0.5,
            "metadata":{"user_id":"u"},"stream":true,"tool_choice":{"type":"any"},
            "tools":[{"name":"now","description":"d","input_schema":{"type":"object"}}],
            "messages":[{"role":"user","content":"Hi \\u00e9"},
            {"role":"assistant","content":[{"type":"text","text":"ok"},
            {"type":"tool_use","id":"t1","name":"now","input":{"zone":1}}]},
            {"role":"user","content":[{"type":"text","text":"and?"},
            {"type":"tool_result","tool_use_id":"t1","content":"noon"},
            {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}]}]}
            """
        let request = try MessagesRequest(Array(body.utf8))
        #expect(request.model == "m")
        #expect(request.isStreaming)
        let expected = try parsed(
            """
            {"model":"m","max_tokens":64,"stop":["END"],"temperature":0.5,"user":"u","stream":true,
            "stream_options":{"include_usage":true},"tool_choice":"required",
            "tools":[{"type":"function","function":{"name":"now","description":"d",
            "parameters":{"type":"object"}}}],
            "messages":[{"role":"system","content":[{"type":"text","text":"Be brief."}]},
            {"role":"user","content":"Hi é"},
            {"role":"assistant","content":[{"type":"text","text":"ok"}],"tool_calls":[{"id":"t1",
            "type":"function","function":{"name":"now","arguments":"{\\"zone\\":1}"}}]},
            {"role":"tool","tool_call_id":"t1","content":"noon"},
            {"role":"user","content":[{"type":"text","text":"and?"},{"type":"image_url",
            "image_url":{"url":"data:image/png;base64,AA=="}}]}]}
            """
        )
        #expect(try parsed(request.chatBody) == expected)
        #expect(try ChatRequest(request.chatBody).outputTokensMax == 64)
    }

    @Test("an answer keeps text, tools, usage and price")
    func whole() throws {
        let expected = try parsed(
            """
            {"id":"msg_c1","type":"message","role":"assistant","model":"m",
            "content":[{"type":"text","text":"Hé \\"there\\""},
            {"type":"tool_use","id":"t1","name":"now","input":{"zone":1}}],
            "stop_reason":"tool_use","stop_sequence":null,
            "usage":{"input_tokens":9,"output_tokens":2,"cost":30,"receipt":"ab"}}
            """
        )
        #expect(try parsed(MessagesAnswer.body(answer, model: "m")) == expected)
    }

    @Test("a stream has one block after another, each started and stopped once")
    func stream() throws {
        var stream = MessagesStream(model: "m", requestID: "r")
        var bytes = stream.events(chunk(#"{"role":"assistant","content":""}"#))
        bytes += stream.events(chunk(#"{"content":"Hé"}"#))
        bytes += stream.events(chunk(#"{"content":" you"}"#))
        let call =
            #"{"tool_calls":[{"index":0,"id":"t1","function":{"name":"now","arguments":""}}]}"#
        bytes += stream.events(chunk(call))
        let more = #"{"tool_calls":[{"index":0,"function":{"arguments":"{\"zone\":1}"}}]}"#
        bytes += stream.events(chunk(more))
        bytes += stream.events(chunk("{}", finish: #""tool_calls""#))
        bytes += stream.end(usage: usage)
        let found = try events(bytes)
        #expect(
            found.map(\.name) == [
                "message_start", "content_block_start", "content_block_delta",
                "content_block_delta", "content_block_stop", "content_block_start",
                "content_block_delta", "content_block_stop", "message_delta", "message_stop",
            ]
        )
        #expect(found.allSatisfy { $0.data["type"] as? String == $0.name })
        #expect(found[5].data["index"] as? Int == 1)
        #expect(
            (found[6].data["delta"] as? NSDictionary)?["partial_json"] as? String == #"{"zone":1}"#
        )
        let last = try #require(found[8].data["usage"] as? NSDictionary)
        #expect(last["cost"] as? Int == 30)
        #expect((found[8].data["delta"] as? NSDictionary)?["stop_reason"] as? String == "tool_use")
    }

    @Test("a stream that breaks off ends with an error of the dialect")
    func failure() throws {
        var stream = MessagesStream(model: "m", requestID: "r")
        let found = try events(stream.failure(APIFailure(.upstreamFailed, message: "gone")))
        #expect(found.map(\.name) == ["error"])
        #expect((found[0].data["error"] as? NSDictionary)?["type"] as? String == "api_error")
    }
}

@Suite("OpenAI's responses")
struct ResponsesDialectTests {
    @Test("a request becomes the chat it asks for")
    func request() throws {
        let body = """
            {"model":"m","instructions":"Be brief.","max_output_tokens":64,"store":false,
            "text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"}}},
            "tools":[{"type":"function","name":"now","parameters":{"type":"object"}}],
            "input":[{"role":"developer","content":"d"},
            {"type":"message","role":"user","content":[{"type":"input_text","text":"Hi"},
            {"type":"input_image","image_url":"https://x/y.png"}]},
            {"type":"function_call","call_id":"t1","name":"now","arguments":"{}"},
            {"type":"function_call_output","call_id":"t1","output":"noon"}]}
            """
        let request = try ResponsesRequest(Array(body.utf8))
        let expected = try parsed(
            """
            {"model":"m","max_tokens":64,"response_format":{"type":"json_schema","json_schema":
            {"name":"n","schema":{"type":"object"}}},
            "tools":[{"type":"function","function":{"name":"now","parameters":{"type":"object"}}}],
            "messages":[{"role":"system","content":"Be brief."},{"role":"system","content":"d"},
            {"role":"user","content":[{"type":"text","text":"Hi"},
            {"type":"image_url","image_url":{"url":"https://x/y.png"}}]},
            {"role":"assistant","content":null,"tool_calls":[{"id":"t1","type":"function",
            "function":{"name":"now","arguments":"{}"}}]},
            {"role":"tool","tool_call_id":"t1","content":"noon"}]}
            """
        )
        #expect(try parsed(request.chatBody) == expected)
        #expect(!request.isStreaming)
    }

    @Test("an answer keeps text, tools, usage and price")
    func whole() throws {
        let request = try ResponsesRequest(Array(#"{"model":"m","input":"Hi","top_p":0.5}"#.utf8))
        let found = try parsed(ResponsesAnswer.body(answer, to: request))
        #expect(found["status"] as? String == "completed")
        #expect(found["top_p"] as? Double == 0.5)
        #expect(found["store"] as? Bool == false)
        let output = try #require(found["output"] as? [NSDictionary])
        #expect(output.map { $0["type"] as? String } == ["message", "function_call"])
        #expect(output[1]["arguments"] as? String == #"{"zone":1}"#)
        let usage = try #require(found["usage"] as? NSDictionary)
        #expect(usage["total_tokens"] as? Int == 11)
        #expect(usage["cost"] as? Int == 30)
    }

    @Test("an answer that was cut says so")
    func cut() throws {
        let request = try ResponsesRequest(Array(#"{"model":"m","input":"Hi"}"#.utf8))
        let body = #"{"id":"c","choices":[{"message":{"content":"x"},"finish_reason":"length"}]}"#
        let found = try parsed(ResponsesAnswer.body(Array(body.utf8), to: request))
        #expect(found["status"] as? String == "incomplete")
        let details = found["incomplete_details"] as? NSDictionary
        #expect(details?["reason"] as? String == "max_output_tokens")
    }

    @Test("a stream numbers its events, and its end holds what its deltas said")
    func stream() throws {
        let request = try ResponsesRequest(Array(#"{"model":"m","input":"Hi"}"#.utf8))
        var stream = ResponsesStream(request: request, requestID: "r", createdSeconds: 7)
        var bytes = stream.events(chunk(#"{"content":"Hé"}"#))
        bytes += stream.events(chunk(#"{"content":" \"you\""}"#, finish: #""stop""#))
        bytes += stream.end(usage: usage)
        let found = try events(bytes)
        #expect(
            found.map(\.name) == [
                "response.created", "response.in_progress", "response.output_item.added",
                "response.content_part.added", "response.output_text.delta",
                "response.output_text.delta", "response.output_text.done",
                "response.content_part.done", "response.output_item.done", "response.completed",
            ]
        )
        #expect(found.map { $0.data["sequence_number"] as? Int } == Array(0..<found.count))
        #expect(found[6].data["text"] as? String == #"Hé "you""#)
        let end = try #require(found.last?.data["response"] as? NSDictionary)
        let output = try #require(end["output"] as? [NSDictionary])
        let content = try #require(output.first?["content"] as? [NSDictionary])
        #expect(content.first?["text"] as? String == #"Hé "you""#)
        #expect((end["usage"] as? NSDictionary)?["receipt"] as? String == "ab")
    }

    @Test("broken chunks change nothing")
    func broken() throws {
        let request = try ResponsesRequest(Array(#"{"model":"m","input":"Hi"}"#.utf8))
        var stream = ResponsesStream(request: request, requestID: "r", createdSeconds: 7)
        #expect(stream.events(Array("[DONE]".utf8)).isEmpty)
        #expect(stream.events(Array(#"{"choices":3}"#.utf8)).isEmpty)
    }
}
