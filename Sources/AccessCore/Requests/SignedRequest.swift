import CanonicalCoding
public import MarketTypes

/// Why a signed request was refused, in order of precedence.
public enum SignedRequestRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// The field is not in its one form.
    case malformed = 1
    /// The clock of whoever signed differs too much, or the request is old.
    case outsideWindow = 2
    /// The signature is not this key's over this request.
    case invalidSignature = 3
    /// The same request came before.
    case replayed = 4
    /// The key sends more signed requests than can be remembered.
    case tooMany = 5
    /// The request must be signed and is not.
    case unsigned = 6

    /// The number for the wire; append-only.
    public var code: UInt32 { rawValue }
}

/// The field `Authorization: Stoa-Ed25519 …` of a signed request.
///
/// ```
/// Authorization: Stoa-Ed25519 id=<key's name>, ts=<ms>, nonce=<22 characters>, sig=<86 characters>
/// ```
/// The Ed25519 key is derived from the API key's secret, and the market keeps only its public half:
/// the secret is not sent, and who reads the database cannot sign.
public struct SignedRequest: Hashable, Sendable {
    /// The scheme's name in the field.
    public static let scheme = "Stoa-Ed25519"
    /// How far the time may be off to either side, in milliseconds: two minutes.
    public static let windowMilliseconds: UInt64 = 120_000
    /// The most nonces that are remembered for one key.
    public static let noncesPerKeyMax = 20_000
    private static let nonceBytesCount = 16
    private static let fieldBytesMax = 256

    /// Whose it is.
    public let key: APIKeyID
    /// When it was signed.
    public let time: Timestamp
    /// What makes it different from every other request of the key: 16 bytes.
    public let nonce: [UInt8]
    private let signature: [UInt8]

    /// Reads the field.
    ///
    /// - Throws: ``SignedRequestRefusal/malformed``.
    public init(field: String) throws(SignedRequestRefusal) {
        let head = Self.scheme + " "
        guard field.utf8.count <= Self.fieldBytesMax, field.hasPrefix(head) else {
            throw .malformed
        }
        var rest = field.dropFirst(head.count)
        guard let id = Self.member("id", &rest), let key = APIKeyID(text: String(id)),
            let text = Self.member("ts", &rest), let milliseconds = UInt64(text),
            String(milliseconds) == text, milliseconds < 1 << 53,
            let nonceText = Self.member("nonce", &rest),
            let nonce = URLBase64.decode(nonceText, bytesMax: Self.nonceBytesCount),
            nonce.count == Self.nonceBytesCount, let signatureText = Self.member("sig", &rest),
            let signature = URLBase64.decode(
                signatureText,
                bytesMax: Ed25519.signatureBytesCount
            ),
            signature.count == Ed25519.signatureBytesCount, rest.isEmpty
        else { throw .malformed }
        self.key = key
        self.nonce = nonce
        self.signature = signature
        time = Timestamp(milliseconds: milliseconds)
    }

    /// Takes `name=text` and the comma after it.
    private static func member(_ name: String, _ rest: inout Substring) -> Substring? {
        guard rest.hasPrefix(name + "=") else { return nil }
        rest = rest.dropFirst(name.utf8.count + 1)
        let text = rest.prefix { $0 != "," }
        rest = rest.dropFirst(text.count)
        if rest.hasPrefix(", ") { rest = rest.dropFirst(2) }
        return text
    }

    /// Checks time and signature; that the nonce is new is the store's to say.
    ///
    /// - Throws: ``SignedRequestRefusal``.
    public func check(
        _ content: RequestContent,
        requestKey: [UInt8],
        at now: Timestamp
    ) throws(SignedRequestRefusal) {
        let (early, late) = (min(time, now), max(time, now))
        guard late.milliseconds - early.milliseconds <= Self.windowMilliseconds else {
            throw .outsideWindow
        }
        let message = content.signedBytes(key: key, time: time, nonce: nonce)
        guard Ed25519.isValid(signature, of: message, key: requestKey) else {
            throw .invalidSignature
        }
    }

    /// Until when its nonce must be remembered.
    public var forgottenAfter: Timestamp {
        time.adding(milliseconds: 2 * Self.windowMilliseconds)
    }
}

/// What is signed of a request.
public struct RequestContent: Hashable, Sendable {
    private let method: String
    private let target: String
    private let body: Digest

    /// Describes a request.
    ///
    /// - Parameters:
    ///   - method: in upper case.
    ///   - target: path and query, byte for byte as they are sent.
    ///   - body: the whole body; empty if there is none.
    public init(method: String, target: String, body: [UInt8]) {
        self.method = method
        self.target = target
        self.body = Digest(sha256: body)
    }

    /// The field that signs this request, as a client sends it.
    ///
    /// - Parameters:
    ///   - nonce: 16 random bytes.
    /// - Returns: nil for another count.
    public func field(signedBy key: APIKeyText, nonce: [UInt8], at now: Timestamp) -> String? {
        let message = signedBytes(key: key.id, time: now, nonce: nonce)
        guard nonce.count == 16, let signature = Ed25519.sign(message, seed: key.requestSeed) else {
            return nil
        }
        return "\(SignedRequest.scheme) id=\(key.id), ts=\(now.milliseconds), "
            + "nonce=\(URLBase64.encode(nonce)), sig=\(URLBase64.encode(signature))"
    }

    /// Seven lines: the format's name, method, target, the body's SHA-256, time, nonce, key.
    func signedBytes(key: APIKeyID, time: Timestamp, nonce: [UInt8]) -> [UInt8] {
        let lines = [
            "stoa-request-1", method, target, body.description, "\(time.milliseconds)",
            URLBase64.encode(nonce), key.text,
        ]
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }
}
