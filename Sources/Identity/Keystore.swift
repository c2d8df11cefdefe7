import CSodium
public import MarketTypes

/// Why a keystore could not be opened or written.
public enum KeystoreError: Error, Hashable, Sendable {
    /// The text is not a keystore of a version this program knows.
    case malformed
    /// The passphrase is wrong, or the file was altered: the two cannot be told apart.
    case wrongPassphrase
    /// The work factors exceed what this program is willing to spend.
    case tooCostly
    /// The system has not enough memory to derive or hold the key.
    case outOfMemory
}

/// A secret key at rest: Argon2id (RFC 9106) over the passphrase, then XChaCha20-Poly1305.
///
/// ```
/// stoa-keystore 1
/// address stoa1…
/// kdf argon2id 4 67108864 <salt>
/// aead xchacha20poly1305 <nonce>
/// secret <ciphertext and tag>
/// ```
/// The first four lines are authenticated together with the secret.
public enum Keystore {
    /// How much work a guess at the passphrase costs.
    public struct Cost: Hashable, Sendable {
        /// Passes over the memory.
        public let passes: UInt64
        /// Memory in bytes.
        public let memoryBytes: Int

        /// libsodium's interactive profile, doubled in passes: about a tenth of a second.
        public static let standard = Cost(passes: 4, memoryBytes: 64 << 20)

        /// Creates a cost.
        public init(passes: UInt64, memoryBytes: Int) {
            self.passes = passes
            self.memoryBytes = memoryBytes
        }

        static let passesMax: UInt64 = 64
        static let memoryBytesMin = Int(crypto_pwhash_MEMLIMIT_MIN)
        static let memoryBytesMax = 1 << 30
        /// Passes times memory, four times libsodium's "sensitive": some ten seconds.
        static let workBytesMax: UInt64 = 16 << 30

        /// Whether the key derivation is defined for these numbers.
        var isPossible: Bool { passes > 0 && memoryBytes >= Self.memoryBytesMin }

        /// Whether this program is willing to spend so much.
        var isAffordable: Bool {
            passes <= Self.passesMax && memoryBytes <= Self.memoryBytesMax
                && passes * UInt64(memoryBytes) <= Self.workBytesMax
        }
    }

    private static let title = "stoa-keystore 1"

    /// Seals `key` under `passphrase` and returns the text of the file.
    ///
    /// - Throws: ``KeystoreError/malformed`` or ``KeystoreError/tooCostly`` for a cost that
    ///   ``open(_:passphrase:)`` would refuse, ``KeystoreError/outOfMemory``.
    public static func seal(
        _ key: SigningKey,
        passphrase: [UInt8],
        cost: Cost = .standard
    ) throws(KeystoreError) -> String {
        guard cost.isPossible else { throw .malformed }
        guard cost.isAffordable else { throw .tooCostly }
        var salt = [UInt8](repeating: 0, count: Int(crypto_pwhash_SALTBYTES))
        var nonce = [UInt8](
            repeating: 0,
            count: Int(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
        )
        randombytes_buf(&salt, salt.count)
        randombytes_buf(&nonce, nonce.count)
        let header = """
            \(title)
            address \(key.accountID)
            kdf argon2id \(cost.passes) \(cost.memoryBytes) \(Hex.encode(salt))
            aead xchacha20poly1305 \(Hex.encode(nonce))

            """
        var derived = try derive(passphrase, salt: salt, cost: cost)
        var seed = key.exportSeed()
        defer {
            sodium_memzero(&seed, seed.count)
            sodium_memzero(&derived, derived.count)
        }
        var sealed = [UInt8](
            repeating: 0,
            count: seed.count + Int(crypto_aead_xchacha20poly1305_ietf_ABYTES)
        )
        let data = Array(header.utf8)
        crypto_aead_xchacha20poly1305_ietf_encrypt(
            &sealed,
            nil,
            seed,
            UInt64(seed.count),
            data,
            UInt64(data.count),
            nil,
            nonce,
            derived
        )
        return header + "secret \(Hex.encode(sealed))\n"
    }

    /// Opens the text of a keystore file.
    ///
    /// - Throws: ``KeystoreError``; a wrong passphrase is ``KeystoreError/wrongPassphrase``.
    public static func open(_ text: String, passphrase: [UInt8]) throws(KeystoreError) -> SigningKey
    {
        let file = try parse(text)
        var derived = try derive(passphrase, salt: file.salt, cost: file.cost)
        var seed = [UInt8](repeating: 0, count: SigningKey.seedBytes)
        defer {
            sodium_memzero(&seed, seed.count)
            sodium_memzero(&derived, derived.count)
        }
        let opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
            &seed,
            nil,
            nil,
            file.sealed,
            UInt64(file.sealed.count),
            file.header,
            UInt64(file.header.count),
            file.nonce,
            derived
        )
        guard opened == 0 else { throw .wrongPassphrase }
        guard let key = SigningKey(seed: seed) else { throw .outOfMemory }
        guard key.accountID == file.account else { throw .malformed }
        return key
    }

