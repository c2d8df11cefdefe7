import OpenAIWire
import Testing

@Suite("Token usage")
struct TokenUsageTests {
    @Test(
        "believes no count that is missing, negative, fractional or absurd",
        arguments: [
            "{}", #"{"prompt_tokens":null}"#, #"{"prompt_tokens":-1}"#, #"{"prompt_tokens":1.5}"#,
            #"{"prompt_tokens":"1"}"#, #"{"prompt_tokens":4294967297}"#, #"{"prompt_tokens":1e3}"#,
            #"{"prompt_tokens":99999999999999999999}"#,
        ]
    )
    func refusesCounts(_ usage: String) throws {
        let read = try #require(TokenUsage(in: try JSONObject(utf8("{\"usage\":\(usage)}"))))
        #expect(read == TokenUsage(promptTokens: nil, completionTokens: nil))
    }

    @Test(
        "finds no usage where there is no clean object",
        arguments: [
            "{}", #"{"usage":null}"#, #"{"usage":[]}"#, #"{"usage":"1"}"#,
            #"{"usage":{"prompt_tokens":1,"prompt_tokens":2}}"#,
        ]
    )
    func noUsage(_ document: String) throws {
        #expect(TokenUsage(in: try JSONObject(utf8(document))) == nil)
    }

    @Test("reads both counts, or the one there is")
    func reads() throws {
        let both = try JSONObject(
            utf8(#"{"usage":{"total_tokens":5,"prompt_tokens":0,"completion_tokens":4294967296}}"#)
        )
        #expect(TokenUsage(in: both) == TokenUsage(promptTokens: 0, completionTokens: 1 << 32))
        let one = try JSONObject(utf8(#"{"usage":{"prompt_tokens":3}}"#))
        #expect(TokenUsage(in: one) == TokenUsage(promptTokens: 3, completionTokens: nil))
    }

    @Test("adds no cost to a body it does not understand", arguments: ["[]", "{", #"{"usage":5}"#])
    func refusesBodies(_ document: String) {
        #expect(throws: JSONRefusal.self) {
            try TokenUsage.adding(cost: 1, receipt: "r", to: utf8(document))
        }
    }

    @Test(
        "adds the cost as an integer of full width and leaves all other bytes alone",
        arguments: [
            (#"{"a" : 1.0}"#, #"{"a" : 1.0,"usage":{"cost":9007199254740993,"receipt":"r\"1"}}"#),
            (#"{"usage":null }"#, #"{"usage":{"cost":9007199254740993,"receipt":"r\"1"} }"#),
            (
                #"{"usage": { "x" : 1 }, "b":[ ]}"#,
                #"{"usage": { "x" : 1,"cost":9007199254740993,"receipt":"r\"1" }, "b":[ ]}"#
            ),
            (
                #"{"usage":{"cost":0.25,"receipt":"x"}}"#,
                #"{"usage":{"cost":9007199254740993,"receipt":"r\"1"}}"#
            ),
        ]
    )
    func addsCost(_ document: String, _ expected: String) throws {
        let body = try TokenUsage.adding(
            cost: 9_007_199_254_740_993,
            receipt: "r\"1",
            to: utf8(document)
        )
        #expect(text(body) == expected)
    }
}
