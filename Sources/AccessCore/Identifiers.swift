import MarketTypes

/// Names a person or machine that may sign in; 16 random bytes.
public struct UserID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// How many bytes a name has.
    public static let bytesCount = 16
    /// The name's bytes.
    public let bytes: [UInt8]
    /// The name as lower-case hex.
    public var description: String { Hex.encode(bytes) }

    /// Wraps 16 bytes; nil for another count.
    public init?(bytes: [UInt8]) {
        guard bytes.count == Self.bytesCount else { return nil }
        self.bytes = bytes
    }

    /// Reads 32 lower-case hex digits; nil for anything else.
    public init?(text: String) {
        guard let bytes = Hex.decode(text), Hex.encode(bytes) == text else { return nil }
        self.init(bytes: bytes)
    }

    public static func < (lhs: UserID, rhs: UserID) -> Bool {
        lhs.bytes.lexicographicallyPrecedes(rhs.bytes)
    }
}

/// Names an organisation; 16 random bytes.
///
/// Every user has one of its own, with the same bytes.
public struct OrganisationID: Hashable, Sendable, CustomStringConvertible {
    /// The name's bytes.
    public let bytes: [UInt8]
    /// The name as lower-case hex.
    public var description: String { Hex.encode(bytes) }

    /// Wraps 16 bytes; nil for another count.
    public init?(bytes: [UInt8]) {
        guard bytes.count == UserID.bytesCount else { return nil }
        self.bytes = bytes
    }

    /// Reads 32 lower-case hex digits; nil for anything else.
    public init?(text: String) {
        guard let bytes = Hex.decode(text), Hex.encode(bytes) == text else { return nil }
        self.init(bytes: bytes)
    }

    /// The organisation that a user is alone in.
    public init(of user: UserID) {
        bytes = user.bytes
    }
}

/// Names an API key in lists and logs: what stands between its marker and its secret.
public struct APIKeyID: Hashable, Sendable, CustomStringConvertible {
    /// Twelve characters of base 62.
    public let text: String
    /// The name itself.
    public var description: String { text }

    /// Checks the form; nil if it is another.
    public init?(text: String) {
        guard text.utf8.count == Self.charactersCount, text.utf8.allSatisfy(\.isBase62) else {
            return nil
        }
        self.text = text
    }

    /// How many characters a name has.
    public static let charactersCount = 12
}

extension UInt8 {
    /// Whether this is a digit or a letter of ASCII.
    var isBase62: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: false
        }
    }
}
