/// A `POST /v1/responses` body, and the chat completion it asks for.
///
/// Nothing is kept between requests: `previous_response_id` and `store: true` are refused where
/// they would have to change the answer, and an answer says `store: false`.
public struct ResponsesRequest: Sendable {
    /// The body for `/v1/chat/completions`.
    public let chatBody: [UInt8]
    /// The model that the client asked for.
    public let model: String
    /// Whether the answer is an event stream.
    public let isStreaming: Bool
    /// The members of the request that an answer repeats, by name.
    let echoed: [(name: String, value: [UInt8])]

    private static let known = [
        "model", "input", "instructions", "max_output_tokens", "temperature", "top_p", "stream",
        "tools", "tool_choice", "parallel_tool_calls", "text", "metadata", "user", "store",
        "truncation", "stream_options",
    ]

    /// Reads and translates a request.
    ///
    /// - Throws: ``RequestRefusal`` for what is malformed, missing or has no meaning here.
    public init(_ body: [UInt8], limits: JSONLimits = .standard) throws(RequestRefusal) {
        let members = try RequestMembers(body: body, known: Self.known, limits: limits)
        guard let model = try members.string("model") else { throw .missing(param: "model") }
        let streams = try members.bool("stream") ?? false
        guard try members.string("truncation") ?? "disabled" == "disabled" else {
            throw .unsupported(param: "truncation", instead: "send what fits the model")
        }
        let messages = try ResponsesInput.chatMessages(members)
        let options = try Self.options(members)
        chatBody = JSONWriter.text { writer in
            writer.member("model", model)
            writer.member("messages", list: messages)
            for (name, value) in options { writer.member(name, raw: value) }
            guard streams else { return }
            writer.member("stream", true)
            writer.member("stream_options", raw: Array(#"{"include_usage":true}"#.utf8))
        }
        self.model = model
        isStreaming = streams
        let names = [
            "instructions", "max_output_tokens", "temperature", "top_p", "tool_choice", "tools",
            "text", "metadata", "user", "parallel_tool_calls",
        ]
        echoed = names.compactMap { name in
            members.object.raw(name).map { (name, Array($0)) }
        }
    }

    private static func options(
        _ members: RequestMembers
    ) throws(RequestRefusal) -> [(String, [UInt8])] {
        var found: [(String, [UInt8])] = []
        for (name, chatName) in [
            ("max_output_tokens", "max_tokens"), ("temperature", "temperature"), ("top_p", "top_p"),
        ] {
            if let value = try members.raw(name, .number, "a number") {
                found.append((chatName, value))
            }
        }
        if let user = try members.raw("user", .string, "a string") { found.append(("user", user)) }
        if let format = try members.child("text", known: ["format"]),
            let value = try format.child("format", known: ["type", "name", "schema", "strict"])
        {
            found.append(("response_format", try responseFormat(value)))
        }
        var tools: [[UInt8]] = []
        let listed = try members.objects("tools", countMax: MessagesTools.toolsMax)
        for (place, tool) in listed.enumerated() {
            tools.append(try self.tool(tool, path: "tools.\(place)."))
        }
        if !tools.isEmpty { found.append(("tools", JSONWriter.list(tools))) }
        if let choice = try toolChoice(members) { found.append(("tool_choice", choice)) }
        if let parallel = try members.bool("parallel_tool_calls"), !tools.isEmpty {
            found.append(("parallel_tool_calls", Array((parallel ? "true" : "false").utf8)))
        }
        return found
    }

    private static func responseFormat(
        _ format: RequestMembers
    ) throws(RequestRefusal) -> [UInt8] {
        switch try format.string("type") {
        case "text": return Array(#"{"type":"text"}"#.utf8)
        case "json_object": return Array(#"{"type":"json_object"}"#.utf8)
        case "json_schema":
            let name = try format.required("name", .string, "a string")
            let schema = try format.required("schema", .object, "an object")
            let strict = try format.bool("strict")
            return JSONWriter.text { writer in
                writer.member("type", "json_schema")
                writer.key("json_schema")
                writer.object { writer in
                    writer.member("name", raw: name)
                    writer.member("schema", raw: schema)
                    if let strict { writer.member("strict", strict) }
                }
            }
        default: throw format.wrong("type", "'text', 'json_object' or 'json_schema'")
        }
    }

    private static func tool(_ object: JSONObject, path: String) throws(RequestRefusal) -> [UInt8] {
        let known = ["type", "name", "description", "parameters", "strict"]
        let members = try RequestMembers(object, path: path, known: known)
        guard try members.string("type") == "function" else {
            throw .unsupported(param: path + "type", instead: "only the client's own functions")
        }
        let name = try members.required("name", .string, "a string")
        let description = try members.raw("description", .string, "a string")
        let parameters = try members.raw("parameters", .object, "an object")
        let strict = try members.bool("strict")
        return JSONWriter.text { writer in
            writer.member("type", "function")
            writer.key("function")
            writer.object { writer in
                writer.member("name", raw: name)
                if let description { writer.member("description", raw: description) }
                if let parameters { writer.member("parameters", raw: parameters) }
                if let strict { writer.member("strict", strict) }
            }
        }
    }

    private static func toolChoice(_ members: RequestMembers) throws(RequestRefusal) -> [UInt8]? {
        guard let value = members.object["tool_choice"], value.kind != .null else { return nil }
        if value.kind == .string {
            let text = try members.string("tool_choice") ?? ""
            guard ["auto", "none", "required"].contains(text) else {
                throw members.wrong("tool_choice", "'auto', 'none', 'required' or a function")
            }
            return ChatAnswer.quoted(text)
        }
        guard let choice = try members.child("tool_choice", known: ["type", "name"]),
            try choice.string("type") == "function"
        else { throw members.wrong("tool_choice", "'auto', 'none', 'required' or a function") }
        let name = try choice.required("name", .string, "a string")
        return JSONWriter.text { writer in
            writer.member("type", "function")
            writer.key("function")
            writer.object { $0.member("name", raw: name) }
        }
    }
}
