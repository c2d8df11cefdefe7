import CanonicalCoding
import MarketTypes

/// The site that passkeys are made for.
public struct RelyingParty: Hashable, Sendable {
    /// The domain that passkeys are bound to.
    public let id: String
    /// The origins that may ask for them; empty takes `http://localhost` with any port.
    public let origins: [String]

    /// The most origins of one site.
    public static let originsMax = 8

    /// A site on this machine, for developers: browsers take `localhost` without TLS.
    public static let localhost = RelyingParty(knownID: "localhost")

    private init(knownID: String) {
        id = knownID
        origins = []
    }

    /// A site; nil if an origin is not https of the domain or one below it.
    public init?(id: String, origins: [String]) {
        guard !origins.isEmpty, origins.count <= Self.originsMax, Self.isDomain(id) else {
            return nil
        }
        for origin in origins {
            guard origin.hasPrefix("https://") else { return nil }
            let authority = origin.dropFirst("https://".count)
            let host = authority.prefix { $0 != ":" }
            let port = authority.dropFirst(host.count).dropFirst()
            guard host == id || host.hasSuffix("." + id), Self.isDomain(String(host)),
                port.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains),
                host.count == authority.count || !port.isEmpty
            else { return nil }
        }
        self.id = id
        self.origins = origins
    }

    /// What authenticators sign of the domain.
    var idHash: Digest { Digest(sha256: Array(id.utf8)) }

    /// Whether pages of this origin belong to the site.
    public func allows(origin: String) -> Bool {
        guard origins.isEmpty else { return origins.contains(origin) }
        let local = "http://localhost"
        guard origin.hasPrefix(local) else { return false }
        let rest = origin.dropFirst(local.count)
        if rest.isEmpty { return true }
        return rest.first == ":" && (2...6).contains(rest.utf8.count)
            && rest.dropFirst().utf8
                .allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains)
    }

    private static func isDomain(_ text: String) -> Bool {
        (1...253).contains(text.utf8.count)
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                    && label.utf8.allSatisfy { byte in
                        byte == UInt8(ascii: "-")
                            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    }
            }
    }
}

/// Why a passkey was not taken, in order of precedence.
public enum PasskeyRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// A part is missing, too long, or not in its one form.
    case malformed = 1
    /// The browser was asked for something else: to sign in rather than to register, or reverse.
    case wrongType = 2
    /// The challenge is not one that was given out, was used, or its time is over.
    case unknownChallenge = 3
    /// The page is of another site, or stands inside one.
    case otherOrigin = 4
    /// The authenticator was asked by another site.
    case otherRelyingParty = 5
    /// Nobody was there, or nobody proved who they are.
    case userAbsent = 6
    /// The flags contradict each other.
    case contradictoryFlags = 7
    /// The key is of a kind that the ledger does not take, or no point of its curve.
    case unsupportedKey = 8
    /// The attestation is of a kind that is not asked for, or does not verify.
    case unsupportedAttestation = 9
    /// There is no such passkey.
    case unknownPasskey = 10
    /// The passkey belongs to somebody else.
    case otherUser = 11
    /// The signature does not verify.
    case invalidSignature = 12
    /// The counter went back: there are two copies of the authenticator.
    case counterWentBack = 13
    /// The passkey is there already.
    case registeredAlready = 14
    /// The user has as many passkeys as they may have.
    case tooMany = 15
    /// The name is empty, too long or has unfit characters.
    case nameUnfit = 16
    /// The user has no other passkey to sign in with.
    case last = 17
    /// An organisation pays from the passkey's account.
    case paysForOrganisation = 18
    /// The session began too long ago for this: whoever holds it must show the passkey again.
    case sessionOld = 19

    /// The number for the wire; append-only.
    public var code: UInt32 { rawValue }
}

/// What the browser signed, read without a JSON parser: its beginning is fixed (WebAuthn Level 2,
/// 5.8.1.2), as the ledger reads it too.
struct ClientData: Hashable, Sendable {
    static let bytesMax = 1024

    let challenge: [UInt8]
    let origin: String

    /// Reads client data of a type.
    ///
    /// - Throws: ``PasskeyRefusal``.
    init(_ bytes: [UInt8], type: String) throws(PasskeyRefusal) {
        guard bytes.count <= Self.bytesMax,
            let text = String(validating: bytes, as: UTF8.self), text.hasSuffix("}"),
            text.hasPrefix(#"{"type":""#)
        else { throw .malformed }
        var rest = text.dropFirst(#"{"type":""#.count)
        guard rest.hasPrefix(type + "\"") else { throw .wrongType }
        rest = rest.dropFirst(type.count)
        guard let challenge = Self.member("challenge", &rest),
            let decoded = URLBase64.decode(challenge, bytesMax: 64),
            let origin = Self.member("origin", &rest)
        else { throw .malformed }
        rest = rest.dropFirst()
        // A page inside another's frame is not where a key should be asked for.
        guard !rest.hasPrefix(#","crossOrigin":true"#) else { throw .otherOrigin }
        guard rest == "}" || rest.hasPrefix(",\"") else { throw .malformed }
        self.challenge = decoded
        self.origin = String(origin)
    }

    /// Reads `","name":"text` and stops before the closing quote.
    private static func member(_ name: String, _ rest: inout Substring) -> Substring? {
        let head = "\",\"\(name)\":\""
        guard rest.hasPrefix(head) else { return nil }
        rest = rest.dropFirst(head.count)
        guard let end = rest.firstIndex(of: "\"") else { return nil }
        let text = rest[..<end]
        guard !text.contains("\\") else { return nil }
        rest = rest[end...]
        return text
    }
}
