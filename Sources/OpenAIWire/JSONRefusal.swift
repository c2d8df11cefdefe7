/// Why bytes are not JSON that this market accepts, and where.
public struct JSONRefusal: Error, Hashable, Sendable {
    /// What is wrong; the numbers are append-only.
    public enum Reason: UInt32, Hashable, Sendable {
        /// The text ends inside a value.
        case truncated = 1
        /// A byte stands where the grammar allows no such byte.
        case unexpectedByte = 2
        /// Bytes other than white space follow the value.
        case trailingBytes = 3
        /// Arrays and objects are nested deeper than the limit.
        case tooDeep = 4
        /// An object or array that is read member by member has more members than the limit.
        case tooManyMembers = 5
        /// A number breaks the grammar, as `01`, `1.` and `+1` do.
        case invalidNumber = 6
        /// A string contains an unescaped control character.
        case controlCharacter = 7
        /// An escape is unknown, or half of a surrogate pair is missing.
        case invalidEscape = 8
        /// A string is not valid UTF-8.
        case invalidUTF8 = 9
        /// An object that is read member by member has the same key twice.
        case duplicateKey = 10
        /// The value is of another kind than the one asked for.
        case wrongKind = 11
        /// The number is not an unsigned integer below 2⁶⁴ written as digits alone.
        case notUnsignedInteger = 12
        /// A value of the right kind lies beyond what its field allows.
        case outOfRange = 13
    }

    /// What is wrong.
    public let reason: Reason
    /// The distance from the start of the bytes to the first offending byte.
    public let offsetBytes: Int

    /// The number for logs and the wire.
    public var code: UInt32 { reason.rawValue }

    /// Creates a refusal.
    public init(_ reason: Reason, offsetBytes: Int) {
        self.reason = reason
        self.offsetBytes = offsetBytes
    }

    /// A sentence fragment for people, such as `invalid number at byte 12`.
    public var message: String {
        "\(reason.phrase) at byte \(offsetBytes)"
    }
}

extension JSONRefusal.Reason {
    fileprivate var phrase: String {
        switch self {
        case .truncated: "unexpected end"
        case .unexpectedByte: "unexpected character"
        case .trailingBytes: "text after the end of the value"
        case .tooDeep: "nesting too deep"
        case .tooManyMembers: "too many members"
        case .invalidNumber: "invalid number"
        case .controlCharacter: "unescaped control character"
        case .invalidEscape: "invalid escape"
        case .invalidUTF8: "invalid UTF-8"
        case .duplicateKey: "the same key twice"
        case .wrongKind: "value of the wrong type"
        case .notUnsignedInteger: "not an unsigned integer"
        case .outOfRange: "value out of range"
        }
    }
}
