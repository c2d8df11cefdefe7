import CSodium

/// Ed25519 (RFC 8032) over bytes, for tokens and requests; what the ledger signs is a document.
public enum Ed25519 {
    /// The length of a seed in bytes.
    public static let seedBytesCount = 32
    /// The length of a public key in bytes.
    public static let keyBytesCount = 32
    /// The length of a signature in bytes.
    public static let signatureBytesCount = 64

    /// The public key of a seed, or nil if the seed has another length.
    public static func publicKey(seed: [UInt8]) -> [UInt8]? { pair(seed)?.key }

    /// Signs `message`; nil if the seed has another length.
    public static func sign(_ message: [UInt8], seed: [UInt8]) -> [UInt8]? {
        guard var pair = pair(seed) else { return nil }
        defer { sodium_memzero(&pair.secret, pair.secret.count) }
        var out = [UInt8](repeating: 0, count: signatureBytesCount)
        crypto_sign_detached(&out, nil, message, UInt64(message.count), pair.secret)
        return out
    }

    /// Whether `signature` is the key's over `message`.
    public static func isValid(_ signature: [UInt8], of message: [UInt8], key: [UInt8]) -> Bool {
        guard signature.count == signatureBytesCount, key.count == keyBytesCount else {
            return false
        }
        return crypto_sign_verify_detached(signature, message, UInt64(message.count), key) == 0
    }

    private static func pair(_ seed: [UInt8]) -> (key: [UInt8], secret: [UInt8])? {
        guard seed.count == seedBytesCount, sodium_init() >= 0 else { return nil }
        var key = [UInt8](repeating: 0, count: keyBytesCount)
        var secret = [UInt8](repeating: 0, count: Int(crypto_sign_SECRETKEYBYTES))
        guard crypto_sign_seed_keypair(&key, &secret, seed) == 0 else { return nil }
        return (key, secret)
    }
}

/// Whether two secrets are the same, in a time that says nothing about where they differ.
public func isSameSecret(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count && sodium_memcmp(left, right, left.count) == 0
}
