import OpenAIWire
import Testing

/// One part, as text.
private func part(_ head: String, _ content: String, boundary: String = "b") -> String {
    "--\(boundary)\r\n\(head)\r\n\r\n\(content)\r\n"
}

private func named(_ name: String) -> String { "content-disposition: form-data; name=\"\(name)\"" }

@Suite("Forms")
struct MultipartFormTests {
    /// A body that is refused, and why.
    struct Wrong: Sendable, CustomTestStringConvertible {
        let reason: FormRefusal.Reason
        let body: String
        var testDescription: String { "\(reason): \(body.prefix(80))" }

        init(_ reason: FormRefusal.Reason, _ body: String) {
            self.reason = reason
            self.body = body
        }
    }

    private static let long = String(repeating: "b", count: 71)

    static let wrong: [Wrong] = [
        Wrong(.noBoundary, ""), Wrong(.noBoundary, "--"), Wrong(.noBoundary, "--\r\n"),
        Wrong(.noBoundary, "b\r\n"), Wrong(.noBoundary, "\r\n--b\r\n"),
        Wrong(.noBoundary, "--b \r\n" + named("a")), Wrong(.noBoundary, "--b\n"),
        Wrong(.noBoundary, "--\"b\"\r\n"), Wrong(.noBoundary, "--\(long)\r\n"),
        Wrong(.truncated, "--b\r\n"), Wrong(.truncated, "--b\r\n" + named("a") + "\r\n\r\n"),
        Wrong(.truncated, part(named("a"), "x")), Wrong(.truncated, part(named("a"), "x") + "--b"),
        Wrong(.truncated, part(named("a"), "x") + "--b-"),
        Wrong(.ambiguousBoundary, part(named("a"), "x\r\n--bb") + "--b--\r\n"),
        Wrong(.ambiguousBoundary, part(named("a"), "x\r\n--b ") + "--b--\r\n"),
        Wrong(.ambiguousBoundary, part(named("a"), "--b--") + "--b--\r\n"),
        Wrong(.trailingBytes, part(named("a"), "x") + "--b--\r\n\r\n"),
        Wrong(.trailingBytes, part(named("a"), "x") + "--b--x"),
        Wrong(.invalidHeader, part("nothing", "x") + "--b--"),
        Wrong(.invalidHeader, part(": x", "x") + "--b--"),
        Wrong(.invalidHeader, part(named("a") + "\nx: y", "x") + "--b--"),
        Wrong(.invalidHeader, part(named("a") + "\r\n" + named("b"), "x") + "--b--"),
        Wrong(.invalidHeader, part(named("a") + "\r\n folded: y", "x") + "--b--"),
        Wrong(.invalidHeader, part(named("a") + "\r\ncontent-length: +1", "x") + "--b--"),
        Wrong(
            .invalidHeader,
            part(named(String(repeating: "a", count: 2000)), "x") + "--b--"
        ),
        Wrong(.invalidDisposition, part("content-type: text/plain", "x") + "--b--"),
        Wrong(.invalidDisposition, part("content-disposition: attachment; name=a", "x") + "--b--"),
        Wrong(.invalidDisposition, part(named("a") + "; name=\"b\"", "x") + "--b--"),
        Wrong(.invalidDisposition, part(named("a") + " filename=x", "x") + "--b--"),
        Wrong(.invalidName, part("content-disposition: form-data", "x") + "--b--"),
        Wrong(.invalidName, part(named(""), "x") + "--b--"),
        Wrong(.invalidName, part("content-disposition: form-data; name=\"a", "x") + "--b--"),
        Wrong(.invalidName, part(named("a\\\"b"), "x") + "--b--"),
        Wrong(.invalidName, part(named(String(repeating: "a", count: 65)), "x") + "--b--"),
        Wrong(.invalidName, part(named("f") + "; filename*=utf-8''x", "x") + "--b--"),
        Wrong(.encoded, part(named("a") + "\r\ncontent-transfer-encoding: base64", "x") + "--b--"),
        Wrong(.wrongLength, part(named("a") + "\r\ncontent-length: 2", "x") + "--b--"),
        Wrong(.fieldTooLarge, part(named("a"), String(repeating: "x", count: 65_537)) + "--b--"),
        Wrong(
            .tooManyParts,
            (0...64).map { part(named("a\($0)"), "") }.joined() + "--b--"
        ),
    ]

