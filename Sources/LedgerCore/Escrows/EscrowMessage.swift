import CanonicalCoding
public import MarketTypes

/// The messages about money locked for one job; their tags are those of ``Message``, from 80 to
/// 89, and append-only.
public enum EscrowMessage: Hashable, Sendable {
    /// Locks the pay for a job.
    case lock(JobTerms)
    /// Takes the job.
    case accept(EscrowID)
    /// Says by its digest what was done.
    case deliver(EscrowID, content: Digest)
    /// Pays the seller.
    case approve(EscrowID)
    /// Gives the pay back: the buyer may until the job is accepted, the seller until it is paid.
    case cancel(EscrowID)

    /// The tags that these messages may have.
    static let tags: ClosedRange<UInt8> = 80...89
}

extension EscrowMessage {
    var tag: UInt8 {
        switch self {
        case .lock: 80
        case .accept: 81
        case .deliver: 82
        case .approve: 83
        case .cancel: 84
        }
    }

    /// Appends what follows the tag.
    func encodeFields(into encoder: inout CanonicalEncoder) {
        switch self {
        case .lock(let terms): encoder.encode(terms)
        case .accept(let id), .approve(let id), .cancel(let id): encoder.encode(id.digest)
        case .deliver(let id, let content):
            encoder.encode(id.digest)
            encoder.encode(content)
        }
    }

    /// Reads what follows the tag.
    init(tag: UInt8, from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        guard tag != 80 else {
            self = .lock(try JobTerms(from: &decoder))
            return
        }
        guard (81...84).contains(tag) else { throw .unknownTag }
        let id = EscrowID(try decoder.decodeDigest())
        switch tag {
        case 81: self = .accept(id)
        case 82: self = .deliver(id, content: try decoder.decodeDigest())
        case 83: self = .approve(id)
        default: self = .cancel(id)
        }
    }
}
