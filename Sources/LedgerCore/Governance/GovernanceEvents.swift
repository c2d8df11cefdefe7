import CanonicalCoding

/// What happened to proposals, votes and the treasury; the tags are those of ``Event``, from 102 to 115, and append-only.
public enum GovernanceEvent: Hashable, Sendable {
    /// Not an event yet.
    case reserved

    /// The tags that these events may have.
    static let tags: ClosedRange<UInt8> = 102...115
}

extension GovernanceEvent {
    /// Appends the tag and the fields.
    func encode(into encoder: inout CanonicalEncoder) {
        switch self {
        case .reserved: encoder.encode(UInt8(102))
        }
    }

    /// Reads what follows the tag.
    init(tag: UInt8, from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        throw .unknownTag
    }
}

extension GovernanceEvent {
    /// The event's name and fields.
    public var record: EventRecord {
        switch self {
        case .reserved: EventRecord("governance.reserved")
        }
    }
}
