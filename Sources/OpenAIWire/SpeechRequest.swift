/// What a market needs to know of a `POST /v1/audio/speech` body.
public struct SpeechRequest: Sendable {
    /// The body.
    public let object: JSONObject
    /// The model that the client asked for.
    public let model: String

    private static let names = ["input", "model", "stream", "stream_format", "voice"]

    /// Reads a request.
    ///
    /// - Throws: ``RequestRefusal`` for a body that is malformed, ambiguous or out of bounds, and
    ///   for one that asks for events instead of audio.
    public init(
        _ body: [UInt8],
        limits: JSONLimits = .standard
    ) throws(RequestRefusal) {
        let fields = try RequestFields(body, known: Self.names, limits: limits)
        object = fields.object
        model = try fields.model()
        _ = try fields.text("input")
        try fields.checkWhole()
        guard try fields.string("stream_format") ?? "audio" == "audio" else {
            throw .unsupported(param: "stream_format", instead: "answers are audio, and come whole")
        }
    }

    /// The body for an upstream: its name of the model.
    public func upstreamBody(model: String) -> [UInt8] {
        var editor = JSONObjectEditor(object)
        editor.set("model", string: model)
        return editor.finish()
    }
}

/// Types of content that are passed on because no browser takes them for a page or a program.
public enum PlainMediaType {
    /// Bytes of no particular kind.
    public static let bytes = "application/octet-stream"

    /// `audio/…`, without parameters and in lower case, or ``bytes``; nil for everything else.
    public static func audio(_ contentType: String) -> String? {
        let type = contentType.prefix { $0 != ";" && $0 != " " && $0 != "\t" }.lowercased()
        if type == bytes { return bytes }
        guard type.hasPrefix("audio/") else { return nil }
        let name = type.dropFirst("audio/".count)
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x61...0x7A: true
            default: "+-.".utf8.contains(byte)
            }
        }
        return (1...64).contains(name.utf8.count) && isPlain ? type : nil
    }
}
