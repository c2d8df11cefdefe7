import MarketTypes
import OpenAIWire

extension FuzzTarget {
    /// Bodies of HTTP requests and answers; what is edited is still JSON.
    static let requestBodies = FuzzTarget(
        "request-bodies",
        mutantsInTests: 4000,
        seeds: { WireSamples.bodies.map { Array($0.utf8) } }
    ) { bytes in
        var isAccepted = try readObject(bytes)
        if let request = try? ChatRequest(bytes) {
            isAccepted = true
            let upstream = request.upstreamBody(model: "up\"é", outputTokensMax: 7)
            let again = try? ChatRequest(upstream)
            try require(again?.model == "up\"é", "a chat body that does not read back")
            try require(again?.outputTokensMax == 7, "a bound that is lost")
        }
        if let request = try? EmbeddingsRequest(bytes) {
            isAccepted = true
            let again = try? EmbeddingsRequest(request.upstreamBody(model: "e"))
            try require(again?.inputCount == request.inputCount, "an embeddings body")
        }
        if let converted = try? EmbeddingsResponse.base64Body(bytes, vectorsMax: 8) {
            isAccepted = true
            let again = try? EmbeddingsResponse.base64Body(converted, vectorsMax: 8)
            try require(again == converted, "vectors that change when they are converted twice")
        }
        if let item = try? ChatStreamItem(bytes), case .chunk = item { isAccepted = true }
        if let priced = try? TokenUsage.adding(cost: .max, receipt: "r", to: bytes) {
            isAccepted = true
            try require((try? JSONObject(priced)) != nil, "usage that is no JSON any more")
        }
        if let decoded = Base64.decode(bytes) {
            isAccepted = true
            try require(Base64.encode(decoded) == bytes, "two texts for the same bytes")
        }
        return isAccepted
    }

    /// Forms with a file: what is written anew reads as the same parts.
    static let forms = FuzzTarget(
        "forms",
        mutantsInTests: 4000,
        seeds: { WireSamples.forms.map { Array($0.utf8) } }
    ) { bytes in
        guard let form = try? MultipartForm(bytes) else { return false }
        try require(
            MultipartForm.contentType(of: bytes) == form.contentType,
            "a boundary that depends on the rest"
        )
        let again = try? MultipartForm(form.rewritten("model", to: "m2"))
        try require(again?.boundary == form.boundary, "a boundary that is lost")
        try require(again?.parts.map(\.name) == form.parts.map(\.name), "names that change")
        for (before, after) in zip(form.parts, again?.parts ?? []) {
            try require(before.filename == after.filename, "a file's name that changes")
            guard before.name != "model" || before.filename != nil else { continue }
            try require(
                again?.bytes[after.content].elementsEqual(form.bytes[before.content]) ?? false,
                "content that changes"
            )
        }
        if let request = try? TranscriptionRequest(bytes) {
            let upstream = try? TranscriptionRequest(request.upstreamBody(model: "m2"))
            try require(upstream?.model == "m2", "another model than was written")
        }
        return true
    }

    private static func readObject(_ bytes: [UInt8]) throws -> Bool {
        _ = try? JSONKind.checking(bytes)
        guard let object = try? JSONObject(bytes) else { return false }
        var editor = JSONObjectEditor(object)
        try require(editor.finish() == bytes, "an edit of nothing changes something")
        for member in object.members {
            let key = String(decoding: member.key, as: UTF8.self)
            _ = try? object.string(key)
            _ = try? object.unsigned(key)
            _ = try? object.object(key)
            _ = try? object.array(key, countMax: 16)
        }
        editor.set("a\"b", string: "\u{0}\u{1F600}")
        editor.remove("model")
        let edited = try? JSONObject(editor.finish())
        try require((try? edited?.string("a\"b")) == "\u{0}\u{1F600}", "an edit that is lost")
        try require(edited?["model"] == nil, "a member that was removed")
        return true
    }

    /// Server-sent events: however the network cut them, the same events come out.
    static let eventStreams = FuzzTarget(
        "event-streams",
        mutantsInTests: 4000,
        seeds: { WireSamples.streams.map { Array($0.utf8) } }
    ) { bytes in
        let whole = events(bytes, pieceBytes: bytes.count + 1)
        for pieceBytes in [1, 3, 64] {
            let torn = events(bytes, pieceBytes: pieceBytes)
            try require(torn.hasFailed == whole.hasFailed, "a limit that depends on the pieces")
            guard !whole.hasFailed else { continue }
            try require(torn.events == whole.events, "events depend on the pieces")
        }
        for event in whole.events {
            // A name's bytes that are no text were replaced, by three each.
            var parser = EventStreamParser(eventBytesMax: 3 * bytes.count + 16)
            guard !event.name.contains(where: \.isNewline) else { continue }
            let written = EventStreamWriter.event(name: event.name, data: event.data)
            let again = try? parser.feed(written)
            try require(again?.map(\.data) == [event.data], "an event that does not read back")
        }
        return !whole.events.isEmpty
    }

    private static func events(
        _ bytes: [UInt8],
        pieceBytes: Int
    ) -> (events: [ServerSentEvent], hasFailed: Bool) {
        var parser = EventStreamParser(eventBytesMax: 300)
        var events: [ServerSentEvent] = []
        var rest = bytes[...]
        do throws(EventStreamError) {
            while !rest.isEmpty {
                events += try parser.feed(rest.prefix(pieceBytes))
                rest = rest.dropFirst(pieceBytes)
            }
        } catch {
            return ([], true)
        }
        return (events, false)
    }
}

/// What clients and upstreams say.
private enum WireSamples {
    static let bodies = [
        #"{"model":"m","messages":[{"role":"user","content":"hé\n\"\uD83D\uDE00\" 😀"}],"#
            + #""stream":true,"stream_options":{"include_usage":true},"temperature":0.2,"#
            + #""max_tokens":16,"stop":["a"],"n":1,"seed":7,"top_p":1}"#,
        #"{"model":"m","input":["a","b"],"encoding_format":"base64","dimensions":3}"#,
        #"{"id":"c","choices":[{"index":0,"delta":{"content":"x","tool_calls":[]},"#
            + #""finish_reason":"stop"}],"usage":{"prompt_tokens":3,"#
            + #""completion_tokens":4,"details":{"x":null}}}"#,
        #"{"object":"list","data":[{"index":0,"embedding":[0.5,-1e-3,2]},"#
            + #"{"embedding":"AAAAAA=="}],"usage":{"prompt_tokens":3}}"#,
        #"{"error":{"message":"m","type":"t","code":null}}"#, "AAAAAA==", "{}", "[]",
        String(repeating: "[", count: 70), #"{"a":"# + String(repeating: "{\"a\":", count: 70),
    ]

    static let forms = [
        "--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nm\r\n"
            + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n"
            + "Content-Type: audio/wav\r\n\r\nRIFF\u{0}\r\n-\r\n--b--\r\n",
        "--a'()+_,-./:=?\r\ncontent-disposition:form-data;name=file;filename=x\r\n"
            + "content-length: 1\r\n\r\nx\r\n--a'()+_,-./:=?--",
    ]

    static let streams = [
        "data: {\"a\":1}\n\ndata: [DONE]\n\n",
        ": c\r\nevent: x\r\nid: 7\r\ndata: a\r\ndata: b\r\n\r\n",
        "\u{FEFF}data:a\rdata\r\rretry: 5\n\n", "id: a\u{0}b\ndata: \u{1F600}\n\n",
    ]
}