    @Test("CALL-22: what readers take differently is refused", arguments: wrong)
    func refusals(_ wrong: Wrong) {
        #expect(throws: FormRefusal.self) { try MultipartForm(utf8(wrong.body)) }
        do throws(FormRefusal) {
            _ = try MultipartForm(utf8(wrong.body))
        } catch {
            #expect(error.reason == wrong.reason)
            #expect(error.offsetBytes <= utf8(wrong.body).count)
        }
    }

    @Test("a form is its parts, byte for byte")
    func parts() throws {
        let body =
            part(named("model"), "m")
            + part(
                named("file") + "; filename=\"räuber.wav\"; filename*=utf-8''x\r\n"
                    + "Content-Type: Audio/WAV; rate=1\r\nX-Other: 1",
                "a\r\n-\r\n--\r\n--a\r\n"
            ) + part("content-disposition: form-data; name=empty", "") + "--b--\r\n"
        let form = try MultipartForm(utf8(body))
        #expect(form.boundary == "b")
        #expect(form.contentType == "multipart/form-data; boundary=b")
        #expect(form.parts.map(\.name) == ["model", "file", "empty"])
        #expect(form.parts.map(\.filename) == [nil, "räuber.wav", nil])
        #expect(form.parts.map(\.type) == [nil, "audio/wav", nil])
        #expect(form.parts.map { form.text($0) } == ["m", "a\r\n-\r\n--\r\n--a\r\n", ""])
    }

    @Test("every prefix of a form is refused, up to its last line end")
    func prefixes() {
        let body = utf8(part(named("a"), "x") + part(named("b"), "\r\n") + "--b--\r\n")
        for length in 0..<(body.count - 2) {
            #expect(throws: FormRefusal.self) { try MultipartForm(Array(body[..<length])) }
        }
        #expect(throws: Never.self) { try MultipartForm(Array(body.dropLast(2))) }
    }

    @Test("what is written anew has the same parts and the other model")
    func rewriting() throws {
        let body =
            part(named("model") + "\r\ncontent-length: 1", "m")
            + part(named("file") + "; filename=model", "x") + "--b--"
        let form = try MultipartForm(utf8(body))
        let again = try MultipartForm(form.rewritten("model", to: "inner"))
        #expect(again.parts.map { again.text($0) } == ["inner", "x"])
        #expect(again.boundary == "b")
    }

    @Test("a boundary of marks is quoted in the header")
    func quoting() throws {
        let body = utf8(part(named("a"), "x", boundary: "a:b=?/") + "--a:b=?/--")
        #expect(
            MultipartForm.contentType(of: body) == #"multipart/form-data; boundary="a:b=?/""#
        )
        let form = try MultipartForm(body)
        #expect(form.agrees(with: form.contentType))
    }

    @Test(
        "CALL-22: the header must say what the body says",
        arguments: [
            ("multipart/form-data; boundary=b", true),
            ("Multipart/Form-Data;Boundary=\"b\"", true),
            ("multipart/form-data; charset=utf-8; boundary=b", true),
            ("multipart/form-data", false), ("multipart/form-data; boundary=B", false),
            ("multipart/form-data; boundary=b; boundary=c", false),
            ("multipart/mixed; boundary=b", false), ("application/json", false), ("", false),
        ]
    )
    func header(_ text: String, _ agrees: Bool) throws {
        let form = try MultipartForm(utf8(part(named("a"), "x") + "--b--"))
        #expect(form.agrees(with: text) == agrees)
    }
}
