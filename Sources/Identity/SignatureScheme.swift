public import CanonicalCoding

/// How a key signs; the number is part of addresses and of every encoded key and signature.
public enum SignatureScheme: UInt8, Hashable, CaseIterable, Sendable {
    /// Ed25519 (RFC 8032), as libsodium verifies it: canonical S, no small-order keys.
    case ed25519 = 1
    /// P-256 inside a WebAuthn assertion; encodable today, verified by no node yet.
    case p256WebAuthn = 2
    /// ECDSA over secp256k1; encodable today, verified by no node yet.
    case secp256k1 = 3

    /// The exact length of an encoded public key.
    public var publicKeyBytes: Int {
        switch self {
        case .ed25519: 32
        case .p256WebAuthn, .secp256k1: 33
        }
    }

    /// The largest signature this scheme may carry; a WebAuthn assertion holds client data too.
    public var signatureBytesMax: Int {
        switch self {
        case .ed25519, .secp256k1: 64
        case .p256WebAuthn: 2048
        }
    }
}

/// Why a signature or key was refused.
public enum SignatureError: Error, Hashable, Sendable {
    /// The scheme is reserved: no node verifies it yet.
    case unsupportedScheme
    /// Key and signature name different schemes.
    case schemeMismatch
    /// The signature does not verify for this document, chain and key.
    case invalidSignature

    /// The number for the wire; append-only.
    public var code: UInt32 {
        switch self {
        case .unsupportedScheme: 1
        case .schemeMismatch: 2
        case .invalidSignature: 3
        }
    }
}

extension SignatureScheme: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(rawValue)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        guard let scheme = SignatureScheme(rawValue: try decoder.decodeUInt8()) else {
            throw .unknownTag
        }
        self = scheme
    }
}
