import OpenAIWire
import Testing

private let documents = [
    #"{"model":"m","messages":[{"role":"user","content":"hé\n\"\uD83D\uDE00\" 😀"}],"#
        + #""stream":true,"stream_options":{"include_usage":true},"temperature":0.2,"#
        + #""max_tokens":16,"stop":["a"]}"#,
    #"{"model":"m","input":["a","b"],"encoding_format":"base64","dimensions":3}"#,
    #"{"id":"c","choices":[{"index":0,"delta":{"content":"x","tool_calls":[]},"#
        + #""finish_reason":"stop"}],"usage":{"prompt_tokens":3,"#
        + #""completion_tokens":4,"details":{"x":null}}}"#,
    #"{"object":"list","data":[{"index":0,"embedding":[0.5,-1e-3,2]},{"embedding":"AAAAAA=="}],"#
        + #""usage":{"prompt_tokens":3}}"#,
].map { utf8($0) }

@Suite("Hostile bytes")
struct HostileBytesTests {
    @Test("refuses every prefix of a document", arguments: documents)
    func prefixes(_ document: [UInt8]) {
        for length in 0..<document.count {
            let prefix = Array(document[..<length])
            #expect(throws: JSONRefusal.self) { try JSONObject(prefix) }
            #expect(throws: JSONRefusal.self) { try JSONKind.checking(prefix) }
            #expect(throws: RequestRefusal.self) { try ChatRequest(prefix) }
            #expect(throws: JSONRefusal.self) { try ChatStreamItem(prefix) }
        }
        #expect(throws: Never.self) { try JSONObject(document) }
    }

    @Test("survives mutated bodies, and whatever it accepts is still JSON after editing")
    func mutations() throws {
        var random = SplitMix64(seed: 0x5EED)
        var acceptedCount = 0
        for round in 0..<4_000 {
            let original = documents[round % documents.count]
            let body = mutated(original, &random)
            if try editsCleanly(body) { acceptedCount += 1 }
            var parser = EventStreamParser(eventBytesMax: 300)
            _ = try? parser.feed(EventStreamWriter.event(data: body))
            _ = Base64.decode(body)
        }
        #expect(acceptedCount > 400, "only \(acceptedCount) accepted")
    }

    /// Runs everything that reads a body; returns whether any of it was accepted.
    private func editsCleanly(_ body: [UInt8]) throws -> Bool {
        var isAccepted = false
        if let request = try? ChatRequest(body) {
            isAccepted = true
            let upstream = request.upstreamBody(model: "up\"é", outputTokensMax: 7)
            let again = try ChatRequest(upstream)
            #expect(again.model == "up\"é" && again.outputTokensMax == 7)
        }
        if let request = try? EmbeddingsRequest(body) {
            isAccepted = true
            #expect(try EmbeddingsRequest(request.upstreamBody(model: "e")).encoding == .float)
        }
        if let converted = try? EmbeddingsResponse.base64Body(body, vectorsMax: 8) {
            isAccepted = true
            #expect(try EmbeddingsResponse.base64Body(converted, vectorsMax: 8) == converted)
        }
        _ = try? ChatChunk(body)
        if let priced = try? TokenUsage.adding(cost: .max, receipt: "r", to: body) {
            isAccepted = true
            let usage = try #require(try JSONObject(priced).object("usage"))
            #expect(usage.raw("cost").map { text($0) } == "\(UInt128.max)")
            #expect(try JSONKind.checking(body) == .object)
        }
        return isAccepted
    }

    /// One to three random changes of the kinds that break parsers.
    private func mutated(_ original: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var body = original
        let structural =
            utf8("{}[]\",:\\u0e-. \n\tntf") + [0x00, 0x1F, 0x7F, 0x80, 0xC3, 0xED, 0xF0]
        for _ in 0..<Int.random(in: 1...3, using: &random) where !body.isEmpty {
            let index = Int.random(in: 0..<body.count, using: &random)
            let end = min(body.count, index + Int.random(in: 1...8, using: &random))
            let other = Int.random(in: 0...body.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: body[index] = UInt8.random(in: 0...255, using: &random)
            case 1: body[index] = structural.randomElement(using: &random) ?? 0
            case 2: body.removeSubrange(index..<end)
            case 3: body.insert(contentsOf: body[index..<end], at: other)
            case 4: body.insert(structural.randomElement(using: &random) ?? 0, at: index)
            default: body[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
        }
        return body
    }
}
