/// One message of a `POST /v1/messages` body, and what it is in a chat: one message, or several
/// where it answers tools.
struct MessagesTurn {
    let chatMessages: [[UInt8]]

    init(_ object: JSONObject, path: String) throws(RequestRefusal) {
        let members = try RequestMembers(object, path: path, known: ["role", "content"])
        let role = try members.string("role") ?? ""
        guard role == "user" || role == "assistant" else {
            throw members.wrong("role", "'user' or 'assistant'")
        }
        guard let content = object["content"] else { throw .missing(param: path + "content") }
        if content.kind == .string {
            chatMessages = [Self.message(role, Array(object.raw(content)))]
            return
        }
        var parts: [[UInt8]] = []
        var calls: [[UInt8]] = []
        var results: [[UInt8]] = []
        let blocks = try members.objects("content", countMax: MessagesRequest.blocksMax)
        for (place, block) in blocks.enumerated() {
            let path = "\(path)content.\(place)."
            switch (role, (try? block.string("type")) ?? "") {
            case (_, "text"): parts.append(try Self.textPart(block, path: path))
            case ("user", "image"): parts.append(try Self.imagePart(block, path: path))
            case ("user", "tool_result"): results.append(try Self.toolResult(block, path: path))
            case ("assistant", "tool_use"): calls.append(try Self.toolCall(block, path: path))
            default:
                throw .unsupported(
                    param: path + "type",
                    instead: "text, image, tool_use and tool_result are understood"
                )
            }
        }
        // A chat wants the tools' answers right after the call, before what the user adds.
        var found = results
        if !parts.isEmpty || !calls.isEmpty {
            found.append(Self.message(role, parts.isEmpty ? nil : JSONWriter.list(parts), calls))
        }
        guard !found.isEmpty else { throw members.wrong("content", "a list that is not empty") }
        chatMessages = found
    }

    static func message(_ role: String, _ content: [UInt8]?, _ calls: [[UInt8]] = []) -> [UInt8] {
        JSONWriter.text { writer in
            writer.member("role", role)
            writer.member("content", raw: content ?? Array("null".utf8))
            if !calls.isEmpty { writer.member("tool_calls", list: calls) }
        }
    }

    static func textPart(_ block: JSONObject, path: String) throws(RequestRefusal) -> [UInt8] {
        let members = try RequestMembers(
            block,
            path: path,
            known: ["type", "text", "cache_control", "citations"]
        )
        guard try members.string("type") == "text" else {
            throw members.wrong("type", "'text'")
        }
        let text = try members.required("text", .string, "a string")
        return JSONWriter.text { writer in
            writer.member("type", "text")
            writer.member("text", raw: text)
        }
    }

    private static func imagePart(
        _ block: JSONObject,
        path: String
    ) throws(RequestRefusal) -> [UInt8] {
        let members = try RequestMembers(
            block,
            path: path,
            known: ["type", "source", "cache_control"]
        )
        guard
            let source = try members.child("source", known: ["type", "media_type", "data", "url"])
        else { throw .missing(param: path + "source") }
        let url: String
        switch try source.string("type") {
        case "base64":
            guard let type = try source.string("media_type"), let data = try source.string("data")
            else { throw .missing(param: path + "source.data") }
            url = "data:\(type);base64,\(data)"
        case "url":
            guard let found = try source.string("url") else {
                throw .missing(param: path + "source.url")
            }
            url = found
        default: throw source.wrong("type", "'base64' or 'url'")
        }
        return JSONWriter.text { writer in
            writer.member("type", "image_url")
            writer.key("image_url")
            writer.object { $0.member("url", url) }
        }
    }

    private static func toolCall(
        _ block: JSONObject,
        path: String
    ) throws(RequestRefusal) -> [UInt8] {
        let members = try RequestMembers(
            block,
            path: path,
            known: ["type", "id", "name", "input", "cache_control"]
        )
        let id = try members.required("id", .string, "a string")
        let name = try members.required("name", .string, "a string")
        let input = try members.required("input", .object, "an object")
        return JSONWriter.text { writer in
            writer.member("id", raw: id)
            writer.member("type", "function")
            writer.key("function")
            writer.object { writer in
                writer.member("name", raw: name)
                writer.member("arguments", String(decoding: input, as: UTF8.self))
            }
        }
    }

    /// What a tool that failed said, marked as such: chats have no member for it.
    private static func failed(_ content: [UInt8]) -> [UInt8] {
        let mark = "The tool failed: "
        guard content.first != UInt8(ascii: "[") else {
            let part = JSONWriter.text { writer in
                writer.member("type", "text")
                writer.member("text", mark)
            }
            let rest = content.dropFirst()
            let separator = rest.count > 1 ? Array(",".utf8) : []
            return [UInt8(ascii: "[")] + part + separator + rest
        }
        return [UInt8(ascii: "\"")] + Array(mark.utf8) + content.dropFirst()
    }

    private static func toolResult(
        _ block: JSONObject,
        path: String
    ) throws(RequestRefusal) -> [UInt8] {
        let members = try RequestMembers(
            block,
            path: path,
            known: ["type", "tool_use_id", "content", "is_error", "cache_control"]
        )
        let id = try members.required("tool_use_id", .string, "a string")
        var content: [UInt8] = Array(#""""#.utf8)
        if let value = block["content"], value.kind != .null {
            if value.kind == .string {
                content = Array(block.raw(value))
            } else {
                var parts: [[UInt8]] = []
                let blocks = try members.objects("content", countMax: MessagesRequest.blocksMax)
                for (place, block) in blocks.enumerated() {
                    parts.append(try textPart(block, path: "\(path)content.\(place)."))
                }
                content = JSONWriter.list(parts)
            }
        }
        if try members.bool("is_error") ?? false { content = Self.failed(content) }
        return JSONWriter.text { writer in
            writer.member("role", "tool")
            writer.member("tool_call_id", raw: id)
            writer.member("content", raw: content)
        }
    }
}
