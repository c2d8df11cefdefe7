import CanonicalCoding

/// The messages about subscriptions, time passes and trials; their tags are those of ``Message``, from 56 to 67, and append-only.
public enum PassMessage: Hashable, Sendable {
    /// Not a message yet.
    case reserved

    /// The tags that these messages may have.
    static let tags: ClosedRange<UInt8> = 56...67
}

extension PassMessage {
    var tag: UInt8 {
        switch self {
        case .reserved: 56
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
