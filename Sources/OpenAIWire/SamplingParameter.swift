/// A sampling parameter as the request spelled it, such as `temperature` and `0.2`.
public struct SamplingParameter: Hashable, Sendable {
    /// The longest value in bytes.
    public static let valueBytesMax = 64

    /// The parameter's name.
    public let name: String
    /// The value's JSON text, byte for byte.
    public let value: String

    /// The names that are read, by ascending bytes; all but `stop` are numbers.
    static let names = [
        "frequency_penalty", "max_completion_tokens", "max_tokens", "min_p", "presence_penalty",
        "repeat_penalty", "seed", "stop", "temperature", "top_k", "top_p",
    ]

    /// The parameters that `object` sets, by ascending name; a `null` sets nothing.
    ///
    /// A `stop` that is too long is left out, because it is text and not a knob; a number that
    /// long is refused.
    static func all(in object: JSONObject) throws(RequestRefusal) -> [SamplingParameter] {
        var parameters: [SamplingParameter] = []
        for name in names {
            guard let value = object[name], value.kind != .null else { continue }
            let isStop = name == "stop"
            guard isStop ? value.kind == .string || value.kind == .array : value.kind == .number
            else {
                throw .wrongType(param: name, expected: isStop ? "a string or a list" : "a number")
            }
            guard value.range.count <= valueBytesMax else {
                if isStop { continue }
                throw .outOfRange(param: name, rule: "at most \(valueBytesMax) bytes long")
            }
            let text = String(decoding: object.raw(value), as: UTF8.self)
            parameters.append(SamplingParameter(name: name, value: text))
        }
        return parameters
    }
}
