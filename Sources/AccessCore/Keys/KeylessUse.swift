import CanonicalCoding
import MarketTypes

/// Calls that no key makes: they are counted beside those of keys, under a name that no key has.
public enum KeylessUse: String, CaseIterable, Hashable, Sendable {
    /// Somebody in a browser's session tried an offer on its page.
    case pages
    /// A program with a token of this market.
    case programs
    /// What has no room among the counters of the other two: keys can be replaced when theirs are
    /// full, and these cannot.
    case rest

    /// What all models together are called that are counted as ``rest``.
    public static let restModel = "other models"

    /// What the caller's calls are counted as; nil if a key makes them.
    public init?(_ proof: Caller.Proof) {
        switch proof {
        case .key: return nil
        case .session: self = .pages
        case .token: self = .programs
        }
    }

    /// The name of the counters of an organisation's use; nil never, in practice: twelve characters
    /// of base 62 are a name.
    public func counter(of organisation: OrganisationID) -> APIKeyID? {
        let text = Array("stoa/access/keyless/\(rawValue)".utf8)
        let digest = Digest(sha256: [UInt8(text.count)] + text + organisation.bytes)
        return APIKeyID(
            text: Base62.encode(Array(digest.bytes.prefix(9)), count: APIKeyID.charactersCount)
        )
    }
}
