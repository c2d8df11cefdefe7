/// Why a request is refused before anything is sent or paid.
public enum RequestRefusal: Error, Hashable, Sendable {
    /// The body is not JSON that this market accepts.
    case malformed(JSONRefusal)
    /// A key differs from a known parameter only by case, so that upstreams would disagree on it.
    case ambiguousName(param: String)
    /// A required parameter is missing.
    case missing(param: String)
    /// A parameter has a value of the wrong type.
    case wrongType(param: String, expected: String)
    /// A parameter has a value outside its rule.
    case outOfRange(param: String, rule: String)
    /// A parameter of another dialect would override what the price depends on.
    case unsupported(param: String, instead: String)
    /// The body is not a form that this market accepts.
    case malformedForm(FormRefusal)

    /// The number for logs and the wire; append-only.
    public var code: UInt32 {
        switch self {
        case .malformed: 1
        case .ambiguousName: 2
        case .missing: 3
        case .wrongType: 4
        case .outOfRange: 5
        case .unsupported: 6
        case .malformedForm: 7
        }
    }

    /// The parameter at fault, if there is one.
    public var param: String? {
        switch self {
        case .malformed, .malformedForm: nil
        case .ambiguousName(let param), .missing(let param), .wrongType(let param, _),
            .outOfRange(let param, _), .unsupported(let param, _):
            param
        }
    }

    /// A sentence for the developer who sent the request.
    public var message: String {
        switch self {
        case .malformed(let refusal): "The body is not acceptable JSON: \(refusal.message)."
        case .ambiguousName(let param): "Spell '\(param)' in lower case."
        case .missing(let param): "The parameter '\(param)' is required."
        case .wrongType(let param, let expected): "'\(param)' must be \(expected)."
        case .outOfRange(let param, let rule): "'\(param)' must be \(rule)."
        case .unsupported(let param, let instead): "'\(param)' is not supported: \(instead)."
        case .malformedForm(let refusal):
            "The body is not an acceptable form: \(refusal.message)."
        }
    }

    /// The answer to the client.
    public var failure: APIFailure {
        APIFailure(.invalidRequest, message: message, param: param, stoaCode: code)
    }
}
