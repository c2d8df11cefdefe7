public import CanonicalCoding
public import MarketTypes

/// A public key with its scheme.
public struct PublicKey: Hashable, Sendable {
    /// How this key signs.
    public let scheme: SignatureScheme
    /// The encoded key; its length is fixed by the scheme, but for a ``KeyPolicy``'s.
    public let bytes: [UInt8]

    /// Creates a key, or returns nil if the length is wrong for the scheme, or the bytes of a
    /// policy are none; whether there is such a point on the scheme's curve is not checked.
    public init?(scheme: SignatureScheme, bytes: [UInt8]) {
        guard scheme.publicKeyBytes.contains(bytes.count) else { return nil }
        guard scheme != .multisignature || KeyPolicy(bytes: bytes) != nil else { return nil }
        self.scheme = scheme
        self.bytes = bytes
    }

    /// A policy's key: its bytes are known to be in order.
    init(policyBytes: [UInt8]) {
        scheme = .multisignature
        bytes = policyBytes
    }

    /// How many signatures one of this key's takes to check: what a policy asks for, else one.
    public var signatureCount: Int { scheme == .multisignature ? Int(bytes[0]) : 1 }

    /// The account that this key controls: the hash of scheme and key.
    public var accountID: AccountID {
        AccountID(Digest(.account, [scheme.rawValue] + bytes))
    }
}

extension PublicKey: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(scheme)
        if scheme.hasVariableKey {
            encoder.encode(bytes: bytes)
        } else {
            encoder.encode(fixed: bytes)
        }
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        let scheme = try SignatureScheme(from: &decoder)
        let lengths = scheme.publicKeyBytes
        let bytes =
            scheme.hasVariableKey
            ? try decoder.decodeBytes(bytesMax: lengths.upperBound)
            : Array(try decoder.decode(fixed: lengths.upperBound))
        guard let key = PublicKey(scheme: scheme, bytes: bytes) else { throw .invalidValue }
        self = key
    }
}

/// A signature with its scheme.
public struct Signature: Hashable, Sendable {
    /// How this signature was made.
    public let scheme: SignatureScheme
    /// The signature itself.
    public let bytes: [UInt8]

    /// Creates a signature, or returns nil if it is longer than its scheme allows.
    public init?(scheme: SignatureScheme, bytes: [UInt8]) {
        guard bytes.count <= scheme.signatureBytesMax else { return nil }
        self.scheme = scheme
        self.bytes = bytes
    }

    init(ed25519 bytes: [UInt8]) {
        scheme = .ed25519
        self.bytes = bytes
    }
}

extension Signature: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(scheme)
        encoder.encode(bytes: bytes)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        scheme = try SignatureScheme(from: &decoder)
        bytes = try decoder.decodeBytes(bytesMax: scheme.signatureBytesMax)
    }
}
