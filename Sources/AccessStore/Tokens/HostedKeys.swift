import CSodium
public import Identity
public import MarketTypes

extension SealingKey {
    /// The key by which this market acts for an account that granted it a session: the same for
    /// the same account, and stored nowhere, so whoever loses the key file loses the power to act,
    /// and nobody loses money by it.
    ///
    /// BLAKE2b (RFC 7693) keyed with the file's key, over a tag and the account's digest.
    ///
    /// - Returns: nil only if the system has no secure memory left.
    public func actingKey(of account: AccountID) -> SigningKey? {
        derivedKey(Array("stoa/access/acting-key/1".utf8) + account.digest.bytes)
    }

    /// The key by which one door of several signs vouchers for an account.
    ///
    /// Channels are bound to such a key, and a wallet uses those of its own key alone: so doors
    /// that act for one account never use each other's channels.
    ///
    /// - Returns: nil only if the system has no secure memory left.
    public func voucherKey(of account: AccountID, door: String) -> SigningKey? {
        derivedKey(
            Array("stoa/access/voucher-key/1".utf8) + account.digest.bytes + Array(door.utf8)
        )
    }

    private func derivedKey(_ message: [UInt8]) -> SigningKey? {
        var seed = [UInt8](repeating: 0, count: SigningKey.seedBytes)
        defer { sodium_memzero(&seed, seed.count) }
        let made = crypto_generichash(
            &seed,
            seed.count,
            message,
            UInt64(message.count),
            bytes,
            bytes.count
        )
        return made == 0 ? SigningKey(seed: seed) : nil
    }
}
