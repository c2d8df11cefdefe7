import OpenAIWire
import Testing

private func body(_ members: String) -> [UInt8] {
    utf8(#"{"model":"m","messages":[{"role":"user","content":"hi"}]"# + members + "}")
}

@Suite("Chat request")
struct ChatRequestTests {
    @Test(
        "CALL-8: a prompt's text is its strings of content and text, and nothing else",
        arguments: [
            (#"{"role":"user","content":"hello"}"#, 5),
            (#"{"role":"user","content":"h\u0441\n"},{"role":"tool","content":"ab"}"#, 6),
            (#"{"role":"user","content":[{"type":"text","text":"hello"}]}"#, 5),
            (#"{"content":[{"type":"image_url","image_url":{"url":"data:xxxx"}}]}"#, 0),
            (#"{"content":[{"input_audio":{"data":"xxxx"}},{"text":"a"}],"name":"n"}"#, 1),
            (#"{"content":null,"tool_calls":[{"function":{"arguments":"{}"}}]}"#, 0),
            (#"{"content":""}"#, 0), (#"7"#, 0), (#"[[{"text":"deep"}]]"#, 4),
        ]
    )
    func promptText(_ messages: String, _ bytes: Int) throws {
        let request = try ChatRequest(utf8(#"{"model":"m","messages":["# + messages + "]}"))
        #expect(request.promptTextBytes == bytes)
    }

    @Test(
        "refuses and names the parameter at fault",
        arguments: [
            (#","stream":1"#, "stream", 4), (#","stream":"true""#, "stream", 4),
            (#","stream":true,"stream_options":[]"#, "stream_options", 4),
            (
                #","stream":true,"stream_options":{"include_usage":1}"#,
                "stream_options.include_usage", 4
            ),
            (#","stream_options":{"include_usage":true}"#, "stream_options", 6),
            (#","n":2"#, "n", 5), (#","n":0"#, "n", 5), (#","n":1.0"#, "n", 4),
            (#","max_tokens":0"#, "max_tokens", 5), (#","max_tokens":-1"#, "max_tokens", 4),
            (#","max_tokens":1e9"#, "max_tokens", 4), (#","max_tokens":"9""#, "max_tokens", 4),
            (#","max_completion_tokens":0"#, "max_completion_tokens", 5),
            (#","max_completion_tokens":5,"max_tokens":0"#, "max_tokens", 5),
            (#","temperature":"hot""#, "temperature", 4), (#","seed":true"#, "seed", 4),
            (#","stop":5"#, "stop", 4),
            (#","temperature":0."# + String(repeating: "1", count: 63), "temperature", 5),
            (#","n_predict":100000"#, "n_predict", 6), (#","models":["x"]"#, "models", 6),
            (#","best_of":4"#, "best_of", 6), (#","api_base":"http://x""#, "api_base", 6),
            (#","Max_Tokens":100000"#, "max_tokens", 2), (#","MODEL":"x""#, "model", 2),
            (#","max_to\u212aens":1"#, "max_tokens", 2), (#","\u017ftream":true"#, "stream", 2),
            (#","N_Predict":1"#, "n_predict", 2),
        ] as [(String, String, UInt32)]
    )
    func refuses(_ members: String, _ param: String, _ code: UInt32) {
        #expect {
            try ChatRequest(body(members))
        } throws: { error in
            let refusal = error as? RequestRefusal
            return refusal?.param == param && refusal?.code == code
        }
    }

    @Test(
        "refuses bodies without a usable model or messages",
        arguments: [
            (#"{"messages":[{}]}"#, "model"), (#"{"model":null,"messages":[{}]}"#, "model"),
            (#"{"model":"","messages":[{}]}"#, "model"), (#"{"model":1,"messages":[{}]}"#, "model"),
            (#"{"model":"a\u0000b","messages":[{}]}"#, "model"), (#"{"model":"m"}"#, "messages"),
            (#"{"model":"m","messages":"hi"}"#, "messages"),
            (#"{"model":"m","messages":[ ]}"#, "messages"),
            (#"{"model":"\#(String(repeating: "m", count: 257))","messages":[{}]}"#, "model"),
        ]
    )
    func refusesIncomplete(_ document: String, _ param: String) {
        #expect {
            try ChatRequest(utf8(document))
        } throws: {
            ($0 as? RequestRefusal)?.param == param
        }
    }

    @Test("refuses a body with the same parameter twice and says where")
    func refusesDuplicates() {
        #expect(throws: RequestRefusal.malformed(JSONRefusal(.duplicateKey, offsetBytes: 57))) {
            try ChatRequest(body(#","model":"cheap""#))
        }
    }

    @Test("reads a plain request with the defaults of the dialect")
    func defaults() throws {
        let request = try ChatRequest(body(#","stream":null,"stream_options":null,"n":null"#))
        #expect(request.model == "m")
        #expect(!request.isStreaming)
        #expect(!request.wantsUsage)
        #expect(request.choiceCount == 1)
        #expect(request.outputTokensMax == nil)
        #expect(request.parameters.isEmpty)
    }

    @Test("reads streaming, bounds and sampling parameters sorted and byte for byte")
    func reads() throws {
        let request = try ChatRequest(
            body(
                #","top_p":0.90,"temperature": 2E-1 ,"max_tokens":10,"max_completion_tokens":20,"#
                    + #""stream":true,"stream_options":{"include_usage":true},"n":3,"seed":-7,"#
                    + #""stop":["\n", "é"],"min_p":null,"chatId":"x","user":"u""#
            ),
            choiceCountMax: 4
        )
        #expect(request.isStreaming)
        #expect(request.wantsUsage)
        #expect(request.choiceCount == 3)
        #expect(request.outputTokensMax == 20)
        #expect(
            request.parameters.map { "\($0.name)=\($0.value)" } == [
                "max_completion_tokens=20", "max_tokens=10", "seed=-7", #"stop=["\n", "é"]"#,
                "temperature=2E-1", "top_p=0.90",
            ]
        )
    }

    @Test("leaves out a stop text that is too long to list, and keeps it in the body")
    func longStop() throws {
        let stop = String(repeating: "s", count: 63)
        let request = try ChatRequest(body(#","stop":"\#(stop)","top_k":4"#))
        #expect(request.parameters.map(\.name) == ["top_k"])
        #expect(text(request.upstreamBody(model: "u", outputTokensMax: 1)).contains(stop))
    }

    @Test("maps the model, sets the bound under one name and leaves the rest alone")
    func upstreamBody() throws {
        let request = try ChatRequest(
            utf8(#"{ "messages":[ {"a":1} ], "max_completion_tokens":9 , "model" : "m","x":1.0}"#)
        )
        #expect(
            text(request.upstreamBody(model: "up", outputTokensMax: 5))
                == #"{ "messages":[ {"a":1} ] , "model" : "up","x":1.0,"max_tokens":5}"#
        )
        #expect(
            text(
                request.upstreamBody(
                    model: "up",
                    outputTokensMax: 5,
                    boundName: .maxCompletionTokens
                )
            )
                == #"{ "messages":[ {"a":1} ], "max_completion_tokens":5 , "model" : "up","x":1.0}"#
        )
    }

    @Test("asks the upstream for usage on every stream, whatever the client asked")
    func upstreamUsage() throws {
        for options in ["", #","stream_options":{"include_usage":false,"Include_Usage":false}"#] {
            let request = try ChatRequest(body(#","stream":true"# + options))
            #expect(!request.wantsUsage)
            let upstream = try JSONObject(request.upstreamBody(model: "m", outputTokensMax: 5))
            #expect(upstream.raw("stream_options").map { text($0) } == #"{"include_usage":true}"#)
        }
        let plain = try ChatRequest(body("")).upstreamBody(model: "m", outputTokensMax: 5)
        #expect(try JSONObject(plain)["stream_options"] == nil)
    }

    @Test("turns a refusal into an answer with status 400 that names the parameter")
    func failure() throws {
        let failure = RequestRefusal.outOfRange(param: "n", rule: "at most 1").failure
        #expect(failure.kind.status == 400)
        #expect(
            text(failure.body)
                == #"{"error":{"message":"'n' must be at most 1.","type":"invalid_request_error","#
                + #""param":"n","code":"invalid_request","money_moved":false,"stoa_code":5}}"#
        )
        #expect(RequestRefusal.malformed(JSONRefusal(.truncated, offsetBytes: 3)).param == nil)
    }
}
