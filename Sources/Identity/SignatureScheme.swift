public import CanonicalCoding

/// How a key signs; the number is part of addresses and of every encoded key and signature.
public enum SignatureScheme: UInt8, Hashable, CaseIterable, Sendable {
    /// Ed25519 (RFC 8032), as libsodium verifies it: canonical S, no small-order keys.
    case ed25519 = 1
    /// ECDSA over P-256 inside a WebAuthn assertion: a passkey (``WebAuthnAssertion``).
    case p256WebAuthn = 2
    /// ECDSA over secp256k1, plain or as Ethereum's wallets sign (``EthereumSignature``).
    case secp256k1 = 3
    /// So many of so many keys of the other schemes (``KeyPolicy``).
    case multisignature = 4

    /// The length of an encoded public key; one length for all schemes but the last.
    public var publicKeyBytes: ClosedRange<Int> {
        switch self {
        case .ed25519: 32...32
        case .p256WebAuthn, .secp256k1: 33...33
        case .multisignature: KeyPolicy.bytesMin...KeyPolicy.bytesMax
        }
    }

    /// Whether the length of a key is part of its encoding.
    var hasVariableKey: Bool { self == .multisignature }

    /// The largest signature this scheme may carry; a WebAuthn assertion holds client data too.
    public var signatureBytesMax: Int {
        switch self {
        case .ed25519: 64
        case .secp256k1: EthereumSignature.byteCount
        case .p256WebAuthn: 2048
        case .multisignature: KeyPolicy.signatureBytesMax
        }
    }
}

/// Which schemes may sign a kind of document.
public enum SigningSchemes: Hashable, Sendable {
    /// Ed25519 alone: for keys that sign all day, whose checking decides what a call costs.
    case ed25519
    /// Every scheme: for what an account's holder signs.
    case all

    func contains(_ scheme: SignatureScheme) -> Bool { self == .all || scheme == .ed25519 }
}

/// Why a signature or key was refused.
public enum SignatureError: Error, Hashable, Sendable {
    /// Keys of this scheme may not sign this kind of document.
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
