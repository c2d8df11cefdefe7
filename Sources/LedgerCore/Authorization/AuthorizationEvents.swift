import CanonicalCoding
public import MarketTypes

/// What happened to who may act for an account; the tags are those of ``Event``, from 116 to 127,
/// and append-only.
public enum AuthorizationEvent: Hashable, Sendable {
    /// A key may act for the account until a height.
    case sessionGranted(AccountID, session: AccountID, validUntil: BlockHeight)
    /// A key may not act for the account any more.
    case sessionRevoked(AccountID, session: AccountID)
    /// Another key will sign for the account: the alarm for whoever did not ask for it.
    case rotationStarted(AccountID, next: AccountID, effectiveAt: BlockHeight)
    /// Another key will not sign for the account.
    case rotationCancelled(AccountID, next: AccountID)
    /// Another key signs for the account now.
    case keyRotated(AccountID, signer: AccountID)

    /// The tags that these events may have.
    static let tags: ClosedRange<UInt8> = 116...127
}

extension AuthorizationEvent {
    /// The account, and whose key it is about.
    private var parties: (account: AccountID, key: AccountID) {
        switch self {
        case .sessionGranted(let account, let key, _), .sessionRevoked(let account, let key),
            .rotationStarted(let account, let key, _), .rotationCancelled(let account, let key),
            .keyRotated(let account, let key):
            (account, key)
        }
    }

    private var tag: UInt8 {
        switch self {
        case .sessionGranted: 116
        case .sessionRevoked: 117
        case .rotationStarted: 118
        case .rotationCancelled: 119
        case .keyRotated: 120
        }
    }

    private var height: BlockHeight? {
        switch self {
        case .sessionGranted(_, _, let height), .rotationStarted(_, _, let height): height
        case .sessionRevoked, .rotationCancelled, .keyRotated: nil
        }
    }

    /// Appends the tag and the fields.
    func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(tag)
        encoder.encode(parties.account.digest)
        encoder.encode(parties.key.digest)
        if let height { encoder.encode(height.rawValue) }
    }

    /// Reads what follows the tag.
    init(tag: UInt8, from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        guard (116...120).contains(tag) else { throw .unknownTag }
        let account = AccountID(try decoder.decodeDigest())
        let key = AccountID(try decoder.decodeDigest())
        switch tag {
        case 116:
            let height = BlockHeight(try decoder.decodeUInt64())
            self = .sessionGranted(account, session: key, validUntil: height)
        case 117: self = .sessionRevoked(account, session: key)
        case 118:
            let height = BlockHeight(try decoder.decodeUInt64())
            self = .rotationStarted(account, next: key, effectiveAt: height)
        case 119: self = .rotationCancelled(account, next: key)
        default: self = .keyRotated(account, signer: key)
        }
    }
}

extension AuthorizationEvent {
    /// The event's name and fields.
    public var record: EventRecord {
        let account = EventRecord.Field("account", .account(parties.account))
        func field(_ name: String) -> EventRecord.Field { .init(name, .account(parties.key)) }
        switch self {
        case .sessionGranted(_, _, let height):
            return EventRecord(
                "authorization.sessionGranted",
                [account, field("session"), .init("validUntil", .height(height))]
            )
        case .sessionRevoked:
            return EventRecord("authorization.sessionRevoked", [account, field("session")])
        case .rotationStarted(_, _, let height):
            return EventRecord(
                "authorization.rotationStarted",
                [account, field("next"), .init("effectiveAt", .height(height))]
            )
        case .rotationCancelled:
            return EventRecord("authorization.rotationCancelled", [account, field("next")])
        case .keyRotated:
            return EventRecord("authorization.keyRotated", [account, field("signer")])
        }
    }
}
