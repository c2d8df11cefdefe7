import OpenAIWire
import Testing

private let streams: [(stream: String, data: [String])] = [
    ("data: a\n\ndata: b\n\n", ["a", "b"]),
    ("data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]),
    ("data: a\r\rdata: b\r\r", ["a", "b"]),
    ("data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n", ["a\nb", "c"]),
    ("data: a\r\n\rdata: b\n\r\n", ["a", "b"]),
    ("\u{FEFF}data: a\n\n", ["a"]),
    ("\u{FEFF}\u{FEFF}data: a\n\ndata: b\n\n", ["b"]),
    (": keepalive\n\ndata: a\n: inside\ndata: b\n\n", ["a\nb"]),
    ("data:a\ndata:  b\ndata\ndata:\n\n", ["a\n b\n\n"]),
    ("data\n\n", [""]),
    ("data\ndata\n\ndata:\n", ["\n"]),
    ("event: x\nid: 1\nretry: 5\nunknown: y\nnocolon\n\ndata: a\n\n", ["a"]),
    ("datax: a\n data: b\nDATA: c\n\n", []),
    ("data: héé😀: x\n\n\n\ndata: [DONE]\n\ndata: lost", ["héé😀: x", "[DONE]"]),
]

@Suite("Event stream")
struct EventStreamTests {
    @Test("refuses an event or a line beyond the limit, for good")
    func limit() throws {
        var parser = EventStreamParser(eventBytesMax: 10)
        #expect(try parser.feed(utf8("data: 1234\n\n")).count == 1)
        #expect(throws: EventStreamError.eventTooLong(bytesMax: 10)) {
            try parser.feed(utf8("data: 12345\n\n"))
        }
        #expect(throws: EventStreamError.self) { try parser.feed(utf8("data: 1\n\n")) }

        var lines = EventStreamParser(eventBytesMax: 10)
        #expect(throws: EventStreamError.self) {
            for _ in 0..<6 { _ = try lines.feed(utf8("data: 1\n")) }
        }
        var endless = EventStreamParser(eventBytesMax: 10)
        #expect(throws: EventStreamError.self) {
            for _ in 0..<11 { _ = try endless.feed(utf8(":")) }
        }
    }

    @Test("gives the same events however the bytes are split", arguments: streams)
    func splits(_ stream: String, _ data: [String]) throws {
        let bytes = utf8(stream)
        for first in 0...bytes.count {
            for second in [first, min(first + 1, bytes.count), (first + bytes.count) / 2] {
                var parser = EventStreamParser(eventBytesMax: 100)
                var events = try parser.feed(bytes[..<first])
                events += try parser.feed(bytes[first..<second])
                events += try parser.feed(bytes[second...])
                #expect(events.map { text($0.data) } == data)
            }
        }
        var parser = EventStreamParser(eventBytesMax: 100)
        var events: [ServerSentEvent] = []
        for byte in bytes { events += try parser.feed([byte]) }
        #expect(events.map { text($0.data) } == data)
    }

    @Test("reads names and identifiers, and forgets the name after its event")
    func fields() throws {
        var parser = EventStreamParser(eventBytesMax: 100)
        let events = try parser.feed(
            utf8("event: error\nid: 7\ndata: a\n\nid: 8\u{0}\ndata: b\n\nevent\nid\ndata: c\n\n")
        )
        #expect(
            events == [
                ServerSentEvent(name: "error", data: utf8("a"), lastID: "7"),
                ServerSentEvent(data: utf8("b"), lastID: "7"),
                ServerSentEvent(data: utf8("c")),
            ]
        )
    }

    @Test("knows whether a stream was cut inside an event")
    func cut() throws {
        var parser = EventStreamParser(eventBytesMax: 100)
        #expect(!parser.isInsideEvent)
        _ = try parser.feed(utf8("da"))
        #expect(parser.isInsideEvent)
        _ = try parser.feed(utf8("ta: a\r"))
        #expect(parser.isInsideEvent)
        #expect(try parser.feed(utf8("\n\r")).count == 1)
        #expect(!parser.isInsideEvent)
        #expect(try parser.feed(utf8("\n")).isEmpty)
        #expect(!parser.isInsideEvent)
    }

    @Test("writes events that nothing in their data or name can break out of")
    func writes() throws {
        #expect(text(EventStreamWriter.done) == "data: [DONE]\n\n")
        #expect(text(EventStreamWriter.event(data: utf8("a"))) == "data: a\n\n")
        #expect(text(EventStreamWriter.comment("keepalive")) == ": keepalive\n\n")
        #expect(text(EventStreamWriter.comment("a\ndata: b")) == ": a\n: data: b\n\n")
        #expect(
            text(EventStreamWriter.event(name: "x\ndata: y", data: utf8("a")))
                == "event: xdata: y\ndata: a\n\n"
        )
        for (data, lines) in [
            ("", ""), (" a", " a"), ("a\nb", "a\nb"), ("a\r\nb", "a\nb"), ("a\rb", "a\nb"),
            ("\n", "\n"), ("\n\r", "\n\n"), ("a\n\ndata: b", "a\n\ndata: b"), ("é\r", "é\n"),
        ] {
            var parser = EventStreamParser(eventBytesMax: 100)
            let events = try parser.feed(EventStreamWriter.event(name: "n", data: utf8(data)))
            #expect(events == [ServerSentEvent(name: "n", data: utf8(lines))])
        }
    }
}

