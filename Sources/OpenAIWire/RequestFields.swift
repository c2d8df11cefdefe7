/// The members of a request body, read with the refusals that a client understands.
struct RequestFields {
    let object: JSONObject

    /// Reads a body and refuses what an upstream might read differently from this module.
    init(
        _ body: [UInt8],
        known: [String],
        limits: JSONLimits
    ) throws(RequestRefusal) {
        do {
            object = try JSONObject(body, limits: limits)
        } catch {
            throw .malformed(error)
        }
        try ParameterNames.check(object.members.map(\.key), known: known)
    }

    func string(_ param: String) throws(RequestRefusal) -> String? {
        do {
            return try object.string(param)
        } catch {
            throw .wrongType(param: param, expected: "a string")
        }
    }

    func bool(_ param: String) throws(RequestRefusal) -> Bool? {
        do {
            return try object.bool(param)
        } catch {
            throw .wrongType(param: param, expected: "a boolean")
        }
    }

    /// A positive integer; zero is refused.
    func positive(_ param: String) throws(RequestRefusal) -> UInt64? {
        let number: UInt64?
        do {
            number = try object.unsigned(param)
        } catch {
            throw .wrongType(param: param, expected: "a positive integer")
        }
        guard number != 0 else { throw .outOfRange(param: param, rule: "at least 1") }
        return number
    }

    func object(_ param: String) throws(RequestRefusal) -> JSONObject? {
        do {
            return try object.object(param)
        } catch {
            throw error.reason == .wrongKind
                ? .wrongType(param: param, expected: "an object") : .malformed(error)
        }
    }

    /// The name of the model: present, short and free of control characters.
    func model() throws(RequestRefusal) -> String {
        guard let model = try string("model") else { throw .missing(param: "model") }
        try checkModel(model)
        return model
    }

    /// The text at `param`, which must be there and not be empty.
    func text(_ param: String) throws(RequestRefusal) -> String {
        guard let text = try string(param) else { throw .missing(param: param) }
        guard !text.isEmpty else { throw .outOfRange(param: param, rule: "not empty") }
        return text
    }

    /// Refuses to stream where answers come whole.
    func checkWhole() throws(RequestRefusal) {
        guard try bool("stream") != true else {
            throw .unsupported(param: "stream", instead: "answers of this path come whole")
        }
    }
}

/// The longest model name in bytes.
let modelBytesMax = 256

/// The rule of a model's name: short and free of control characters.
func checkModel(_ model: String) throws(RequestRefusal) {
    guard
        !model.isEmpty, model.utf8.count <= modelBytesMax,
        !model.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F })
    else {
        throw .outOfRange(param: "model", rule: "1 to \(modelBytesMax) printable bytes")
    }
}

/// Names that an upstream might read differently from this module.
enum ParameterNames {
    /// - Throws: ``RequestRefusal`` for a name that differs from a known one by case alone, and
    ///   for one of another dialect.
    static func check(
        _ keys: [ArraySlice<UInt8>],
        known: [String]
    ) throws(RequestRefusal) {
        for key in keys {
            guard let folded = foldedIfMixed(key) else { continue }
            let name =
                known.first { folded.elementsEqual($0.utf8) }
                ?? foreignParameters.first { folded.elementsEqual($0.name.utf8) }?.name
            if let name { throw .ambiguousName(param: name) }
        }
        for (name, instead) in foreignParameters
        where keys.contains(where: { $0.elementsEqual(name.utf8) }) {
            throw .unsupported(param: name, instead: instead)
        }
    }
}

/// Parameters with which other dialects override the model, the output bound or the upstream.
///
/// llama.cpp lets `n_predict` win over `max_tokens`; OpenRouter serves another of `models`; litellm
/// follows `api_base` and `fallbacks`; `best_of` and `n_cmpl` multiply the work. Tiers, searches
/// and plugins are what the seller's upstream charges extra for, and no offer's price has them.
private let foreignParameters: [(name: String, instead: String)] = [
    ("api_base", "the seller chooses the upstream"),
    ("api_key", "the seller chooses the upstream"),
    ("base_url", "the seller chooses the upstream"),
    ("best_of", "ask for one choice per call"),
    ("fallbacks", "name one model"),
    ("max_length", "use 'max_tokens'"),
    ("max_new_tokens", "use 'max_tokens'"),
    ("max_output_tokens", "use 'max_tokens'"),
    ("models", "name one model"),
    ("n_cmpl", "ask for one choice per call"),
    ("n_predict", "use 'max_tokens'"),
    ("num_predict", "use 'max_tokens'"),
    ("plugins", "the seller chooses what its upstream adds"),
    ("provider", "sellers are chosen at a gateway or a market"),
    ("service_tier", "the offer has one price"),
    ("web_search_options", "the seller chooses what its upstream adds"),
]

/// The key without regard to case, or nil if it is all lower case and ASCII already.
///
/// Go's encoding/json matches keys by Unicode simple folding and lets the last one win; beyond
/// ASCII two characters fold into it, the long s and the Kelvin sign.
private func foldedIfMixed(_ key: ArraySlice<UInt8>) -> [UInt8]? {
    guard key.contains(where: { $0 >= 0x80 || (0x41...0x5A).contains($0) }) else { return nil }
    var folded: [UInt8] = []
    var rest = key
    while let byte = rest.popFirst() {
        if byte == 0xC5, rest.first == 0xBF {
            folded.append(UInt8(ascii: "s"))
            rest = rest.dropFirst()
        } else if byte == 0xE2, rest.starts(with: [0x84, 0xAA]) {
            folded.append(UInt8(ascii: "k"))
            rest = rest.dropFirst(2)
        } else {
            folded.append((0x41...0x5A).contains(byte) ? byte | 0x20 : byte)
        }
    }
    return folded
}
