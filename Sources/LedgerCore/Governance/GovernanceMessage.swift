import CanonicalCoding

/// The messages about proposals, votes and the treasury; their tags are those of ``Message``, from 102 to 115, and append-only.
public enum GovernanceMessage: Hashable, Sendable {
    /// Not a message yet.
    case reserved

    /// The tags that these messages may have.
    static let tags: ClosedRange<UInt8> = 102...115
}

extension GovernanceMessage {
    var tag: UInt8 {
        switch self {
        case .reserved: 102
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
