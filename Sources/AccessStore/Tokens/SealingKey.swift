import CSodium
import FoundationEssentials
import Glibc
import MarketTypes

/// The key under which the secrets of the database are sealed; it lies in a file of its own, so
/// that a copy of the database alone signs nothing.
public struct SealingKey: Sendable {
    private static let bytesCount = Int(crypto_aead_xchacha20poly1305_ietf_KEYBYTES)
    private static let nonceBytesCount = Int(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
    private static let tagBytesCount = Int(crypto_aead_xchacha20poly1305_ietf_ABYTES)

    let bytes: [UInt8]

    /// Reads the key of a file, making one that only its owner can read if there is none.
    ///
    /// - Throws: ``AccessStoreError/unsafeKeyFile(path:)`` if others can read it, or it is none.
    public init(path: String) throws {
        if access(path, F_OK) != 0 { try Self.make(path) }
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { throw AccessStoreError.unsafeKeyFile(path: path) }
        defer { close(file) }
        var info = stat()
        var text = [UInt8](repeating: 0, count: 2 * Self.bytesCount + 2)
        guard fstat(file, &info) == 0, info.st_mode & 0o077 == 0,
            read(file, &text, text.count) == text.count - 1, text[text.count - 2] == 0x0a,
            let bytes = Hex.decode(String(decoding: text.dropLast(2), as: UTF8.self))
        else { throw AccessStoreError.unsafeKeyFile(path: path) }
        self.bytes = bytes
    }

    /// Makes the file of a fresh key: whole, or not there at all. If another process makes one at
    /// the same time, the first stays.
    private static func make(_ path: String) throws {
        let text = Array((Hex.encode(randomBytes(bytesCount)) + "\n").utf8)
        let made = path + "." + Hex.encode(randomBytes(8))
        let file = Glibc.open(made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw AccessStoreError.unsafeKeyFile(path: path) }
        defer {
            close(file)
            unlink(made)
        }
        guard write(file, text, text.count) == text.count, fsync(file) == 0,
            // Where there are no links, the later of two that are made at once stays.
            link(made, path) == 0 || errno == EEXIST || rename(made, path) == 0
        else { throw AccessStoreError.unsafeKeyFile(path: path) }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let entry = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard entry >= 0 else { throw AccessStoreError.unsafeKeyFile(path: path) }
        defer { close(entry) }
        guard fsync(entry) == 0 else { throw AccessStoreError.unsafeKeyFile(path: path) }
    }

    /// Seals a secret; `name` must be given again to open it.
    public func seal(_ secret: [UInt8], name: String) -> [UInt8] {
        let nonce = randomBytes(Self.nonceBytesCount)
        var sealed = [UInt8](repeating: 0, count: secret.count + Self.tagBytesCount)
        let data = Array(name.utf8)
        crypto_aead_xchacha20poly1305_ietf_encrypt(
            &sealed,
            nil,
            secret,
            UInt64(secret.count),
            data,
            UInt64(data.count),
            nil,
            nonce,
            bytes
        )
        return nonce + sealed
    }

    /// Opens what was sealed under `name`.
    ///
    /// - Throws: ``AccessStoreError/wrongKeyFile``.
    public func open(_ sealed: [UInt8], name: String) throws -> [UInt8] {
        let overhead = Self.nonceBytesCount + Self.tagBytesCount
        guard sealed.count > overhead else { throw AccessStoreError.wrongKeyFile }
        var secret = [UInt8](repeating: 0, count: sealed.count - overhead)
        let nonce = Array(sealed[..<Self.nonceBytesCount])
        let rest = Array(sealed[Self.nonceBytesCount...])
        let data = Array(name.utf8)
        let opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
            &secret,
            nil,
            nil,
            rest,
            UInt64(rest.count),
            data,
            UInt64(data.count),
            nonce,
            bytes
        )
        guard opened == 0 else { throw AccessStoreError.wrongKeyFile }
        return secret
    }
}
