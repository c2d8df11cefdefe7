import OpenAIWire
import Testing

@Suite("JSON object editor")
struct JSONObjectEditorTests {
    private func edit(_ document: String, _ change: (inout JSONObjectEditor) -> Void) throws
        -> String
    {
        var editor = JSONObjectEditor(try JSONObject(utf8(document)))
        change(&editor)
        return text(editor.finish())
    }

    @Test(
        "changes nothing when there is nothing to change",
        arguments: [
            "{}", " { } ", "\n{ \"a\" : 1 ,\t\"b\":[ 1 , 2 ] }\r\n", #"{"\u0061":1.50e+01}"#,
        ]
    )
    func identity(_ document: String) throws {
        #expect(try edit(document) { _ in } == document)
        #expect(try edit(document) { $0.remove("missing") } == document)
    }

    @Test("replaces a value in its place and leaves all other bytes alone")
    func replaces() throws {
        let document = " { \"a\" : \"x\" ,\n \"b\" :  [1, 2] , \"c\":1.0 } "
        #expect(
            try edit(document) { $0.set("a", string: "é\"") }
                == " { \"a\" : \"é\\\"\" ,\n \"b\" :  [1, 2] , \"c\":1.0 } "
        )
        #expect(
            try edit(document) { $0.set("b", integer: 7) }
                == " { \"a\" : \"x\" ,\n \"b\" :  7 , \"c\":1.0 } "
        )
        #expect(
            try edit(document) { $0.set("c", bool: false) }
                == " { \"a\" : \"x\" ,\n \"b\" :  [1, 2] , \"c\":false } "
        )
        #expect(try edit(#"{"\u0061":1}"#) { $0.set("a", integer: 2) } == #"{"\u0061":2}"#)
    }

    @Test("adds members after the last, in the order they were set")
    func adds() throws {
        #expect(try edit("{}") { $0.set("a", integer: 1) } == #"{"a":1}"#)
        #expect(try edit("{ }") { $0.set("a", integer: 1) } == #"{"a":1 }"#)
        let result = try edit(#"{"a":1 }"#) {
            $0.set("c", integer: 3)
            $0.set("b", integer: 2)
            $0.set("c", integer: 4)
        }
        #expect(result == #"{"a":1,"c":4,"b":2 }"#)
    }

    @Test("removes members with exactly one comma each")
    func removes() throws {
        let document = #"{"a":1, "b":2 ,"c":3}"#
        #expect(try edit(document) { $0.remove("a") } == #"{"b":2 ,"c":3}"#)
        #expect(try edit(document) { $0.remove("b") } == #"{"a":1 ,"c":3}"#)
        #expect(try edit(document) { $0.remove("c") } == #"{"a":1, "b":2}"#)
        let emptied = try edit(document) {
            for key in ["a", "b", "c"] { $0.remove(key) }
        }
        #expect(emptied == "{}")
        let replaced = try edit(document) {
            for key in ["c", "a", "b"] { $0.remove(key) }
            $0.set("d", integer: 4)
            $0.set("e", integer: 5)
            $0.remove("d")
        }
        #expect(replaced == #"{"e":5}"#)
    }

    @Test("edits an object inside another without its surroundings")
    func nested() throws {
        let outer = try JSONObject(utf8(#"{"x":1,"usage": { "a":1 } ,"y":2}"#))
        let inner = try #require(try outer.object("usage"))
        var editor = JSONObjectEditor(inner)
        editor.set("b", integer: 2)
        #expect(text(editor.finish()) == #"{ "a":1,"b":2 }"#)
    }
}
