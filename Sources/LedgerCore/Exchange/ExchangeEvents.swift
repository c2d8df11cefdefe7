import CanonicalCoding

/// What happened to pools, sales and orders; the tags are those of ``Event``, from 68 to 79, and append-only.
public enum ExchangeEvent: Hashable, Sendable {
    /// Not an event yet.
    case reserved

    /// The tags that these events may have.
    static let tags: ClosedRange<UInt8> = 68...79
}

extension ExchangeEvent {
    /// Appends the tag and the fields.
    func encode(into encoder: inout CanonicalEncoder) {
        switch self {
        case .reserved: encoder.encode(UInt8(68))
        }
    }

    /// Reads what follows the tag.
    init(tag: UInt8, from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        throw .unknownTag
    }
}

extension ExchangeEvent {
    /// The event's name and fields.
    public var record: EventRecord {
        switch self {
        case .reserved: EventRecord("exchange.reserved")
        }
    }
}
