import AccessCore
import CSodium
import OpenAIWire

/// What signs the messages of a webhook (Standard Webhooks 1.0).
public enum WebhookSecret: Hashable, Sendable {
    /// HMAC-SHA-256 under a secret that both sides have.
    case hmac([UInt8])
    /// Ed25519, by this seed.
    case ed25519(seed: [UInt8])

    /// How messages are signed.
    public enum Kind: String, CaseIterable, Sendable {
        case hmac, ed25519
    }

    static let bytesCount = 32

    init(_ kind: Kind, random: [UInt8]) {
        let bytes = Array(random.prefix(Self.bytesCount))
        self = kind == .hmac ? .hmac(bytes) : .ed25519(seed: bytes)
    }

    /// How messages are signed.
    public var kind: Kind {
        switch self {
        case .hmac: .hmac
        case .ed25519: .ed25519
        }
    }

    var bytes: [UInt8] {
        switch self {
        case .hmac(let bytes), .ed25519(seed: let bytes): bytes
        }
    }

    /// What the receiver is given: the secret itself, or the key that checks signatures.
    public var receiverText: String {
        switch self {
        case .hmac(let bytes): "whsec_" + Self.base64(bytes)
        case .ed25519(let seed): "whpk_" + Self.base64(Ed25519.publicKey(seed: seed) ?? [])
        }
    }

    /// One signature over a message, as `webhook-signature` lists it.
    ///
    /// What is signed is `id.timestamp.body`.
    func signature(id: String, seconds: UInt64, body: [UInt8]) -> String {
        let signed = Array("\(id).\(seconds).".utf8) + body
        switch self {
        case .hmac(let key): return "v1," + Self.base64(Self.hmac(signed, key: key))
        case .ed25519(let seed):
            return "v1a," + Self.base64(Ed25519.sign(signed, seed: seed) ?? [])
        }
    }

    private static func hmac(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        var state = crypto_auth_hmacsha256_state()
        var out = [UInt8](repeating: 0, count: Int(crypto_auth_hmacsha256_BYTES))
        crypto_auth_hmacsha256_init(&state, key, key.count)
        crypto_auth_hmacsha256_update(&state, message, UInt64(message.count))
        crypto_auth_hmacsha256_final(&state, &out)
        return out
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        String(decoding: Base64.encode(bytes), as: UTF8.self)
    }
}
