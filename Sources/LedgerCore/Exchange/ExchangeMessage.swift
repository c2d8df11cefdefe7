import CanonicalCoding

/// The messages about pools, sales and orders; their tags are those of ``Message``, from 68 to 79, and append-only.
public enum ExchangeMessage: Hashable, Sendable {
    /// Not a message yet.
    case reserved

    /// The tags that these messages may have.
    static let tags: ClosedRange<UInt8> = 68...79
}

extension ExchangeMessage {
    var tag: UInt8 {
        switch self {
        case .reserved: 68
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
