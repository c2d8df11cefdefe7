import OpenAIWire
import Testing

@Suite("Files that bodies name")
struct FileReferenceTests {
    private static let pdf = FileReferences.Content(
        filename: "a \"b\".pdf",
        type: "application/pdf",
        bytes: utf8("%PDF")
    )

    private func chat(_ parts: String) -> [UInt8] {
        utf8(#"{"model":"m","messages":[{"role":"user","content":\#(parts)}]}"#)
    }

    @Test("FILE-7: a chat's file is put in the place of its name, and nothing else changes")
    func chat() throws {
        let body = chat(
            #"[{"type":"text","text":"file_id"}, {"type":"file","file":{"file_id":"file-1"}},"#
                + #"{"type":"file","file":{"file_id":"file-2"}},"#
                + #"{"type":"file","file":{"file_data":"data:,"}}]"#
        )
        #expect(FileReferences.mayOccur(in: body))
        let references = try FileReferences(chat: body)
        #expect(references.ids == ["file-1", "file-2"])
        #expect(references.firstParam == "messages.0.content.1.file.file_id")
        #expect(
            text(references.filled([("file-1", Self.pdf)]))
                == text(body).replacing(
                    #"{"file_id":"file-1"}"#,
                    with: #"{"filename":"a \"b\".pdf","#
                        + #""file_data":"data:application/pdf;base64,JVBERg=="}"#
                )
        )
        #expect(references.filled([]) == body)
    }

    @Test("FILE-7: files and images of a request for a response")
    func response() throws {
        let body = utf8(
            #"{"model":"m","input":[{"role":"user","content":["#
                + #"{"type":"input_file","file_id":"f"},"#
                + #"{"detail":"low","type":"input_image","file_id":"f"}]}]}"#
        )
        let references = try FileReferences(responses: body)
        #expect(references.ids == ["f"])
        let png = FileReferences.Content(filename: "p", type: "image/png", bytes: [1])
        let filled = references.filled([("f", png)])
        #expect(
            text(filled).contains(
                #"[{"type":"input_file","filename":"p","file_data":"data:image/png;base64,AQ=="},"#
                    + #"{"type":"input_image","image_url":"data:image/png;base64,AQ==","#
                    + #""detail":"low"}]"#
            )
        )
        let chat = try ResponsesRequest(filled).chatBody
        #expect(text(chat).contains(#""file":{"filename":"p","file_data":"data:image/png"#))
    }

    @Test("FILE-7: what names a file and contains it, or names too many, is refused")
    func refusals() {
        let both = chat(#"[{"type":"file","file":{"file_id":"f","file_data":"x"}}]"#)
        #expect(throws: RequestRefusal.self) { try FileReferences(chat: both) }
        let image = utf8(
            #"{"input":[{"content":[{"type":"input_image","file_id":"f","image_url":"u"}]}]}"#
        )
        #expect(throws: RequestRefusal.self) { try FileReferences(responses: image) }
        let part = #"{"type":"file","file":{"file_id":"f"}}"#
        let many = chat("[" + Array(repeating: part, count: 17).joined(separator: ",") + "]")
        #expect(throws: RequestRefusal.self) { try FileReferences(chat: many) }
        #expect(throws: RequestRefusal.self) { try FileReferences(chat: utf8("[]")) }
    }

    @Test("FILE-8: who keeps no files lets no name through")
    func none() throws {
        let named = chat(#"[{"type":"file","file":{"file_id":"f"}}]"#)
        #expect(throws: RequestRefusal.self) { try FileReferences.checkNone(inChat: named) }
        for parts in [#""file_id""#, #"[{"type":"text","text":"\"file_id\""}]"#, "7", "[7,{}]"] {
            try FileReferences.checkNone(inChat: chat(parts))
        }
    }

    private func upload(_ fields: [(String, String)], file: String = "x") -> [UInt8] {
        let parts = fields.map { name, value in
            "--b\r\ncontent-disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
        }
        return utf8(
            parts.joined() + "--b\r\ncontent-disposition: form-data; name=\"file\"; "
                + "filename=\"\"\r\n\r\n\(file)\r\n--b--\r\n"
        )
    }

    private let type = "multipart/form-data; boundary=b"

    @Test("FILE-4: an upload says a file and its purpose")
    func uploads() throws {
        let file = try FileUpload(
            upload([
                ("purpose", "vision"), ("expires_after[anchor]", "created_at"),
                ("expires_after[seconds]", "3600"),
            ]),
            contentType: type
        )
        #expect(file.filename == "file" && file.type == "application/octet-stream")
        #expect(file.purpose == "vision" && file.lifeSeconds == 3600 && file.content == utf8("x"))
        let wrong: [([(String, String)], String)] = [
            ([], "purpose"), ([("purpose", "mischief")], "purpose"),
            ([("purpose", "vision"), ("purpose", "vision")], "purpose"),
            ([("purpose", "vision"), ("colour", "red")], "colour"),
            ([("purpose", "vision"), ("expires_after[seconds]", "3600")], "expires_after[anchor]"),
            (
                [("purpose", "vision"), ("expires_after[anchor]", "created_at")],
                "expires_after[seconds]"
            ),
            (
                [
                    ("purpose", "vision"), ("expires_after[anchor]", "created_at"),
                    ("expires_after[seconds]", "3599"),
                ], "expires_after[seconds]"
            ),
        ]
        for (fields, param) in wrong {
            do throws(RequestRefusal) {
                _ = try FileUpload(upload(fields), contentType: type)
                Issue.record("it was accepted: \(fields)")
            } catch {
                #expect(error.param == param)
            }
        }
        let purpose = [("purpose", "vision")]
        #expect(throws: RequestRefusal.self) {
            try FileUpload(upload(purpose, file: ""), contentType: type)
        }
        #expect(throws: RequestRefusal.self) {
            try FileUpload(upload(purpose), contentType: "application/json")
        }
        #expect(throws: RequestRefusal.self) { try FileUpload(upload(purpose), contentType: nil) }
    }
}
