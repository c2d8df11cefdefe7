import CanonicalCoding

/// What happened to money locked for one job; the tags are those of ``Event``, from 80 to 89, and append-only.
public enum EscrowEvent: Hashable, Sendable {
    /// Not an event yet.
    case reserved

    /// The tags that these events may have.
    static let tags: ClosedRange<UInt8> = 80...89
}

extension EscrowEvent {
    /// Appends the tag and the fields.
    func encode(into encoder: inout CanonicalEncoder) {
        switch self {
        case .reserved: encoder.encode(UInt8(80))
        }
    }

    /// Reads what follows the tag.
    init(tag: UInt8, from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        throw .unknownTag
    }
}

extension EscrowEvent {
    /// The event's name and fields.
    public var record: EventRecord {
        switch self {
        case .reserved: EventRecord("escrows.reserved")
        }
    }
}
