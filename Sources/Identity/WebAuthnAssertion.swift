import CLibcrypto
public import CanonicalCoding
public import MarketTypes

/// What a passkey answers when it is asked to sign: the bytes of a signature of scheme 2.
///
/// The challenge is the document's signing digest. The origin and the relying party are signed with
/// it and are not ours to know on the ledger: a key is bound to the site where it was made, and
/// that site's pages decide what its holder is asked. So a passkey for the market belongs to a site
/// that is trusted to say what it asks for.
public struct WebAuthnAssertion: Hashable, Sendable {
    /// The shortest authenticator data: relying party 32, flags 1, counter 4.
    static let authenticatorDataBytesMin = 37
    /// The longest authenticator data that is taken.
    public static let authenticatorDataBytesMax = 512
    /// The longest client data that is taken.
    public static let clientDataBytesMax = 1024

    /// What the authenticator says of itself and of the person in front of it.
    public let authenticatorData: [UInt8]
    /// The JSON text that the browser made: type, challenge, origin, and what browsers may add.
    public let clientDataJSON: [UInt8]
    /// ECDSA's r and s, 32 bytes each, big endian, s in the lower half.
    public let signature: [UInt8]

    /// Joins the parts, or returns nil if one is too long; nothing else is checked.
    public init?(authenticatorData: [UInt8], clientDataJSON: [UInt8], signature: [UInt8]) {
        guard authenticatorData.count <= Self.authenticatorDataBytesMax,
            clientDataJSON.count <= Self.clientDataBytesMax, signature.count == 64
        else { return nil }
        self.authenticatorData = authenticatorData
        self.clientDataJSON = clientDataJSON
        self.signature = signature
    }

    /// Joins the parts as browsers hand them out, or returns nil: the signature is ASN.1 DER, and
    /// its s may be in the upper half, from where it is brought into the lower.
    public init?(authenticatorData: [UInt8], clientDataJSON: [UInt8], derSignature: [UInt8]) {
        var parts = DERSignature(derSignature)
        guard let r = parts.next(), let s = parts.next(), parts.isAtEnd else { return nil }
        self.init(
            authenticatorData: authenticatorData,
            clientDataJSON: clientDataJSON,
            signature: r + HalfOrder.lower(s[...], order: HalfOrder.p256)
        )
    }

    /// Reads a signature's bytes, or returns nil.
    init?(bytes: [UInt8]) {
        var decoder = CanonicalDecoder(bytes)
        do {
            try self.init(from: &decoder)
        } catch {
            return nil
        }
        guard decoder.isAtEnd else { return nil }
    }

    /// The signature that carries this assertion.
    public var wrapped: Signature? {
        var encoder = CanonicalEncoder()
        encode(into: &encoder)
        return Signature(scheme: .p256WebAuthn, bytes: encoder.bytes)
    }

    /// What a browser is given as challenge for a document.
    public static func challenge(for digest: Digest) -> [UInt8] { digest.bytes }

    /// Whether `key` answered `digest`, and a person was there.
    func isSigned(by key: [UInt8], over digest: Digest) -> Bool {
        guard isAnswer(to: digest), isPresent, let group = Self.group,
            HalfOrder.holds(signature[32...], order: HalfOrder.p256)
        else { return false }
        let signed = authenticatorData + Digest(sha256: clientDataJSON).bytes
        let hash = Digest(sha256: signed).bytes
        return stoa_p256_verify(group, key, hash, signature) == 1
    }

    // Unchecked: made once, and only read afterwards.
    nonisolated(unsafe) private static let group = stoa_p256_group()

    /// The beginning of client data is fixed (WebAuthn Level 2, 5.8.1.2, limited verification), so
    /// that a verifier needs no JSON parser, over which nodes could disagree.
    private func isAnswer(to digest: Digest) -> Bool {
        let head =
            #"{"type":"webauthn.get","challenge":""# + Base64URL.encode(digest.bytes)
            + #"","origin":""#
        return clientDataJSON.starts(with: head.utf8) && clientDataJSON.last == UInt8(ascii: "}")
    }

    /// User present is set; there is no attested key, and something after the counter if and only
    /// if the flags say so.
    private var isPresent: Bool {
        guard authenticatorData.count >= Self.authenticatorDataBytesMin else { return false }
        let flags = authenticatorData[32]
        let (present, attested, extended) = (flags & 0x01, flags & 0x40, flags & 0x80)
        let isLonger = authenticatorData.count > Self.authenticatorDataBytesMin
        return present != 0 && attested == 0 && (extended != 0) == isLonger
    }
}

extension WebAuthnAssertion: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(bytes: authenticatorData)
        encoder.encode(bytes: clientDataJSON)
        encoder.encode(fixed: signature)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        authenticatorData = try decoder.decodeBytes(bytesMax: Self.authenticatorDataBytesMax)
        clientDataJSON = try decoder.decodeBytes(bytesMax: Self.clientDataBytesMax)
        signature = Array(try decoder.decode(fixed: 64))
    }
}

/// The two numbers of an ECDSA signature in ASN.1 DER, one after the other.
private struct DERSignature {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
        // A sequence that is as long as what follows it; 72 bytes at most, so one byte says it.
        let isWhole = bytes.count >= 2 && bytes[0] == 0x30 && Int(bytes[1]) == bytes.count - 2
        rest = isWhole && bytes.count <= 72 ? bytes[2...] : []
    }

    var isAtEnd: Bool { rest.isEmpty }

    /// The next number in 32 bytes, or nil if none follows, or one that is not P-256's.
    mutating func next() -> [UInt8]? {
        guard rest.count >= 3, rest.popFirst() == 0x02, let count = rest.popFirst(),
            (1...33).contains(count), rest.count >= Int(count)
        else { return nil }
        let digits = rest.prefix(Int(count)).drop { $0 == 0 }
        rest = rest.dropFirst(Int(count))
        guard digits.count <= 32 else { return nil }
        let number = [UInt8](repeating: 0, count: 32 - digits.count) + digits
        return number.lexicographicallyPrecedes(HalfOrder.p256) ? number : nil
    }
}

/// Base64 with the alphabet for URLs, without padding (RFC 4648, 5).
enum Base64URL {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8
    )

    static func encode(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        var buffer: UInt32 = 0
        var bits: UInt32 = 0
        for byte in bytes {
            buffer = (buffer << 8 | UInt32(byte)) & 0xffff
            bits += 8
            while bits >= 6 {
                bits -= 6
                out.append(alphabet[Int(buffer >> bits & 63)])
            }
        }
        if bits > 0 { out.append(alphabet[Int(buffer << (6 - bits) & 63)]) }
        return String(decoding: out, as: UTF8.self)
    }
}
