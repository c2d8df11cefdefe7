import CSecp256k1
public import CanonicalCoding
public import MarketTypes

/// The bytes of a signature of scheme 3: one that says what was signed, and ECDSA's r and s.
///
/// Wallets of Ethereum's do not sign 32 bytes that they are given: they sign a text (EIP-191) or a
/// typed document (EIP-712), and show it. Both name the digest and the purpose.
public struct EthereumSignature: Hashable, Sendable {
    /// What was signed; the numbers are append-only.
    public enum Format: UInt8, Hashable, CaseIterable, Sendable {
        /// The signing digest itself.
        case digest = 1
        /// ``EthereumSignature/text(of:for:)`` as `personal_sign` signs it (EIP-191, version 0x45).
        case personalText = 2
        /// The struct `StoaDocument` in the domain `Stoa` version `1`, as `eth_signTypedData_v4`
        /// signs it (EIP-712).
        case typedData = 3
    }

    /// The format's byte, r and s.
    public static let byteCount = 65

    /// What was signed.
    public let format: Format
    /// r and s, 32 bytes each, big endian, s in the lower half.
    public let rs: [UInt8]

    /// Joins the parts, or returns nil if r and s are not 64 bytes.
    public init?(format: Format, rs: [UInt8]) {
        guard rs.count == Self.byteCount - 1 else { return nil }
        self.format = format
        self.rs = rs
    }

    /// Reads a signature's bytes, or returns nil.
    init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount, let format = Format(rawValue: bytes[0]) else {
            return nil
        }
        self.format = format
        rs = Array(bytes[1...])
    }

    /// The signature as documents carry it.
    public var wrapped: Signature? {
        Signature(scheme: .secp256k1, bytes: [format.rawValue] + rs)
    }

    /// The text that a wallet shows and signs.
    public static func text(of digest: Digest, for purpose: DomainTag) -> String {
        "Sign for Stoa\npurpose: \(purpose.rawValue)\ndigest: \(digest)"
    }

    /// Whether `key` signed `digest` for `purpose`.
    func isSigned(by key: [UInt8], over digest: Digest, for purpose: DomainTag) -> Bool {
        stoa_secp256k1_verify(key, Self.hash(of: digest, for: purpose, format), rs) == 1
    }

    /// The 32 bytes that the curve's signature is over.
    static func hash(of digest: Digest, for purpose: DomainTag, _ format: Format) -> [UInt8] {
        switch format {
        case .digest: return digest.bytes
        case .personalText:
            let text = Array(text(of: digest, for: purpose).utf8)
            let head = "\u{19}Ethereum Signed Message:\n\(text.count)"
            return Keccak256.hash(Array(head.utf8) + text)
        case .typedData:
            let document =
                keccak("StoaDocument(bytes32 digest,string purpose)") + digest.bytes
                + keccak(purpose.rawValue)
            return Keccak256.hash([0x19, 0x01] + domain + Keccak256.hash(document))
        }
    }

    private static let domain = Keccak256.hash(
        keccak("EIP712Domain(string name,string version)") + keccak("Stoa") + keccak("1")
    )

    private static func keccak(_ text: String) -> [UInt8] { Keccak256.hash(Array(text.utf8)) }
}
