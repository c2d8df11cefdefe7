import OpenAIWire
import Testing

@Suite("Requests for images and audio")
struct MediaRequestTests {
    @Test(
        "CALL-20, CALL-21: requests for images that would not hold are refused by name",
        arguments: [
            (#"{"prompt":"p"}"#, "model"), (#"{"model":"m"}"#, "prompt"),
            (#"{"model":"m","prompt":""}"#, "prompt"), (#"{"model":"m","prompt":1}"#, "prompt"),
            (#"{"model":"m","prompt":"p","n":0}"#, "n"),
            (#"{"model":"m","prompt":"p","n":11}"#, "n"),
            (#"{"model":"m","prompt":"p","n":-1}"#, "n"),
            (#"{"model":"m","prompt":"p","n":1.5}"#, "n"),
            (#"{"model":"m","prompt":"p","N":2}"#, "n"),
            (#"{"model":"m","prompt":"p","Model":"x"}"#, "model"),
            (#"{"model":"m","prompt":"p","batch_size":2}"#, "batch_size"),
            (#"{"model":"m","prompt":"p","Num_Images":2}"#, "num_images"),
            (#"{"model":"m","prompt":"p","stream":true}"#, "stream"),
            (#"{"model":"m","prompt":"p","models":["x"]}"#, "models"),
        ]
    )
    func images(_ body: String, _ param: String) {
        do throws(RequestRefusal) {
            _ = try ImagesRequest(utf8(body))
            Issue.record("it was accepted")
        } catch {
            #expect(error.param == param)
        }
    }

    @Test("images are as many as are asked for, else one")
    func imageCount() throws {
        #expect(try ImagesRequest(utf8(#"{"model":"m","prompt":"p"}"#)).count == 1)
        let request = try ImagesRequest(utf8(#"{"model":"m","prompt":"p","n":10,"size":"8x8"}"#))
        #expect(request.count == 10)
        #expect(
            text(request.upstreamBody(model: "inner"))
                == #"{"model":"inner","prompt":"p","n":10,"size":"8x8"}"#
        )
    }

    @Test(
        "CALL-21: images of an answer are counted, and what is no such answer has none",
        arguments: [
            (#"{"data":[{"url":"u"},{"b64_json":"x"}]}"#, 2), (#"{"data":[]}"#, 0),
            (#"{"data":{}}"#, nil), (#"{"data":[1]}"#, nil), ("[]", nil), ("", nil),
            (#"{"data":[{},{},{},{},{},{},{},{},{},{},{}]}"#, nil),
        ] as [(String, UInt64?)]
    )
    func answers(_ body: String, _ count: UInt64?) {
        #expect(ImagesRequest.count(inAnswer: utf8(body)) == count)
    }

    @Test(
        "CALL-20: requests for speech that would not hold are refused by name",
        arguments: [
            (#"{"input":"p"}"#, "model"), (#"{"model":"m"}"#, "input"),
            (#"{"model":"m","input":""}"#, "input"), (#"{"model":"m","input":["a"]}"#, "input"),
            (#"{"model":"m","input":"p","stream_format":"sse"}"#, "stream_format"),
            (#"{"model":"m","input":"p","stream_format":1}"#, "stream_format"),
            (#"{"model":"m","input":"p","stream":true}"#, "stream"),
            (#"{"model":"m","input":"p","Stream":true}"#, "stream"),
        ]
    )
    func speech(_ body: String, _ param: String) {
        do throws(RequestRefusal) {
            _ = try SpeechRequest(utf8(body))
            Issue.record("it was accepted")
        } catch {
            #expect(error.param == param)
        }
    }

    @Test("speech passes with its voice")
    func voice() throws {
        let body = #"{"model":"m","input":"p","voice":{"id":"v"},"stream_format":"audio"}"#
        let request = try SpeechRequest(utf8(body))
        #expect(request.model == "m")
        #expect(text(request.upstreamBody(model: "x")).contains(#""voice":{"id":"v"}"#))
    }

    @Test(
        "CALL-20: only what no browser runs keeps its type",
        arguments: [
            ("audio/mpeg", "audio/mpeg"), ("Audio/WAV; rate=1", "audio/wav"),
            ("audio/x-wav", "audio/x-wav"), ("application/octet-stream", PlainMediaType.bytes),
            ("text/html", nil), ("audio/", nil), ("audio/a b", "audio/a"), ("audio/a/b", nil),
            ("audio/\u{0}", nil), ("application/json", nil), ("", nil),
            ("audio/" + String(repeating: "a", count: 65), nil),
        ] as [(String, String?)]
    )
    func types(_ type: String, _ plain: String?) {
        #expect(PlainMediaType.audio(type) == plain)
    }

    private func form(_ parts: [(head: String, content: String)]) -> [UInt8] {
        utf8(
            parts.map { "--b\r\ncontent-disposition: form-data; \($0.head)\r\n\r\n\($0.content)" }
                .joined(separator: "\r\n") + "\r\n--b--\r\n"
        )
    }

    private let model = (head: "name=model", content: "m")
    private let file = (head: #"name="file"; filename="a.wav""#, content: "RIFF")

    @Test("CALL-22: forms that would not hold are refused by name")
    func transcriptions() {
        let wrong: [([(head: String, content: String)], String)] = [
            ([file], "model"), ([model], "file"), ([model, ("name=file", "x")], "file"),
            ([model, (#"name=file; filename="a""#, "")], "file"),
            ([model, file, file], "file"), ([model, model, file], "model"),
            ([model, file, ("name=other; filename=x", "x")], "other"),
            ([model, file, ("name=Model", "x")], "model"),
            ([("name=model", ""), file], "model"), ([("name=model", "a\u{7}"), file], "model"),
            ([model, file, ("name=stream", "true")], "stream"),
            ([model, file, ("name=stream", "False")], "stream"),
            ([model, file, ("name=response_format", "html")], "response_format"),
            ([model, file, ("name=\"provider[sort]\"", "price")], "provider"),
            ([model, file, ("name=api_base", "http://x")], "api_base"),
        ]
        for (parts, param) in wrong {
            do throws(RequestRefusal) {
                _ = try TranscriptionRequest(form(parts))
                Issue.record("it was accepted: \(param)")
            } catch {
                #expect(error.param == param, "\(error)")
            }
        }
        #expect(throws: RequestRefusal.self) { try TranscriptionRequest(utf8("{}")) }
    }

    @Test("CALL-22: lists may come again, and the format says what comes back")
    func formats() throws {
        let list = (head: #"name="timestamp_granularities[]""#, content: "word")
        let request = try TranscriptionRequest(form([model, list, list, file]))
        #expect(request.answer == .json && request.model == "m")
        let known: [(String, TranscriptionRequest.Answer)] = [
            ("srt", .text), ("verbose_json", .json),
        ]
        for (format, answer) in known {
            let parts = [model, file, ("name=response_format", format), ("name=stream", "false")]
            #expect(try TranscriptionRequest(form(parts)).answer == answer)
        }
        let upstream = try TranscriptionRequest(request.upstreamBody(model: "inner"))
        #expect(upstream.model == "inner")
        #expect(upstream.form.all("timestamp_granularities[]").count == 2)
    }
}
