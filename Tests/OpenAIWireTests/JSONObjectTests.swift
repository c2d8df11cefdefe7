import OpenAIWire
import Testing

@Suite("JSON object")
struct JSONObjectTests {
    @Test("refuses what is not an object", arguments: ["[]", "1", "\"{}\"", "null", "true"])
    func notAnObject(_ document: String) {
        #expect(throws: JSONRefusal(.wrongKind, offsetBytes: 0)) {
            try JSONObject(utf8(document))
        }
    }

    @Test(
        "refuses a key that occurs twice, however it is spelled",
        arguments: [
            #"{"a":1,"a":1}"#, #"{"a":1,"\u0061":2}"#, #"{"":1,"b":2,"":3}"#,
            #"{"\uD83D\uDE00":1,"😀":2}"#, #"{"a\/b":1,"a/b":2}"#,
            #"{"model":"x","mod\u0065l":"y"}"#,
        ]
    )
    func duplicateKeys(_ document: String) {
        #expect {
            try JSONObject(utf8(document))
        } throws: {
            ($0 as? JSONRefusal)?.reason == .duplicateKey
        }
    }

    @Test("refuses duplicate keys in an object that is read by its members")
    func nestedDuplicateKeys() throws {
        let object = try JSONObject(utf8(#"{"usage":{"a":1,"a":2}}"#))
        #expect(throws: JSONRefusal(.duplicateKey, offsetBytes: 16)) { try object.object("usage") }
    }

    @Test("refuses more members, longer keys and longer lists than the limits")
    func limits() throws {
        func members(_ count: Int) -> [UInt8] {
            utf8("{" + (0..<count).map { "\"k\($0)\":0" }.joined(separator: ",") + "}")
        }
        #expect(try JSONObject(members(128)).members.count == 128)
        #expect {
            try JSONObject(members(129))
        } throws: {
            ($0 as? JSONRefusal)?.reason == .tooManyMembers
        }
        let key = String(repeating: "k", count: 257)
        #expect(throws: JSONRefusal(.outOfRange, offsetBytes: 1)) {
            try JSONObject(utf8("{\"\(key)\":1}"))
        }
        let list = try JSONObject(utf8(#"{"a":[1,2,3]}"#))
        #expect(try list.array("a", countMax: 3)?.count == 3)
        #expect(throws: JSONRefusal.self) { try list.array("a", countMax: 2) }
    }

    @Test("refuses to read a value as another kind")
    func wrongKind() throws {
        let object = try JSONObject(utf8(#"{"s":"1","n":1,"b":true,"a":[],"o":{}}"#))
        #expect(throws: JSONRefusal.self) { try object.string("n") }
        #expect(throws: JSONRefusal.self) { try object.unsigned("s") }
        #expect(throws: JSONRefusal.self) { try object.bool("s") }
        #expect(throws: JSONRefusal.self) { try object.object("a") }
        #expect(throws: JSONRefusal.self) { try object.array("o", countMax: 1) }
    }

    @Test(
        "refuses integers with signs, fractions, exponents or too many digits",
        arguments: [
            "-1", "-0", "1.0", "1e3", "1E0", "18446744073709551616", "99999999999999999999",
        ]
    )
    func notUnsigned(_ number: String) throws {
        let object = try JSONObject(utf8("{\"n\": \(number)}"))
        #expect(throws: JSONRefusal(.notUnsignedInteger, offsetBytes: 6)) {
            try object.unsigned("n")
        }
    }

    @Test("reads values by key, and takes null for missing")
    func reads() throws {
        let document = #"""
             { "s" : "a\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00é" , "n":18446744073709551615, "t":true,
            "f":false, "o":{"x":"y"}, "z":null, "l":[1, [2], "3"], "\u006b":0 }
            """#
        let object = try JSONObject(utf8(document))
        #expect(try object.string("s") == "a\"\\/\u{8}\u{C}\n\r\té😀é")
        #expect(try object.unsigned("n") == .max)
        #expect(try object.bool("t") == true)
        #expect(try object.bool("f") == false)
        #expect(try object.object("o")?.string("x") == "y")
        #expect(try object.string("z") == nil)
        #expect(try object.unsigned("missing") == nil)
        #expect(object["z"]?.kind == .null)
        #expect(object["missing"] == nil)
        #expect(object.raw("l").map { text($0) } == #"[1, [2], "3"]"#)
        #expect(
            try object.array("l", countMax: 9)?.map { text(object.raw($0)) } == [
                "1", "[2]", "\"3\"",
            ]
        )
        #expect(try object.unsigned("k") == 0)
        #expect(object.members.map { text($0.key) } == ["s", "n", "t", "f", "o", "z", "l", "k"])
    }

    @Test("writes what it reads, for every scalar that needs care")
    func writesStrings() throws {
        let scalars = (0...0x2FF).compactMap { Unicode.Scalar($0) } + ["\u{2028}", "\u{FFFF}", "😀"]
        for scalar in scalars {
            let value = "a\(scalar)b"
            var writer = JSONWriter()
            writer.object { $0.member(value, value) }
            #expect(!writer.bytes.contains { $0 < 0x20 })
            let object = try JSONObject(writer.bytes)
            #expect(try object.string(value).map { utf8($0) } == utf8(value))
        }
    }

    @Test("places commas between values and nowhere else")
    func writesCommas() {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("a")
            writer.array { writer in
                writer.integer(UInt128.max)
                writer.array { _ in }
                writer.object { _ in }
                writer.null()
            }
            writer.member("b", true)
            writer.member("c", -1)
            writer.member("d", nil as String?)
            writer.member("e", "f")
        }
        let expected =
            #"{"a":[340282366920938463463374607431768211455,[],{},null],"#
            + #""b":true,"c":-1,"d":null,"e":"f"}"#
        #expect(text(writer.bytes) == expected)
    }
}
