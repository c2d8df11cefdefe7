import OpenAIWire
import Testing

@Suite("Embeddings")
struct EmbeddingsTests {
    @Test(
        "refuses requests it does not understand and names the parameter",
        arguments: [
            (#"{"input":"a"}"#, "model"), (#"{"model":"m"}"#, "input"),
            (#"{"model":"m","input":[]}"#, "input"), (#"{"model":"m","input":{}}"#, "input"),
            (#"{"model":"m","input":null}"#, "input"),
            (#"{"model":"m","input":"a","encoding_format":"int8"}"#, "encoding_format"),
            (#"{"model":"m","input":"a","encoding_format":1}"#, "encoding_format"),
            (#"{"model":"m","input":"a","dimensions":0}"#, "dimensions"),
            (#"{"model":"m","input":"a","Encoding_Format":"float"}"#, "encoding_format"),
            (
                #"{"model":"m","input":["# + String(repeating: "\"a\",", count: 2_048) + #""a"]}"#,
                "input"
            ),
        ]
    )
    func refuses(_ document: String, _ param: String) {
        #expect {
            try EmbeddingsRequest(utf8(document))
        } throws: {
            ($0 as? RequestRefusal)?.param == param
        }
    }

    @Test(
        "counts texts and lists of tokens as inputs",
        arguments: [
            (#""a""#, 1), (#"["a","b"]"#, 2), ("[1,2,3]", 1), ("[ [1,2],[3] ]", 2),
            ("[" + String(repeating: "1,", count: 5_000) + "1]", 1),
        ]
    )
    func counts(_ input: String, _ count: Int) throws {
        let request = try EmbeddingsRequest(utf8(#"{"model":"m","input":\#(input)}"#))
        #expect(request.inputCount == count)
        #expect(request.encoding == .float)
    }

    @Test("asks the upstream for floats under its own model name")
    func upstreamBody() throws {
        let request = try EmbeddingsRequest(
            utf8(#"{"input": "a","model":"m","encoding_format":"base64","dimensions":8}"#)
        )
        #expect(request.encoding == .base64)
        #expect(request.dimensions == 8)
        #expect(
            text(request.upstreamBody(model: "up"))
                == #"{"input": "a","model":"up","encoding_format":"float","dimensions":8}"#
        )
        let plain = try EmbeddingsRequest(utf8(#"{"model":"m","input":"a"}"#))
        #expect(
            text(plain.upstreamBody(model: "m"))
                == #"{"model":"m","input":"a","encoding_format":"float"}"#
        )
    }

    @Test(
        "refuses responses that are not vectors",
        arguments: [
            "{}", #"{"data":{}}"#, #"{"data":[1]}"#, #"{"data":[{}]}"#,
            #"{"data":[{"embedding":null}]}"#, #"{"data":[{"embedding":["1"]}]}"#,
            #"{"data":[{"embedding":[[1]]}]}"#, #"{"data":[{"embedding":[1e39]}]}"#,
            #"{"data":[{"embedding":[-1e999]}]}"#, #"{"data":[{"embedding":"AAA="}]}"#,
            #"{"data":[{"embedding":"AAAA AA="}]}"#,
            #"{"data":[{"embedding":[1],"embedding":[2]}]}"#,
            #"{"data":[{"embedding":[0."# + String(repeating: "0", count: 63) + "]}]}",
            #"{"data":[{"embedding":[1]},{"embedding":[1]},{"embedding":[1]}]}"#,
        ]
    )
    func refusesResponses(_ document: String) {
        #expect(throws: JSONRefusal.self) {
            try EmbeddingsResponse.base64Body(utf8(document), vectorsMax: 2)
        }
    }

    @Test("refuses a vector longer than the limit")
    func refusesLongVectors() {
        let numbers = String(repeating: "1,", count: EmbeddingsResponse.dimensionsMax) + "1"
        #expect(throws: JSONRefusal.self) {
            try EmbeddingsResponse.base64Body(
                utf8("{\"data\":[{\"embedding\":[\(numbers)]}]}"),
                vectorsMax: 1
            )
        }
    }

    @Test("converts vectors to little-endian base64 and leaves the rest alone")
    func converts() throws {
        let response = utf8(
            #"{"object":"list", "data":[ {"index":0,"embedding": [1, -2.5e0 ,0] },"#
                + #"{"embedding":[],"index":1} , {"embedding":"AACAPw=="}],"model":"m"}"#
        )
        #expect(
            text(try EmbeddingsResponse.base64Body(response, vectorsMax: 3))
                == #"{"object":"list", "data":[{"index":0,"embedding": "AACAPwAAIMAAAAAA" },"#
                + #"{"embedding":"","index":1},{"embedding":"AACAPw=="}],"model":"m"}"#
        )
    }

    @Test("carries every float over unchanged")
    func floats() throws {
        var random = SplitMix64(seed: 7)
        var numbers: [Float] = [
            0, -0.0, .leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude, 0.1,
            -.ulpOfOne, 1 / 3, 16_777_215,
        ]
        while numbers.count < 2_000 {
            let number = Float(bitPattern: UInt32.random(in: 0...(.max), using: &random))
            if number.isFinite { numbers.append(number) }
        }
        let list = numbers.map { "\($0)" }.joined(separator: ", ")
        let response = utf8("{\"data\":[{\"embedding\":[\(list)]}]}")
        let converted = try JSONObject(
            try EmbeddingsResponse.base64Body(response, vectorsMax: 1)
        )
        let entry = try #require(try converted.array("data", countMax: 1)?.first)
        let encoded = try #require(try converted.object(entry).string("embedding"))
        let bytes = try #require(Base64.decode(utf8(encoded)))
        let decoded = stride(from: 0, to: bytes.count, by: 4).map { index in
            bytes[index..<index + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        #expect(decoded == numbers.map(\.bitPattern))
    }
}

@Suite("Base64")
struct Base64Tests {
    @Test(
        "refuses text that is not canonical",
        arguments: [
            "A", "AA", "AAA", "=", "====", "A===", "AA=A", "=AAA", "AAA=AAAA", "AA==AA==", "Zh==",
            "Zm9=", "Zm9v\n", "Zm 9v", "Zm9-", "Zm9_", "Zm9é", "Zm9v=", "Zm9vZg=",
        ]
    )
    func refuses(_ encoded: String) {
        #expect(Base64.decode(utf8(encoded)) == nil)
    }

    @Test(
        "encodes and decodes the vectors of RFC 4648 section 10",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
        ]
    )
    func vectors(_ plain: String, _ encoded: String) {
        #expect(text(Base64.encode(utf8(plain))) == encoded)
        #expect(Base64.decode(utf8(encoded)) == utf8(plain))
    }

    @Test("decodes what it encodes")
    func roundTrip() {
        var random = SplitMix64(seed: 11)
        for count in 0..<300 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        }
    }
}
