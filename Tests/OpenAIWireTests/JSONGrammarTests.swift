import OpenAIWire
import Testing

/// The categories of Nicolas Seriot's JSON parsing test suite: refused, accepted, free to choose.
@Suite("JSON grammar")
struct JSONGrammarTests {
    @Test(
        "refuses structures that are not JSON",
        arguments: [
            "", " ", "[", "]", "{", "}", "[1", "[1,", "[,1]", "[1,,2]", "[1,]", "[,]", "[1 2]",
            "[1]]", "[[1]", "[1}", "{]", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}",
            "{,}", "{\"a\" 1}", "{\"a\",1}", "{\"a\":1 \"b\":2}", "{\"a\"::1}", "{a:1}", "{'a':1}",
            "{1:1}", "{null:1}", "{\"a\":1,,\"b\":2}", "{\"a\":1}#", "{\"a\":1}/**/", "{\"a\":1}x",
            "[]{}", "1 2", "[1]\u{0}", "[1]\u{A0}", "\u{FEFF}{}", "[\u{C}]", "[\u{B}1]",
            "[\u{2060}]",
            "[nul]", "[nulll]", "[tru]", "[fals]", "[True]", "[NULL]", "nan", "undefined", "<.>",
            "[*]",
            "[\"a\",\n4\n,1,", "[\"x\"", "[1:2]", "[\"a\":1]", "{\"x\":true", "[a", "{[1]:2}", "()",
        ]
    )
    func refusesStructures(_ document: String) {
        #expect(throws: JSONRefusal.self) { try JSONKind.checking(utf8(document)) }
    }

    @Test(
        "refuses numbers outside the grammar",
        arguments: [
            "-", "+1", "++1", "-01", "01", "012", "-1.", "1.", ".1", "-.1", "1.e1", "0.e1", "0e",
            "0e+", "0E", "1.0e", "1.0e-", "1eE2", "1e1.5", "1..2", "1.2.3", "--1", "- 1", "1 000",
            "0x1", "0x", "1a", "-1a", "1e1a", "NaN", "-NaN", "Infinity", "-Infinity", "+Inf",
            "1_000",
            "٣", "１", "2.e3", "2.e-3", "-2.", "0.3e", "9.e+", "1+2", "0.1.2", "-a", "1/2",
        ]
    )
    func refusesNumbers(_ number: String) {
        for document in [number, "[\(number)]", "{\"a\":\(number)}", "[\(number) ]"] {
            #expect(throws: JSONRefusal.self) { try JSONKind.checking(utf8(document)) }
        }
    }

    @Test(
        "refuses strings that break the grammar",
        arguments: [
            #"""#, #""a"#, #""\""#, #""\"#, #""\x00""#, #""\a""#, #""\'""#, #""\u""#, #""\u00A""#,
            #""\u00G0""#, #""\U0041""#, #""\u 041""#, #""\uD800""#, #""\uD800\""#, #""\uD800\u""#,
            #""\uD800\u1""#, #""\uD800\u0041""#, #""\uDC00""#, #""\uDC00\uD800""#, #""\uD83Dx""#,
            #""\uD800\uD800""#, #""\uD800\n""#, #"'a'"#, #"a"#, #"\u0020"a""#, "\"\t\"", "\"a\nb\"",
            "\"\u{0}\"", "\"\u{1F}\"", #""a"b""#, #""\ ""#, "\"\\\u{1F300}\"", #""\u+041""#,
        ]
    )
    func refusesStrings(_ string: String) {
        for document in [string, "[\(string)]", "{\(string):1}"] {
            #expect(throws: JSONRefusal.self) { try JSONKind.checking(utf8(document)) }
        }
    }

    @Test(
        "refuses strings that are not UTF-8",
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xC2], [0xC2, 0x41],
            [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xE2, 0x82], [0xE2, 0x28, 0xA1],
            [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFC], [0xFE], [0xFF],
            [0xE9], [0xF0, 0x9F, 0x98, 0x41], [0xE2, 0x82, 0x41],
        ] as [[UInt8]]
    )
    func refusesInvalidUTF8(_ bytes: [UInt8]) {
        for padding in 0..<10 {
            let plain = [UInt8](repeating: 0x61, count: padding)
            let document = [0x22] + plain + bytes + plain + [0x22]
            #expect(throws: JSONRefusal.self) { try JSONKind.checking(document) }
        }
    }

    @Test("refuses a control, a quote or an escape wherever it stands in a group of bytes")
    func refusesAtEveryAlignment() {
        for bad in ["\u{1}", "\u{1F}", "\"", "\\", "\u{0}"] {
            for length in 0..<24 {
                let front = String(repeating: "~", count: length)
                let document = utf8("\"\(front)\(bad)\(String(repeating: "\u{20}", count: 9))\"")
                #expect(throws: JSONRefusal.self) { try JSONKind.checking(document) }
            }
        }
    }

    @Test("refuses UTF-16 and a byte order mark")
    func refusesOtherEncodings() {
        for document: [UInt8] in [
            [0xEF, 0xBB, 0xBF, 0x7B, 0x7D], [0xFE, 0xFF, 0x00, 0x5B, 0x00, 0x5D],
            [0x5B, 0x00, 0x5D, 0x00], [0xEF, 0xBB, 0x7B, 0x7D], [0xE5], [0x5B, 0xFF, 0x5D],
        ] {
            #expect(throws: JSONRefusal.self) { try JSONKind.checking(document) }
        }
    }

    @Test("refuses nesting beyond the limit, and no nesting within it")
    func depth() throws {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let inner = open == "[" ? "" : "1"
            func nested(_ depth: Int) -> [UInt8] {
                utf8(
                    String(repeating: open, count: depth) + inner
                        + String(repeating: close, count: depth)
                )
            }
            #expect(throws: Never.self) { try JSONKind.checking(nested(64)) }
            #expect(throws: JSONRefusal.self) { try JSONKind.checking(nested(65)) }
            #expect(throws: JSONRefusal.self) { try JSONKind.checking(nested(100_000)) }
        }
        #expect(throws: JSONRefusal(.tooDeep, offsetBytes: 64)) {
            try JSONKind.checking([UInt8](repeating: UInt8(ascii: "["), count: 100_000))
        }
    }

    @Test(
        "accepts every form the grammar allows",
        arguments: [
            "[]", "{}", "[[]   ]", " [1] ", "\t[\r\n]\n", "[\"\"]", "[null]", "[false, true]",
            "null",
            "true", "false", "\"a\"", "42", "-0.1", "[1,null,null,null,2]", "{\"\":0}",
            "{\"a\":[]}",
            "[-0]", "[0]", "[123]", "[-123]", "[0e1]", "[0e+1]", "[0E-1]", "[1E22]", "[1E-2]",
            "[1e+2]", "[123.456e78]", "[123.456789]", "[-1.5E+3]", "[20e1]", "[-0.0]",
            #"["\"\\\/\b\f\n\r\t"]"#, #"["\u0041\u00e9\uABCD\uabcd"]"#, #"["\uD83D\uDE00"]"#,
            #"["\uDBFF\uDFFF"]"#, #"["\u0000"]"#, #"["\u0012"]"#, #"["a/*b*/c"]"#, "[\"\u{7F}\"]",
            "[\"é€😀\"]", "[\"\u{2028}\u{2029}\u{FFFF}\u{10FFFF}\"]", #"["\uFFFE"]"#,
            #"["\\u0000"]"#,
            #"{"a":"b","c":{"d":[1,{"e":null}]}}"#, #"{"title":"\u041f\u043e\u043b"}"#, "\"\"",
            #"["new\u000Aline"]"#, "[\"asd \"]", #"{"min":-1.0e+28,"max":1.0e+28}"#,
        ]
    )
    func accepts(_ document: String) {
        #expect(throws: Never.self) { try JSONKind.checking(utf8(document)) }
    }

    @Test(
        "accepts numbers of any size, whose range is for the reader to judge",
        arguments: [
            "0.4e00669999999999999999999999999999999999999999999999999999999999999999999999999969",
            "-1e+9999", "1e-9999", "100000000000000000000",
            "-237462374673276894279832749832423479823",
            "123123e100000",
            "1.00000000000000000000000000000000000000000000000000000000000000000001",
        ]
    )
    func acceptsHugeNumbers(_ number: String) throws {
        #expect(try JSONKind.checking(utf8(number)) == .number)
    }
}
