/// Where a body names files that its market keeps, to put the files themselves there.
///
/// In a chat, parts `{"type": "file", "file": {"file_id": …}}`; in a request for a response, parts
/// `{"type": "input_file", "file_id": …}` and `{"type": "input_image", "file_id": …}`.
public struct FileReferences: Sendable {
    /// A file as it is put into a body.
    public struct Content: Sendable {
        /// What its owner calls it.
        public let filename: String
        /// What it is, such as `application/pdf`.
        public let type: String
        /// What is in it.
        public let bytes: [UInt8]

        /// Puts a file together.
        public init(filename: String, type: String, bytes: [UInt8]) {
            self.filename = filename
            self.type = type
            self.bytes = bytes
        }
    }

    private enum Form: Sendable {
        /// The object `file` of a part of a chat.
        case chat
        /// A part of a response's input.
        case inputFile
        /// The same for an image, with its `detail`, if it has one.
        case inputImage(detail: [UInt8]?)
    }

    /// One place.
    private struct Reference: Sendable {
        let id: String
        let form: Form
        /// What is replaced.
        let range: Range<Int>
        let param: String
    }

    /// The most files that one body may name.
    public static let countMax = 16

    private let bytes: [UInt8]
    private let references: [Reference]

    /// The files that are named, in the order of the body, each once.
    public var ids: [String] {
        references.reduce(into: []) { if !$0.contains($1.id) { $0.append($1.id) } }
    }

    /// Where the first stands; nil if there is none.
    public var firstParam: String? { references.first?.param }

    /// Whether the member's name occurs at all, so that a body is not read for nothing.
    public static func mayOccur(in body: [UInt8]) -> Bool {
        let name = Array(#""file_id""#.utf8)
        return body.withUnsafeBufferPointer { body in
            var index = 0
            while index + name.count <= body.count {
                if body[index] == name[0], body[index + 1] == name[1],
                    body[index..<index + name.count].elementsEqual(name)
                {
                    return true
                }
                index += 1
            }
            return false
        }
    }

    /// Finds the files that a chat completion's body names.
    ///
    /// - Throws: ``RequestRefusal`` if the body is no object, or names a file and contains it.
    public init(chat body: [UInt8]) throws(RequestRefusal) {
        try self.init(body, list: "messages") { part, type, path throws(RequestRefusal) in
            guard type == "file", let value = part["file"], value.kind == .object,
                let file = try? part.object(value), let id = try? file.string("file_id")
            else { return nil }
            let param = path + "file.file_id"
            guard file["file_data"] == nil else {
                throw .unsupported(param: param, instead: "name a file or contain it, not both")
            }
            return Reference(id: id, form: .chat, range: value.range, param: param)
        }
    }

    /// Finds the files that the body of a request for a response names.
    ///
    /// - Throws: ``RequestRefusal`` if the body is no object, or names a file and contains it.
    public init(responses body: [UInt8]) throws(RequestRefusal) {
        try self.init(body, list: "input") { part, type, path throws(RequestRefusal) in
            guard ["input_file", "input_image"].contains(type),
                let id = try? part.string("file_id")
            else { return nil }
            let param = path + "file_id"
            for other in ["file_data", "file_url", "image_url"] where part[other] != nil {
                throw .unsupported(param: param, instead: "give it or '\(other)', not both")
            }
            let detail = part.raw("detail").map { Array($0) }
            return Reference(
                id: id,
                form: type == "input_file" ? .inputFile : .inputImage(detail: detail),
                range: part.text,
                param: param
            )
        }
    }

    /// Refuses a chat that names a file: who keeps none must not let a name through, because a
    /// model server might know it of somebody else.
    ///
    /// - Throws: ``RequestRefusal``.
    public static func checkNone(inChat body: [UInt8]) throws(RequestRefusal) {
        // A name may be spelt with escapes.
        guard mayOccur(in: body) || body.firstPlace(of: Array(#"\u"#.utf8)) != nil else { return }
        let object: JSONObject
        do {
            object = try JSONObject(body)
        } catch {
            throw .malformed(error)
        }
        guard MessageKeys(object).contain("file_id") else { return }
        let found = try FileReferences(chat: body).firstParam
        throw .unsupported(
            param: found ?? "messages",
            instead: "send the file itself as 'file_data'; `stoa serve` keeps files at /v1/files"
        )
    }

    private init(
        _ body: [UInt8],
        list: String,
        _ find: (JSONObject, String, String) throws(RequestRefusal) -> Reference?
    ) throws(RequestRefusal) {
        let object: JSONObject
        do {
            object = try JSONObject(body)
        } catch {
            throw .malformed(error)
        }
        bytes = body
        var references: [Reference] = []
        // What is not in its form is refused by whoever reads it next, with its reason.
        let messages = (try? object.array(list, countMax: MessagesRequest.messagesMax)) ?? []
        for (place, message) in messages.enumerated() where message.kind == .object {
            guard let message = try? object.object(message),
                let parts = try? message.array("content", countMax: MessagesRequest.blocksMax)
            else { continue }
            for (number, value) in parts.enumerated() where value.kind == .object {
                guard let part = try? message.object(value),
                    let type = try? part.string("type"),
                    let found = try find(part, type, "\(list).\(place).content.\(number).")
                else { continue }
                guard references.count < Self.countMax else {
                    throw .outOfRange(param: found.param, rule: "one of \(Self.countMax) files")
                }
                references.append(found)
            }
        }
        self.references = references
    }

    /// The body with the files in the places of their names.
    ///
    /// A file that `contents` does not have stays named.
    public func filled(_ contents: [(id: String, content: Content)]) -> [UInt8] {
        var result: [UInt8] = []
        var position = bytes.startIndex
        for reference in references {
            guard let content = contents.first(where: { $0.id == reference.id })?.content else {
                continue
            }
            result += bytes[position..<reference.range.lowerBound]
            result += Self.text(content, reference.form)
            position = reference.range.upperBound
        }
        return result + bytes[position...]
    }

    private static func text(_ content: Content, _ form: Form) -> [UInt8] {
        // Written by hand, because a data URL needs no escapes and may be long.
        let url =
            Array("\"data:\(content.type);base64,".utf8) + Base64.encode(content.bytes)
            + [UInt8(ascii: "\"")]
        return JSONWriter.text { writer in
            switch form {
            case .chat:
                writer.member("filename", content.filename)
                writer.member("file_data", raw: url)
            case .inputFile:
                writer.member("type", "input_file")
                writer.member("filename", content.filename)
                writer.member("file_data", raw: url)
            case .inputImage(let detail):
                writer.member("type", "input_image")
                writer.member("image_url", raw: url)
                if let detail { writer.member("detail", raw: detail) }
            }
        }
    }
}
