/// A `POST /v1/messages` body (Anthropic's dialect), and the chat completion it asks for.
///
/// The seller is asked, and paid, for the chat completion; its digest is in voucher and receipt.
/// Hints that change no answer (`cache_control`) are left out; everything else that this market
/// does not understand is refused.
public struct MessagesRequest: Sendable {
    /// The body for `/v1/chat/completions`.
    public let chatBody: [UInt8]
    /// The model that the client asked for.
    public let model: String
    /// Whether the answer is an event stream.
    public let isStreaming: Bool

    static let messagesMax = 4096
    static let blocksMax = 1024

    private static let known = [
        "model", "messages", "system", "max_tokens", "stream", "temperature", "top_p", "top_k",
        "stop_sequences", "tools", "tool_choice", "metadata",
    ]

    /// Reads and translates a request.
    ///
    /// - Throws: ``RequestRefusal`` for what is malformed, missing or has no meaning here.
    public init(_ body: [UInt8], limits: JSONLimits = .standard) throws(RequestRefusal) {
        let members = try RequestMembers(body: body, known: Self.known, limits: limits)
        guard let model = try members.string("model") else { throw .missing(param: "model") }
        let streams = try members.bool("stream") ?? false
        let bound = try members.required("max_tokens", .number, "a positive integer")
        let messages = try Self.system(members) + Self.turns(members)
        let options = try Self.sampling(members) + MessagesTools.chatMembers(members)
        chatBody = JSONWriter.text { writer in
            writer.member("model", model)
            writer.member("max_tokens", raw: bound)
            writer.member("messages", list: messages)
            for (name, value) in options { writer.member(name, raw: value) }
            guard streams else { return }
            writer.member("stream", true)
            writer.member("stream_options", raw: Array(#"{"include_usage":true}"#.utf8))
        }
        self.model = model
        isStreaming = streams
    }

    private static func sampling(
        _ members: RequestMembers
    ) throws(RequestRefusal) -> [(String, [UInt8])] {
        var found: [(String, [UInt8])] = []
        for name in ["temperature", "top_p", "top_k"] {
            if let value = try members.raw(name, .number, "a number") {
                found.append((name, value))
            }
        }
        if let stop = try members.raw("stop_sequences", .array, "a list of strings") {
            found.append(("stop", stop))
        }
        if let metadata = try members.child("metadata", known: ["user_id"]),
            let user = try metadata.raw("user_id", .string, "a string")
        {
            found.append(("user", user))
        }
        return found
    }

    private static func system(_ members: RequestMembers) throws(RequestRefusal) -> [[UInt8]] {
        guard let system = members.object["system"], system.kind != .null else { return [] }
        let content: [UInt8]
        if system.kind == .string {
            content = Array(members.object.raw(system))
        } else {
            var parts: [[UInt8]] = []
            let blocks = try members.objects("system", countMax: blocksMax)
            for (place, block) in blocks.enumerated() {
                parts.append(try MessagesTurn.textPart(block, path: "system.\(place)."))
            }
            content = JSONWriter.list(parts)
        }
        return [MessagesTurn.message("system", content)]
    }

    private static func turns(_ members: RequestMembers) throws(RequestRefusal) -> [[UInt8]] {
        let messages = try members.objects("messages", countMax: messagesMax)
        guard !messages.isEmpty else {
            throw members.wrong("messages", "a list that is not empty")
        }
        var found: [[UInt8]] = []
        for (place, message) in messages.enumerated() {
            found += try MessagesTurn(message, path: "messages.\(place).").chatMessages
        }
        return found
    }
}
