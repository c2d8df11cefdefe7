import CanonicalCoding
public import MarketTypes

/// What happened to money locked for one job; the tags are those of ``Event``, from 80 to 89, and
/// append-only.
public enum EscrowEvent: Hashable, Sendable {
    /// A buyer locked the pay.
    case locked(EscrowID, buyer: AccountID, JobTerms)
    /// The seller took the job.
    case accepted(EscrowID)
    /// The seller says what it did; the buyer has until that height.
    case delivered(EscrowID, content: Digest, reviewBy: BlockHeight)
    /// One of them asked for a jury.
    case disputed(EscrowID, dispute: Digest)
    /// It is over.
    case ended(EscrowID, EscrowOutcome)

    /// The tags that these events may have.
    static let tags: ClosedRange<UInt8> = 80...89
}

extension EscrowEvent {
    /// Appends the tag and the fields.
    func encode(into encoder: inout CanonicalEncoder) {
        switch self {
        case .locked(let id, let buyer, let terms):
            encoder.encode(UInt8(80))
            encoder.encode(id.digest)
            encoder.encode(buyer.digest)
            encoder.encode(terms)
        case .accepted(let id):
            encoder.encode(UInt8(81))
            encoder.encode(id.digest)
        case .delivered(let id, let content, let height):
            encoder.encode(UInt8(82))
            encoder.encode(id.digest)
            encoder.encode(content)
            encoder.encode(height.rawValue)
        case .disputed(let id, let dispute):
            encoder.encode(UInt8(83))
            encoder.encode(id.digest)
            encoder.encode(dispute)
        case .ended(let id, let outcome):
            encoder.encode(UInt8(84))
            encoder.encode(id.digest)
            encoder.encode(outcome.rawValue)
        }
    }

    /// Reads what follows the tag.
    init(tag: UInt8, from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        guard (80...84).contains(tag) else { throw .unknownTag }
        let id = EscrowID(try decoder.decodeDigest())
        switch tag {
        case 80:
            self = .locked(
                id,
                buyer: AccountID(try decoder.decodeDigest()),
                try JobTerms(from: &decoder)
            )
        case 81: self = .accepted(id)
        case 82:
            self = .delivered(
                id,
                content: try decoder.decodeDigest(),
                reviewBy: BlockHeight(try decoder.decodeUInt64())
            )
        case 83: self = .disputed(id, dispute: try decoder.decodeDigest())
        default:
            guard let outcome = EscrowOutcome(rawValue: try decoder.decodeUInt8()) else {
                throw .unknownTag
            }
            self = .ended(id, outcome)
        }
    }

    /// The event's name and fields.
    public var record: EventRecord {
        func escrow(_ id: EscrowID) -> EventRecord.Field {
            .init("escrow", .object("escrow", id.digest))
        }
        switch self {
        case .locked(let id, let buyer, let terms):
            return EventRecord(
                "escrows.locked",
                [
                    escrow(id), .init("buyer", .account(buyer)),
                    .init("seller", .account(terms.seller)),
                    .init("amount", .amount(terms.amount, terms.denomination)),
                    .init("document", .digest(terms.document)),
                    .init("acceptBy", .height(terms.acceptBy)),
                    .init("deliverBy", .height(terms.deliverBy)),
                ]
            )
        case .accepted(let id): return EventRecord("escrows.accepted", [escrow(id)])
        case .delivered(let id, let content, let height):
            return EventRecord(
                "escrows.delivered",
                [
                    escrow(id), .init("content", .digest(content)),
                    .init("reviewBy", .height(height)),
                ]
            )
        case .disputed(let id, let dispute):
            return EventRecord(
                "escrows.disputed",
                [escrow(id), .init("dispute", .object("dispute", dispute))]
            )
        case .ended(let id, let outcome):
            return EventRecord(
                "escrows.ended",
                [escrow(id), .init("outcome", .text("\(outcome)"))]
            )
        }
    }
}
