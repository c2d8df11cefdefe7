/// The input of a `POST /v1/responses` body as the messages of a chat.
enum ResponsesInput {
    static func chatMessages(_ members: RequestMembers) throws(RequestRefusal) -> [[UInt8]] {
        var found: [[UInt8]] = []
        if let instructions = try members.raw("instructions", .string, "a string") {
            found.append(MessagesTurn.message("system", instructions))
        }
        guard let input = members.object["input"], input.kind != .null else {
            throw .missing(param: "input")
        }
        if input.kind == .string {
            return found + [MessagesTurn.message("user", Array(members.object.raw(input)))]
        }
        let items = try members.objects("input", countMax: MessagesRequest.messagesMax)
        guard !items.isEmpty else { throw members.wrong("input", "a text or a list") }
        // Calls that follow one another are one message of the assistant in a chat.
        var calls: [[UInt8]] = []
        for (place, item) in items.enumerated() {
            let path = "input.\(place)."
            let type = (try? item.string("type")) ?? "message"
            if type == "function_call" {
                calls.append(try call(item, path: path))
                continue
            }
            if !calls.isEmpty { found.append(MessagesTurn.message("assistant", nil, calls)) }
            calls = []
            switch type {
            case "message": found.append(try message(item, path: path))
            case "function_call_output": found.append(try output(item, path: path))
            default:
                throw .unsupported(
                    param: path + "type",
                    instead: "message, function_call and function_call_output are understood"
                )
            }
        }
        if !calls.isEmpty { found.append(MessagesTurn.message("assistant", nil, calls)) }
        return found
    }

    private static func message(_ item: JSONObject, path: String) throws(RequestRefusal) -> [UInt8]
    {
        let known = ["type", "role", "content", "id", "status"]
        let members = try RequestMembers(item, path: path, known: known)
        var role = try members.string("role") ?? ""
        guard ["user", "assistant", "system", "developer"].contains(role) else {
            throw members.wrong("role", "'user', 'assistant', 'system' or 'developer'")
        }
        // Servers of open models know no developers.
        if role == "developer" { role = "system" }
        guard let content = item["content"], content.kind != .null else {
            throw .missing(param: path + "content")
        }
        if content.kind == .string {
            return MessagesTurn.message(role, Array(item.raw(content)))
        }
        var parts: [[UInt8]] = []
        let blocks = try members.objects("content", countMax: MessagesRequest.blocksMax)
        for (place, block) in blocks.enumerated() {
            parts.append(try part(block, path: "\(path)content.\(place)."))
        }
        return MessagesTurn.message(role, JSONWriter.list(parts))
    }

    private static func part(_ block: JSONObject, path: String) throws(RequestRefusal) -> [UInt8] {
        switch (try? block.string("type")) ?? "" {
        case "input_text", "output_text":
            let known = ["type", "text", "annotations", "logprobs"]
            let members = try RequestMembers(block, path: path, known: known)
            let text = try members.required("text", .string, "a string")
            return JSONWriter.text { writer in
                writer.member("type", "text")
                writer.member("text", raw: text)
            }
        case "input_image":
            let known = ["type", "image_url", "detail"]
            let members = try RequestMembers(block, path: path, known: known)
            let url = try members.required("image_url", .string, "a string")
            let detail = try members.raw("detail", .string, "a string")
            return JSONWriter.text { writer in
                writer.member("type", "image_url")
                writer.key("image_url")
                writer.object { writer in
                    writer.member("url", raw: url)
                    if let detail { writer.member("detail", raw: detail) }
                }
            }
        case "input_file":
            let known = ["type", "filename", "file_data"]
            let members = try RequestMembers(block, path: path, known: known)
            let data = try members.required("file_data", .string, "a string")
            let filename = try members.raw("filename", .string, "a string")
            return JSONWriter.text { writer in
                writer.member("type", "file")
                writer.key("file")
                writer.object { writer in
                    if let filename { writer.member("filename", raw: filename) }
                    writer.member("file_data", raw: data)
                }
            }
        default:
            throw .unsupported(
                param: path + "type",
                instead: "input_text, output_text, input_image and input_file are understood"
            )
        }
    }

    private static func call(_ item: JSONObject, path: String) throws(RequestRefusal) -> [UInt8] {
        let known = ["type", "id", "call_id", "name", "arguments", "status"]
        let members = try RequestMembers(item, path: path, known: known)
        let id = try members.required("call_id", .string, "a string")
        let name = try members.required("name", .string, "a string")
        let arguments = try members.required("arguments", .string, "a string")
        return JSONWriter.text { writer in
            writer.member("id", raw: id)
            writer.member("type", "function")
            writer.key("function")
            writer.object { writer in
                writer.member("name", raw: name)
                writer.member("arguments", raw: arguments)
            }
        }
    }

    private static func output(_ item: JSONObject, path: String) throws(RequestRefusal) -> [UInt8] {
        let known = ["type", "id", "call_id", "output", "status"]
        let members = try RequestMembers(item, path: path, known: known)
        let id = try members.required("call_id", .string, "a string")
        let output = try members.required("output", .string, "a string")
        return JSONWriter.text { writer in
            writer.member("role", "tool")
            writer.member("tool_call_id", raw: id)
            writer.member("content", raw: output)
        }
    }
}
