import Foundation
import OpenAIWire
import Testing

/// What agents depend on when a chat's server speaks less exactly than OpenAI's.
@Suite("Agents in other dialects (DOOR-1, DOOR-2)")
struct AgentDialectTests {
    private func chunk(_ delta: String, finish: String = "null") -> [UInt8] {
        utf8(
            #"{"id":"c","choices":[{"index":0,"delta":\#(delta),"finish_reason":\#(finish)}]}"#
        )
    }

    private func call(_ index: String, _ id: String, _ arguments: String) -> [UInt8] {
        let function = #""function":{"name":"f","arguments":"\#(arguments)"}"#
        return chunk(#"{"tool_calls":[{\#(index)\#(id)\#(function)}]}"#)
    }

    @Test(
        "a tool is used whatever the server gives as the reason",
        arguments: [#""stop""#, "null", #""tool_calls""#]
    )
    func forcedTool(_ reason: String) throws {
        let body = utf8(
            #"{"id":"c","choices":[{"message":{"content":null,"tool_calls":[{"id":"t","#
                + #""function":{"name":"now","arguments":""}}]},"finish_reason":\#(reason)}]}"#
        )
        let answer = text(try MessagesAnswer.body(body, model: "m"))
        #expect(answer.contains(#""stop_reason":"tool_use""#))
        // A tool without parameters is called with none.
        #expect(answer.contains(#""input":{}"#))
        var stream = MessagesStream(model: "m", requestID: "r")
        _ = stream.events(call(#""index":0,"#, #""id":"t","#, ""))
        _ = stream.events(chunk("{}", finish: reason))
        #expect(text(stream.end(usage: nil)).contains(#""stop_reason":"tool_use""#))
    }

    @Test("an answer that was cut off is cut off, with a tool or without")
    func cut() {
        var stream = MessagesStream(model: "m", requestID: "r")
        _ = stream.events(call(#""index":0,"#, #""id":"t","#, "{"))
        _ = stream.events(chunk("{}", finish: #""length""#))
        #expect(text(stream.end(usage: nil)).contains(#""stop_reason":"max_tokens""#))
    }

    @Test(
        "calls of different names are different calls, though the server numbers them alike",
        arguments: [#""index":0,"#, ""]
    )
    func sameIndex(_ index: String) throws {
        let chunks = [
            call(index, #""id":"a","#, "{}"), call(index, #""id":"b","#, "{"),
            // Further pieces have no name, an empty one, or the same.
            call(index, "", "1"), call(index, #""id":"","#, "2"), call(index, #""id":"b","#, "}"),
        ]
        var messages = MessagesStream(model: "m", requestID: "r")
        let events = text(chunks.flatMap { messages.events($0) })
        #expect(events.components(separatedBy: "content_block_start\"").count == 3)
        let request = try ResponsesRequest(utf8(#"{"model":"m","input":"hi"}"#))
        var responses = ResponsesStream(request: request, requestID: "r", createdSeconds: 0)
        _ = chunks.map { responses.events($0) }
        let end = text(responses.end(usage: nil))
        #expect(end.contains(#""arguments":"{}""#))
        #expect(end.contains(#""arguments":"{12}""#))
    }

    @Test(
        "DOOR-1: a tool that failed is said to have failed",
        arguments: [
            (#""boom""#, #""content":"The tool failed: boom""#),
            (#"[{"type":"text","text":"boom"}]"#, #"{"type":"text","text":"The tool failed: "},"#),
            ("[]", #"[{"type":"text","text":"The tool failed: "}]"#),
            ("null", #""content":"The tool failed: ""#),
        ]
    )
    func failedTool(_ content: String, _ expected: String) throws {
        func chat(_ isError: Bool) throws -> String {
            let body = """
                {"model":"m","max_tokens":9,"messages":[{"role":"user","content":[
                {"type":"tool_result","tool_use_id":"t","is_error":\(isError),\
                "content":\(content)}]}]}
                """
            return text(try MessagesRequest(utf8(body)).chatBody)
        }
        #expect(try chat(true).contains(expected))
        #expect(try !chat(false).contains("failed"))
    }

    @Test("a long answer in many pieces is not copied for each of them", .timeLimit(.minutes(1)))
    func manyPieces() throws {
        let request = try ResponsesRequest(utf8(#"{"model":"m","input":"hi"}"#))
        var stream = ResponsesStream(request: request, requestID: "r", createdSeconds: 0)
        let piece = chunk(#"{"content":"\#(String(repeating: "x", count: 40))"}"#)
        for _ in 0..<60_000 { _ = stream.events(piece) }
        #expect(stream.end(usage: nil).count > 60_000 * 40)
    }
}

@Suite("What a chat may not bring to a model server")
struct ForbiddenMembersTests {
    private func chat(_ part: String) -> [UInt8] {
        utf8(#"{"model":"m","messages":[{"role":"user","content":[\#(part)]}]}"#)
    }

    @Test(
        "FILE-8: a file's name is found however it is spelt, and wherever it stands",
        arguments: [
            #"{"type":"file","file":{"file_id":"file-abc"}}"#,
            #"{"type":"file","file":{"file\u005fid":"file-abc"}}"#,
            #"{"type":"other","x":[{"y":{"file_id":"file-abc"}}]}"#,
        ] + [String(repeating: "{},", count: 2000) + #"{"file":{"file_id":"file-abc"}}"#]
    )
    func fileNames(_ part: String) {
        #expect(throws: RequestRefusal.self) {
            try FileReferences.checkNone(inChat: chat(part))
        }
    }

    @Test("FILE-8: a text about file_id is a text, and a tool may have such a parameter")
    func harmless() throws {
        try FileReferences.checkNone(
            inChat: utf8(
                #"{"model":"m","messages":[{"role":"user","content":"\"file_id\" \u005f"}],"#
                    + #""tools":[{"function":{"parameters":{"properties":{"file_id":{}}}}}]}"#
            )
        )
    }

    @Test(
        "a link is told from the thing itself",
        arguments: [
            (#"{"type":"image_url","image_url":{"url":"https://x/y.png"}}"#, "image_url"),
            (#"{"type":"image_url","image_url":"http://10.0.0.1/"}"#, "image_url"),
            (#"{"type":"image_url","image\u005furl":{"url":"file:///etc"}}"#, "image_url"),
            (#"{"type":"video_url","video_url":{"u\u0072l":"https://x"}}"#, "video_url"),
            (#"{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}}"#, nil),
            (#"{"type":"image_url","image_url":"\u0064ata:image/png;base64,AA"}"#, nil),
            (#"{"type":"text","text":"see https://x/y.png image_url"}"#, nil),
        ] as [(String, String?)]
    )
    func links(_ part: String, _ expected: String?) throws {
        #expect(try ChatRequest(chat(part)).firstLink == expected)
    }

    @Test("what an upstream charges extra for is refused by name")
    func extras() {
        for name in ["plugins", "provider", "service_tier", "web_search_options"] {
            #expect {
                try ChatRequest(
                    utf8(
                        #"{"model":"m","messages":[{"role":"user","content":"x"}],"\#(name)":{}}"#
                    )
                )
            } throws: {
                ($0 as? RequestRefusal)?.param == name
            }
        }
    }
}
