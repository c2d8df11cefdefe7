/// The tools of a `POST /v1/messages` body, as a chat names them.
enum MessagesTools {
    static let toolsMax = 256

    static func chatMembers(
        _ members: RequestMembers
    ) throws(RequestRefusal) -> [(String, [UInt8])] {
        var found: [(String, [UInt8])] = []
        var tools: [[UInt8]] = []
        for (place, tool) in try members.objects("tools", countMax: toolsMax).enumerated() {
            tools.append(try self.tool(tool, path: "tools.\(place)."))
        }
        if !tools.isEmpty { found.append(("tools", JSONWriter.list(tools))) }
        let known = ["type", "name", "disable_parallel_tool_use"]
        guard let choice = try members.child("tool_choice", known: known) else { return found }
        switch try choice.string("type") {
        case "auto": found.append(("tool_choice", Array(#""auto""#.utf8)))
        case "any": found.append(("tool_choice", Array(#""required""#.utf8)))
        case "none": found.append(("tool_choice", Array(#""none""#.utf8)))
        case "tool":
            let name = try choice.required("name", .string, "a string")
            let chosen = JSONWriter.text { writer in
                writer.member("type", "function")
                writer.key("function")
                writer.object { $0.member("name", raw: name) }
            }
            found.append(("tool_choice", chosen))
        default: throw choice.wrong("type", "'auto', 'any', 'tool' or 'none'")
        }
        if let alone = try choice.bool("disable_parallel_tool_use") {
            found.append(("parallel_tool_calls", Array((alone ? "false" : "true").utf8)))
        }
        return found
    }

    private static func tool(_ object: JSONObject, path: String) throws(RequestRefusal) -> [UInt8] {
        let known = ["type", "name", "description", "input_schema", "cache_control"]
        let members = try RequestMembers(object, path: path, known: known)
        guard try members.string("type") ?? "custom" == "custom" else {
            throw .unsupported(param: path + "type", instead: "only the client's own tools")
        }
        let name = try members.required("name", .string, "a string")
        let schema = try members.required("input_schema", .object, "an object")
        let description = try members.raw("description", .string, "a string")
        return JSONWriter.text { writer in
            writer.member("type", "function")
            writer.key("function")
            writer.object { writer in
                writer.member("name", raw: name)
                if let description { writer.member("description", raw: description) }
                writer.member("parameters", raw: schema)
            }
        }
    }
}
