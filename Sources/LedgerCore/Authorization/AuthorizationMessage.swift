import CanonicalCoding

/// The messages about who may act for an account; their tags are those of ``Message``, from 116 to 127, and append-only.
public enum AuthorizationMessage: Hashable, Sendable {
    /// Not a message yet.
    case reserved

    /// The tags that these messages may have.
    static let tags: ClosedRange<UInt8> = 116...127
}

extension AuthorizationMessage {
    var tag: UInt8 {
        switch self {
        case .reserved: 116
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
