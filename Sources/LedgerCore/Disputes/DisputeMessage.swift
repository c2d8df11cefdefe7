import CanonicalCoding
public import MarketTypes

/// The messages about juries and their verdicts; their tags are those of ``Message``, from 90 to
/// 101, and append-only.
public enum DisputeMessage: Hashable, Sendable {
    /// Stakes native money, in obol, to be drawn as a juror.
    case joinJury(Amount)
    /// Is not drawn any more; the stake comes back after a delay.
    case leaveJury
    /// Returns what has served its delay.
    case withdrawJury
    /// Asks for a jury about a job: the digest of what speaks for the sender, and what its number
    /// hashes to.
    case open(EscrowID, evidence: Digest, commitment: Digest)
    /// Answers, as the other party, with evidence and a number in the clear.
    case answer(DisputeID, evidence: Digest, number: Digest)
    /// Shows the opener's number, which draws the jury.
    case reveal(DisputeID, number: Digest)
    /// Votes, sealed (``Dispute/sealedVote(_:salt:by:in:round:)``).
    case castVote(DisputeID, sealed: Digest)
    /// Opens the vote.
    case openVote(DisputeID, Verdict, salt: Digest)
    /// Asks for a larger jury.
    case appeal(DisputeID, evidence: Digest, commitment: Digest)
    /// Asks for a jury about a part of the bond of a channel's payee, in obol.
    case claimBond(ChannelID, Amount, evidence: Digest, commitment: Digest)

    /// The tags that these messages may have.
    static let tags: ClosedRange<UInt8> = 90...101
}

extension DisputeMessage {
    var tag: UInt8 {
        switch self {
        case .joinJury: 90
        case .leaveJury: 91
        case .withdrawJury: 92
        case .open: 93
        case .answer: 94
        case .reveal: 95
        case .castVote: 96
        case .openVote: 97
        case .appeal: 98
        case .claimBond: 99
        }
    }

    /// Appends what follows the tag.
    func encodeFields(into encoder: inout CanonicalEncoder) {
        switch self {
        case .joinJury(let amount): encoder.encode(amount)
        case .leaveJury, .withdrawJury: break
        case .open(let escrow, let evidence, let commitment):
            encoder.encode(escrow.digest)
            encoder.encode(evidence)
            encoder.encode(commitment)
        case .answer(let id, let first, let second), .appeal(let id, let first, let second):
            encoder.encode(id.digest)
            encoder.encode(first)
            encoder.encode(second)
        case .reveal(let id, let digest), .castVote(let id, let digest):
            encoder.encode(id.digest)
            encoder.encode(digest)
        case .openVote(let id, let vote, let salt):
            encoder.encode(id.digest)
            encoder.encode(vote.rawValue)
            encoder.encode(salt)
        case .claimBond(let channel, let amount, let evidence, let commitment):
            encoder.encode(channel.digest)
            encoder.encode(amount)
            encoder.encode(evidence)
            encoder.encode(commitment)
        }
    }

    /// Reads what follows the tag.
    init(tag: UInt8, from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        switch tag {
        case 90:
            self = .joinJury(try decoder.decodeAmount())
            return
        case 91: self = .leaveJury
        case 92: self = .withdrawJury
        case 93...99: try self.init(about: try decoder.decodeDigest(), tag: tag, from: &decoder)
        default: throw .unknownTag
        }
    }

    private init(
        about name: Digest,
        tag: UInt8,
        from decoder: inout CanonicalDecoder
    ) throws(CanonicalError) {
        let id = DisputeID(name)
        switch tag {
        case 93:
            let evidence = try decoder.decodeDigest()
            self = .open(
                EscrowID(name),
                evidence: evidence,
                commitment: try decoder.decodeDigest()
            )
        case 94:
            let evidence = try decoder.decodeDigest()
            self = .answer(id, evidence: evidence, number: try decoder.decodeDigest())
        case 95: self = .reveal(id, number: try decoder.decodeDigest())
        case 96: self = .castVote(id, sealed: try decoder.decodeDigest())
        case 97:
            guard let vote = Verdict(rawValue: try decoder.decodeUInt8()) else {
                throw .unknownTag
            }
            self = .openVote(id, vote, salt: try decoder.decodeDigest())
        case 98:
            let evidence = try decoder.decodeDigest()
            self = .appeal(id, evidence: evidence, commitment: try decoder.decodeDigest())
        default:
            let amount = try decoder.decodeAmount()
            let evidence = try decoder.decodeDigest()
            self = .claimBond(
                ChannelID(name),
                amount,
                evidence: evidence,
                commitment: try decoder.decodeDigest()
            )
        }
    }
}
