import CanonicalCoding

/// The messages about juries and their verdicts; their tags are those of ``Message``, from 90 to 101, and append-only.
public enum DisputeMessage: Hashable, Sendable {
    /// Not a message yet.
    case reserved

    /// The tags that these messages may have.
    static let tags: ClosedRange<UInt8> = 90...101
}

extension DisputeMessage {
    var tag: UInt8 {
        switch self {
        case .reserved: 90
        }
    }

    /// Appends what follows the tag.
    func encodeFields(into encoder: inout CanonicalEncoder) {
        switch self {
        case .reserved: break
        }
    }

    /// Reads what follows the tag.
    init(tag: UInt8, from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        throw .unknownTag
    }
}
