/// What a market needs to know of a `POST /v1/images/generations` body.
public struct ImagesRequest: Sendable {
    /// The most images of one request, as in OpenAI's interface.
    public static let countMax: UInt64 = 10

    /// The body.
    public let object: JSONObject
    /// The model that the client asked for.
    public let model: String
    /// How many images the client asked for, at least 1.
    public let count: UInt64

    private static let names = ["model", "n", "prompt", "stream"]

    /// Names under which other servers know how many images to make.
    private static let otherCounts = [
        "batch_size", "n_iter", "num_images", "num_images_per_prompt", "num_outputs",
    ]

    /// Reads a request.
    ///
    /// - Throws: ``RequestRefusal`` for a body that is malformed, ambiguous or out of bounds, and
    ///   for one that asks for a stream.
    public init(
        _ body: [UInt8],
        limits: JSONLimits = .standard
    ) throws(RequestRefusal) {
        let fields = try RequestFields(body, known: Self.names + Self.otherCounts, limits: limits)
        object = fields.object
        for name in Self.otherCounts where object[name] != nil {
            throw .unsupported(param: name, instead: "use 'n'")
        }
        model = try fields.model()
        _ = try fields.text("prompt")
        count = try fields.positive("n") ?? 1
        guard count <= Self.countMax else {
            throw .outOfRange(param: "n", rule: "at most \(Self.countMax)")
        }
        try fields.checkWhole()
    }

    /// The body for an upstream: its name of the model.
    public func upstreamBody(model: String) -> [UInt8] {
        var editor = JSONObjectEditor(object)
        editor.set("model", string: model)
        return editor.finish()
    }

    /// How many images an answer holds; nil if it is none, or one with more than a request can
    /// ask for.
    public static func count(inAnswer body: [UInt8]) -> UInt64? {
        let limits = JSONLimits(depthMax: 128, membersMax: 1024)
        guard let answer = try? JSONObject(body, limits: limits),
            let images = try? answer.array("data", countMax: Int(countMax)),
            images.allSatisfy({ $0.kind == .object })
        else { return nil }
        return UInt64(images.count)
    }
}
