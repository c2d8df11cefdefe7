import CanonicalCoding

/// The messages about shares of an asset's income; their tags are those of ``Message``, from 40 to 47, and append-only.
public enum SharesMessage: Hashable, Sendable {
    /// Not a message yet.
    case reserved

    /// The tags that these messages may have.
    static let tags: ClosedRange<UInt8> = 40...47
}

extension SharesMessage {
    var tag: UInt8 {
        switch self {
        case .reserved: 40
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