@Suite("Chat chunk")
struct ChatChunkTests {
    @Test(
        "refuses data that is no chunk",
        arguments: [
            "", "[done]", "[DONE] ", "[]", #"{"choices":{}}"#, #"{"choices":[1]}"#,
            #"{"choices":[{"delta":[]}]}"#, #"{"choices":[{"delta":{"a":1,"a":1}}]}"#,
            #"{"choices":[{"finish_reason":1}]}"#,
        ]
    )
    func refuses(_ data: String) {
        #expect(throws: JSONRefusal.self) { try ChatStreamItem(utf8(data)) }
    }

    @Test(
        "finds no output in chunks that carry none",
        arguments: [
            "{}", #"{"choices":[]}"#, #"{"choices":[{}]}"#, #"{"choices":[{"delta":null}]}"#,
            #"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#,
            #"{"choices":[{"delta":{"content":null,"tool_calls":[ ]}}]}"#,
        ]
    )
    func noContent(_ data: String) throws {
        #expect(try !ChatChunk(utf8(data)).hasContent)
    }

    @Test(
        "finds output in any choice and of any kind",
        arguments: [
            #"{"choices":[{"delta":{"content":" "}}]}"#,
            #"{"choices":[{"delta":{}},{"delta":{"content":"a"}}]}"#,
            #"{"choices":[{"delta":{"reasoning_content":"a"}}]}"#,
            #"{"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}"#,
            #"{"choices":[{"message":{"role":"assistant","content":"a"}}]}"#,
        ]
    )
    func content(_ data: String) throws {
        #expect(try ChatChunk(utf8(data)).hasContent)
    }

    @Test("reads the end of a choice, the usage, an error and the end of the stream")
    func ends() throws {
        let last = try ChatChunk(utf8(#"{"choices":[{"delta":{},"finish_reason":"length"}]}"#))
        #expect(last.finishReason == "length")
        #expect(last.usage == nil)
        let usage = try ChatChunk(utf8(#"{"choices":[],"usage":{"completion_tokens":2}}"#))
        #expect(usage.usage == TokenUsage(promptTokens: nil, completionTokens: 2))
        #expect(usage.choiceCount == 0)
        #expect(try ChatChunk(utf8(#"{"error":{"message":"x"}}"#)).isError)
        #expect(try !ChatChunk(utf8(#"{"error":null,"choices":[]}"#)).isError)
        guard case .done = try ChatStreamItem(utf8("[DONE]")) else {
            Issue.record("[DONE] must end the stream")
            return
        }
    }
}