    /// Reads whose key a file holds, without the passphrase.
    ///
    /// - Throws: ``KeystoreError/malformed``.
    public static func account(in text: String) throws(KeystoreError) -> AccountID {
        try parse(text).account
    }

    private struct File {
        let account: AccountID
        let cost: Cost
        let salt, nonce, sealed, header: [UInt8]
    }

    private static func parse(_ text: String) throws(KeystoreError) -> File {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard text.utf8.count <= 4096, lines.count == 6, lines[5].isEmpty, lines[0] == title
        else { throw .malformed }
        let address = try fields(lines[1], "address", 1)
        let kdf = try fields(lines[2], "kdf", 4)
        let aead = try fields(lines[3], "aead", 2)
        let secret = try fields(lines[4], "secret", 1)
        guard let account = AccountID(address: String(address[0])), kdf[0] == "argon2id",
            let passes = UInt64(kdf[1]), let memory = Int(kdf[2]), kdf[1] == String(passes),
            kdf[2] == String(memory),
            let salt = Hex.decode(kdf[3]), salt.count == Int(crypto_pwhash_SALTBYTES),
            aead[0] == "xchacha20poly1305", let nonce = Hex.decode(aead[1]),
            nonce.count == Int(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES),
            let sealed = Hex.decode(secret[0]),
            sealed.count == SigningKey.seedBytes
                + Int(crypto_aead_xchacha20poly1305_ietf_ABYTES)
        else { throw .malformed }
        let cost = Cost(passes: passes, memoryBytes: memory)
        guard cost.isPossible else { throw .malformed }
        guard cost.isAffordable else { throw .tooCostly }
        let header = lines[0..<4].joined(separator: "\n") + "\n"
        return File(
            account: account,
            cost: cost,
            salt: salt,
            nonce: nonce,
            sealed: sealed,
            header: Array(header.utf8)
        )
    }

    private static func fields(
        _ line: Substring,
        _ name: String,
        _ count: Int
    ) throws(KeystoreError) -> [Substring] {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == count + 1, words[0] == name else { throw .malformed }
        return Array(words.dropFirst())
    }

    private static func derive(
        _ passphrase: [UInt8],
        salt: [UInt8],
        cost: Cost
    ) throws(KeystoreError) -> [UInt8] {
        guard sodium_init() >= 0 else { throw .outOfMemory }
        var key = [UInt8](
            repeating: 0,
            count: Int(crypto_aead_xchacha20poly1305_ietf_KEYBYTES)
        )
        // A trailing zero keeps the pointer valid for an empty passphrase; it is not hashed.
        var text = passphrase.map { CChar(bitPattern: $0) } + [0]
        defer { sodium_memzero(&text, text.count) }
        let derived = crypto_pwhash(
            &key,
            UInt64(key.count),
            text,
            UInt64(passphrase.count),
            salt,
            cost.passes,
            cost.memoryBytes,
            crypto_pwhash_ALG_ARGON2ID13
        )
        guard derived == 0 else { throw .outOfMemory }
        return key
    }
}
