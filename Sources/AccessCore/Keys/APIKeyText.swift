public import MarketTypes

/// An API key as its holder has it: a marker, the name that lists show, the secret, a checksum.
///
/// ```
/// stoa_live_4fGh2KqLmN8p_<43 characters of secret><6 of checksum>
/// ```
/// The marker and the checksum let programs that look for leaked secrets find a key with certainty,
/// and let a typing error be told from a wrong key without asking anybody. Printing the value shows
/// no secret; only ``text`` does.
public struct APIKeyText: Hashable, Sendable, CustomStringConvertible {
    /// Whether a key spends, or only tries things out.
    public enum Mode: String, CaseIterable, Hashable, Sendable {
        case live, test
    }

    /// The random bytes that a new key takes: nine for its name, 32 for its secret.
    public static let randomBytesCount = 41
    /// How many characters a key has.
    public static let charactersCount = 72
    private static let secretCharacters = 43
    private static let checksumCharacters = 6

    /// Whether it spends.
    public let mode: Mode
    /// What lists and logs show.
    public let id: APIKeyID
    private let secret: [UInt8]

    /// Makes a key of random bytes; nil for another number of them.
    public init?(mode: Mode, random: [UInt8]) {
        guard random.count == Self.randomBytesCount,
            let id = APIKeyID(
                text: Base62.encode(Array(random[..<9]), count: APIKeyID.charactersCount)
            )
        else { return nil }
        self.mode = mode
        self.id = id
        secret = Array(random[9...])
    }

    /// Reads a key.
    ///
    /// - Throws: ``KeyRefusal/malformed``, ``KeyRefusal/mistyped`` if only the checksum is wrong.
    public init(_ text: String) throws(KeyRefusal) {
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        guard text.utf8.count == Self.charactersCount, parts.count == 4, parts[0] == "stoa",
            let mode = Mode(rawValue: String(parts[1])), let id = APIKeyID(text: String(parts[2])),
            parts[3].utf8.count == Self.secretCharacters + Self.checksumCharacters,
            parts[3].utf8.allSatisfy(\.isBase62)
        else { throw .malformed }
        let body = text.dropLast(Self.checksumCharacters)
        guard text.suffix(Self.checksumCharacters) == Self.checksum(of: body),
            let secret = Base62.decode(parts[3].prefix(Self.secretCharacters), byteCount: 32)
        else { throw .mistyped }
        self.mode = mode
        self.id = id
        self.secret = secret
    }

    /// The whole key; whoever reads it can act with it.
    public var text: String {
        let body =
            "\(prefix)_" + Base62.encode(secret, count: Self.secretCharacters)
        return body + Self.checksum(of: body[...])
    }

    /// Marker and name: what may be shown.
    public var prefix: String { "stoa_\(mode.rawValue)_\(id.text)" }

    /// Marker and name, and that there is more.
    public var description: String { "\(prefix)_…" }

    /// What is stored of the secret.
    public var digest: Digest { Digest(.apiKey, secret) }

    /// The seed of the Ed25519 key that signs requests without sending the secret.
    public var requestSeed: [UInt8] { Digest(.requestSeed, secret).bytes }

    private static func checksum(of body: Substring) -> String {
        let sum = CRC32.checksum(body.utf8)
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: sum >> (24 - 8 * $0)) }
        return Base62.encode(bytes, count: checksumCharacters)
    }
}
