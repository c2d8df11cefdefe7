import CSodium
public import MarketTypes

/// A secret key, held in guarded, read-only memory and erased when released.
public final class SigningKey: @unchecked Sendable {
    // Unchecked: the memory is written once in the initializer, then mapped read-only.

    /// The key that checks what this one signs.
    public let publicKey: PublicKey
    private let secret: UnsafeMutableRawPointer

    /// The length of a seed in bytes.
    public static let seedBytes = Int(crypto_sign_SEEDBYTES)

    /// Creates an Ed25519 key from a 32-byte seed, or returns nil if there is no secure memory.
    public init?(seed: [UInt8]) {
        guard seed.count == Self.seedBytes, sodium_init() >= 0,
            let memory = sodium_malloc(Int(crypto_sign_SECRETKEYBYTES))
        else { return nil }
        var key = [UInt8](repeating: 0, count: Int(crypto_sign_PUBLICKEYBYTES))
        let made = crypto_sign_seed_keypair(
            &key,
            memory.assumingMemoryBound(to: UInt8.self),
            seed
        )
        guard made == 0, sodium_mprotect_readonly(memory) == 0,
            let publicKey = PublicKey(scheme: .ed25519, bytes: key)
        else {
            sodium_free(memory)
            return nil
        }
        self.secret = memory
        self.publicKey = publicKey
    }

    deinit {
        sodium_free(secret)
    }

    /// Creates a fresh key from the system's randomness.
    ///
    /// - Returns: nil only if the system has no secure memory left.
    public static func generate() -> SigningKey? {
        guard sodium_init() >= 0 else { return nil }
        var seed = [UInt8](repeating: 0, count: seedBytes)
        randombytes_buf(&seed, seedBytes)
        defer { sodium_memzero(&seed, seedBytes) }
        return SigningKey(seed: seed)
    }

    /// The account that this key controls.
    public var accountID: AccountID { publicKey.accountID }

    /// The seed, for writing a keystore; erase it after use.
    func exportSeed() -> [UInt8] {
        var seed = [UInt8](repeating: 0, count: Self.seedBytes)
        crypto_sign_ed25519_sk_to_seed(&seed, secret.assumingMemoryBound(to: UInt8.self))
        return seed
    }

    func signature(over digest: Digest) -> Signature {
        let message = digest.bytes
        var out = [UInt8](repeating: 0, count: Int(crypto_sign_BYTES))
        crypto_sign_detached(
            &out,
            nil,
            message,
            UInt64(message.count),
            secret.assumingMemoryBound(to: UInt8.self)
        )
        return Signature(ed25519: out)
    }
}
