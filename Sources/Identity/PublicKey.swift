public import CanonicalCoding
public import MarketTypes

/// A public key with its scheme.
public struct PublicKey: Hashable, Sendable {
    /// How this key signs.
    public let scheme: SignatureScheme
    /// The encoded key; its length is fixed by the scheme.
    public let bytes: [UInt8]

    /// Creates a key, or returns nil if the length is wrong for the scheme.
    public init?(scheme: SignatureScheme, bytes: [UInt8]) {
        guard bytes.count == scheme.publicKeyBytes else { return nil }
        self.scheme = scheme
        self.bytes = bytes
    }

    /// The account that this key controls: the hash of scheme and key.
    public var accountID: AccountID {
        AccountID(Digest(.account, [scheme.rawValue] + bytes))
    }
}

extension PublicKey: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(scheme)
        encoder.encode(fixed: bytes)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        scheme = try SignatureScheme(from: &decoder)
        bytes = Array(try decoder.decode(fixed: scheme.publicKeyBytes))
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
