import CanonicalCoding

/// The messages about units that an account issues; their tags are those of ``Message``, from 48 to 55, and append-only.
public enum UnitMessage: Hashable, Sendable {
    /// Not a message yet.
    case reserved

    /// The tags that these messages may have.
    static let tags: ClosedRange<UInt8> = 48...55
}

extension UnitMessage {
    var tag: UInt8 {
        switch self {
        case .reserved: 48
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
