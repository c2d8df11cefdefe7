import OpenAIWire
import Testing

@Suite("Other dialects: what is refused")
struct DialectRefusalTests {
    private static let message = #""messages":[{"role":"user","content":"Hi"}]"#

    @Test(
        "a message that is not understood whole is refused, and names what",
        arguments: [
            (#"{"max_tokens":8,\#(message)}"#, "model"),
            (#"{"model":"m",\#(message)}"#, "max_tokens"),
            (#"{"model":"m","max_tokens":8}"#, "messages"),
            (#"{"model":"m","max_tokens":8,"messages":[]}"#, "messages"),
            (#"{"model":"m","max_tokens":8,"thinking":{},\#(message)}"#, "thinking"),
            (
                #"{"model":"m","max_tokens":8,"messages":[{"role":"system","content":"x"}]}"#,
                "messages.0.role"
            ),
            (
                #"{"model":"m","max_tokens":8,"messages":[{"role":"user","content":[{"type":"#
                    + #""document"}]}]}"#,
                "messages.0.content.0.type"
            ),
            (
                #"{"model":"m","max_tokens":8,"messages":[{"role":"user","content":[{"type":"#
                    + #""tool_use","id":"a","name":"b","input":{}}]}]}"#,
                "messages.0.content.0.type"
            ),
            (
                #"{"model":"m","max_tokens":8,"tools":[{"type":"web_search","name":"x","#
                    + #""input_schema":{}}],\#(message)}"#,
                "tools.0.type"
            ),
            (
                #"{"model":"m","max_tokens":8,"tool_choice":{"type":"x"},\#(message)}"#,
                "tool_choice.type"
            ),
            (#"{"model":"m","max_tokens":"8",\#(message)}"#, "max_tokens"),
        ]
    )
    func messages(body: String, param: String) {
        #expect {
            try MessagesRequest(Array(body.utf8))
        } throws: { error in
            (error as? RequestRefusal)?.param == param
        }
    }

    @Test(
        "so is a response",
        arguments: [
            (#"{"input":"Hi"}"#, "model"),
            (#"{"model":"m"}"#, "input"),
            (#"{"model":"m","input":[]}"#, "input"),
            (
                #"{"model":"m","input":"Hi","previous_response_id":"resp_1"}"#,
                "previous_response_id"
            ),
            (#"{"model":"m","input":"Hi","background":true}"#, "background"),
            (#"{"model":"m","input":"Hi","truncation":"auto"}"#, "truncation"),
            (#"{"model":"m","input":"Hi","tools":[{"type":"web_search"}]}"#, "tools.0.type"),
            (#"{"model":"m","input":"Hi","tool_choice":"any"}"#, "tool_choice"),
            (#"{"model":"m","input":[{"type":"reasoning"}]}"#, "input.0.type"),
            (#"{"model":"m","input":[{"role":"tool","content":"x"}]}"#, "input.0.role"),
            (
                #"{"model":"m","input":[{"role":"user","content":[{"type":"input_audio"}]}]}"#,
                "input.0.content.0.type"
            ),
            (#"{"model":"m","input":"Hi","text":{"format":{"type":"xml"}}}"#, "text.format.type"),
        ]
    )
    func responses(body: String, param: String) {
        #expect {
            try ResponsesRequest(Array(body.utf8))
        } throws: { error in
            (error as? RequestRefusal)?.param == param
        }
    }

    @Test("what is no JSON, or says something twice, is refused")
    func malformed() {
        for body in ["", "[]", #"{"model":"m","model":"n"}"#, "{"] {
            #expect(throws: RequestRefusal.self) { try MessagesRequest(Array(body.utf8)) }
            #expect(throws: RequestRefusal.self) { try ResponsesRequest(Array(body.utf8)) }
        }
    }
}
