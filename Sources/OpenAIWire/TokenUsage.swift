/// The token counts that an upstream reports in `usage`.
public struct TokenUsage: Hashable, Sendable {
    /// The largest count that is believed: far beyond any context, far below overflow of a price.
    public static let tokensMax: UInt64 = 1 << 32

    /// Tokens of the input; nil if missing, negative or absurd.
    public let promptTokens: UInt64?
    /// Tokens of the output; nil if missing, negative or absurd, and for embeddings.
    public let completionTokens: UInt64?

    /// Creates a usage.
    public init(promptTokens: UInt64?, completionTokens: UInt64?) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
    }

    /// Reads the `usage` of a response or of a chunk of a stream; nil if it has none.
    public init?(in body: JSONObject) {
        guard let usage = try? body.object("usage") else { return nil }
        promptTokens = Self.count(usage, "prompt_tokens")
        completionTokens = Self.count(usage, "completion_tokens")
    }

    private static func count(_ usage: JSONObject, _ key: String) -> UInt64? {
        guard let count = try? usage.unsigned(key), count <= tokensMax else { return nil }
        return count
    }

    /// Adds what a call cost and the name of its receipt to the `usage` of a response or chunk.
    ///
    /// The cost is a JSON integer in the smallest unit and may exceed 2⁵³; readers that keep
    /// numbers in doubles see it rounded. `cost` and `receipt` of an upstream are replaced, and a
    /// body without `usage` gets one. A unit that somebody issued stands beside the cost, as
    /// `cost_unit`, `cost_unit_name` and `cost_unit_decimals`; without them, the cost is in obol.
    ///
    /// - Throws: ``JSONRefusal`` if the body, or the usage in it, is not a clean object.
    public static func adding(
        cost: UInt128,
        of unit: PricedUnit? = nil,
        receipt: String,
        to body: [UInt8],
        limits: JSONLimits = .standard
    ) throws(JSONRefusal) -> [UInt8] {
        let object = try JSONObject(body, limits: limits)
        let empty = try JSONObject([UInt8(ascii: "{"), UInt8(ascii: "}")])
        var usageEditor = JSONObjectEditor(try object.object("usage") ?? empty)
        usageEditor.set("cost", integer: cost)
        if let unit {
            usageEditor.set("cost_unit", string: unit.identifier)
            usageEditor.set("cost_unit_name", string: unit.name)
            usageEditor.set("cost_unit_decimals", integer: UInt128(unit.decimals))
        }
        usageEditor.set("receipt", string: receipt)
        var editor = JSONObjectEditor(object)
        editor.set("usage", raw: usageEditor.finish())
        return editor.finish()
    }
}

/// A unit that somebody issued, as the cost of a call counts it.
public struct PricedUnit: Hashable, Sendable {
    /// Its 64 hex digits.
    public let identifier: String
    /// What people call it, such as `EURC`.
    public let name: String
    /// How many digits of an amount stand behind the point.
    public let decimals: UInt8

    /// Names a unit.
    public init(identifier: String, name: String, decimals: UInt8) {
        self.identifier = identifier
        self.name = name
        self.decimals = decimals
    }
}
