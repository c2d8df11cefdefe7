import CSodium

extension PublicKey {
    /// Whether `signature` is this key's over `message`, a document of somebody else's protocol.
    ///
    /// Our own documents are signed by digest under a tag (``SignableDocument``); an ordering
    /// engine's votes are signed as they are. This only checks: nothing here signs such bytes.
    public func verifiesForeign(_ signature: [UInt8], over message: [UInt8]) -> Bool {
        guard scheme == .ed25519, signature.count == Int(crypto_sign_BYTES) else { return false }
        return crypto_sign_verify_detached(signature, message, UInt64(message.count), bytes) == 0
    }
}
