import CanonicalCoding

/// The messages about money locked for one job; their tags are those of ``Message``, from 80 to 89, and append-only.
public enum EscrowMessage: Hashable, Sendable {
    /// Not a message yet.
    case reserved

    /// The tags that these messages may have.
    static let tags: ClosedRange<UInt8> = 80...89
}

extension EscrowMessage {
    var tag: UInt8 {
        switch self {
        case .reserved: 80
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
