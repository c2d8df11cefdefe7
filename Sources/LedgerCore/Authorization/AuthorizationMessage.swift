import CanonicalCoding
public import MarketTypes

/// The messages about who may act for an account; their tags are those of ``Message``, from 116 to
/// 127, and append-only.
public enum AuthorizationMessage: Hashable, Sendable {
    /// Lets another key act, within limits; it replaces what that key was granted before.
    case grantSession(SessionGrant)
    /// Ends what a key was granted, at once.
    case revokeSession(AccountID)
    /// Asks that another key sign for the account, after a delay.
    case rotateKey(to: AccountID)
    /// Takes that back before it takes effect.
    case cancelRotation

    /// The tags that these messages may have.
    static let tags: ClosedRange<UInt8> = 116...127
}

extension AuthorizationMessage {
    var tag: UInt8 {
        switch self {
        case .grantSession: 116
        case .revokeSession: 117
        case .rotateKey: 118
        case .cancelRotation: 119
        }
    }

    /// Appends what follows the tag.
    func encodeFields(into encoder: inout CanonicalEncoder) {
        switch self {
        case .grantSession(let grant): encoder.encode(grant)
        case .revokeSession(let account), .rotateKey(let account): encoder.encode(account.digest)
        case .cancelRotation: break
        }
    }

    /// Reads what follows the tag.
    init(tag: UInt8, from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        switch tag {
        case 116: self = .grantSession(try SessionGrant(from: &decoder))
        case 117: self = .revokeSession(AccountID(try decoder.decodeDigest()))
        case 118: self = .rotateKey(to: AccountID(try decoder.decodeDigest()))
        case 119: self = .cancelRotation
        default: throw .unknownTag
        }
    }
}
