import CanonicalCoding

/// What happened to who may act for an account; the tags are those of ``Event``, from 116 to 127, and append-only.
public enum AuthorizationEvent: Hashable, Sendable {
    /// Not an event yet.
    case reserved

    /// The tags that these events may have.
    static let tags: ClosedRange<UInt8> = 116...127
}

extension AuthorizationEvent {
    /// Appends the tag and the fields.
    func encode(into encoder: inout CanonicalEncoder) {
        switch self {
        case .reserved: encoder.encode(UInt8(116))
        }
    }

    /// Reads what follows the tag.
    init(tag: UInt8, from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        throw .unknownTag
    }
}

extension AuthorizationEvent {
    /// The event's name and fields.
    public var record: EventRecord {
        switch self {
        case .reserved: EventRecord("authorization.reserved")
        }
    }
}
