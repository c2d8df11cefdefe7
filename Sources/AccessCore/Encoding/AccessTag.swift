import CanonicalCoding
public import MarketTypes

/// Why access control hashes something: one tag for each purpose, as ``DomainTag`` has them for
/// what the ledger hashes, so that bytes made for one can never be taken for another.
public enum AccessTag: String, CaseIterable, Sendable {
    case apiKey = "stoa/access/api-key/1"
    case auditRecord = "stoa/access/audit-record/1"
    case authorizationCode = "stoa/access/authorization-code/1"
    case clientSecret = "stoa/access/client-secret/1"
    case crossSiteToken = "stoa/access/cross-site-token/2"
    case invitation = "stoa/access/invitation/1"
    case refreshToken = "stoa/access/refresh-token/1"
    case requestSeed = "stoa/access/request-seed/1"
    case session = "stoa/access/session/1"
}

extension Digest {
    /// Hashes the tag's length, the tag and `bytes`.
    ///
    /// What is stored of a secret is this and nothing else. SHA-256 is enough, because every secret
    /// here is 256 random bits: there is nothing to guess that a slow hash could protect.
    public init(_ tag: AccessTag, _ bytes: [UInt8]) {
        var hasher = SHA256Hasher()
        let text = Array(tag.rawValue.utf8)
        hasher.update(UInt8(truncatingIfNeeded: text.count))
        hasher.update(text)
        hasher.update(bytes)
        self = hasher.finalize()
    }
}
