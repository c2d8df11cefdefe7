public import MarketTypes

extension AccountID: CustomStringConvertible {
    private static var prefix: String { "stoa" }

    /// The address, such as `stoa1…`: bech32m (BIP-350) of the 32-byte account digest.
    public var description: String {
        Bech32m.encode(prefix: Self.prefix, bytes: digest.bytes)
    }

    /// Parses an address, or returns nil if prefix, digits, checksum or length are wrong.
    public init?(address: String) {
        guard let bytes = Bech32m.decode(address, prefix: Self.prefix),
            let digest = Digest(bytes: bytes)
        else { return nil }
        self.init(digest)
    }
}

extension PublicKey: CustomStringConvertible {
    /// The key as text: scheme number, colon, hex.
    public var description: String { "\(scheme.rawValue):\(Hex.encode(bytes))" }

    /// Parses the text form, or returns nil.
    public init?(text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = UInt8(parts[0]),
            let scheme = SignatureScheme(rawValue: number), String(number) == parts[0],
            let bytes = Hex.decode(parts[1])
        else { return nil }
        self.init(scheme: scheme, bytes: bytes)
    }
}
