import CanonicalCoding

/// What happened to subscriptions, time passes and trials; the tags are those of ``Event``, from 56 to 67, and append-only.
public enum PassEvent: Hashable, Sendable {
    /// Not an event yet.
    case reserved

    /// The tags that these events may have.
    static let tags: ClosedRange<UInt8> = 56...67
}

extension PassEvent {
    /// Appends the tag and the fields.
    func encode(into encoder: inout CanonicalEncoder) {
        switch self {
        case .reserved: encoder.encode(UInt8(56))
        }
    }

    /// Reads what follows the tag.
    init(tag: UInt8, from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        throw .unknownTag
    }
}

extension PassEvent {
    /// The event's name and fields.
    public var record: EventRecord {
        switch self {
        case .reserved: EventRecord("passes.reserved")
        }
    }
}
