public import CanonicalCoding
public import MarketTypes

/// Names one dispute: the hash of its opener and the message's place.
public struct DisputeID: Hashable, Comparable, Sendable {
    /// The hash of opener, sequence and message index.
    public let digest: Digest
    /// Names the dispute with `digest`.
    public init(_ digest: Digest) { self.digest = digest }
    /// The name of the dispute that a transaction's message opens.
    public init(opener: AccountID, sequence: UInt64, messageIndex: UInt8) {
        digest = Digest(.dispute, messagePlace(of: opener, sequence, messageIndex))
    }
    public static func < (lhs: DisputeID, rhs: DisputeID) -> Bool { lhs.digest < rhs.digest }
}

/// What a juror decides, and a jury; the numbers are append-only.
public enum Verdict: UInt8, Hashable, CaseIterable, Sendable {
    /// The buyer gets the pay back, or the payer what it claims.
    case buyer = 1
    /// The seller gets the pay, or keeps its bond.
    case seller = 2
    /// Each gets half of it.
    case split = 3
}

/// A place in a jury.
public struct JurorSeat: Hashable, Sendable {
    /// Who sits there.
    public let juror: AccountID
    /// The digest of the vote and its salt, once it is cast.
    public internal(set) var commitment: Digest?
    /// The vote, once it is opened.
    public internal(set) var vote: Verdict?

    init(_ juror: AccountID) {
        self.juror = juror
    }
}

/// The windows and amounts of a dispute: what the rules said when it was opened.
public struct DisputeRules: CanonicalCodable, Hashable {
    /// How many blocks each party has to speak.
    public let speakBlocks: UInt64
    /// How many blocks the jury has to vote, and then to open its votes.
    public let voteBlocks: UInt64
    /// How many blocks a party has to appeal.
    public let appealBlocks: UInt64
    /// What each party stakes in the first round, in obol; it doubles with each appeal.
    public let bond: Amount
    /// What a juror loses that votes with the minority, or not at all, in obol.
    public let penalty: Amount

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(speakBlocks)
        encoder.encode(voteBlocks)
        encoder.encode(appealBlocks)
        encoder.encode(bond)
        encoder.encode(penalty)
    }

    init(
        speakBlocks: UInt64,
        voteBlocks: UInt64,
        appealBlocks: UInt64,
        bond: Amount,
        penalty: Amount
    ) {
        self.speakBlocks = speakBlocks
        self.voteBlocks = voteBlocks
        self.appealBlocks = appealBlocks
        self.bond = bond
        self.penalty = penalty
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        speakBlocks = try decoder.decodeUInt64()
        voteBlocks = try decoder.decodeUInt64()
        appealBlocks = try decoder.decodeUInt64()
        bond = try decoder.decodeAmount()
        penalty = try decoder.decodeAmount()
    }
}

/// What a dispute is about.
public enum DisputeSubject: Hashable, Sendable {
    /// The pay for a job.
    case job(EscrowID)
    /// A part of a seller's bond.
    case bond(BondClaim)
}

/// A dispute about a job or a bond as the ledger keeps it; one round after the other.
///
/// ```
/// answering ──answer──▶ revealing ──reveal──▶ voting ──▶ opening ──▶ decided ──▶ ended
///     │ silence            │ silence                                   │ appeal
///     ▼                    ▼                                           ▼
///   opener wins         opener loses                               answering, a larger jury
/// ```
public struct Dispute: Hashable, Sendable {
    /// The most appeals.
    public static let appealsMax: UInt8 = 2

    /// How many jurors sit in a round: 3, 7, 15.
    public static func seats(round: UInt8) -> Int { (4 << Int(round)) - 1 }

    /// Where a round stands; the numbers are append-only.
    public enum Phase: UInt8, Hashable, CaseIterable, Sendable {
        /// The other party must answer.
        case answering = 1
        /// The opener must show its number.
        case revealing = 2
        /// The jury votes, sealed.
        case voting = 3
        /// The jury opens its votes.
        case opening = 4
        /// There is a verdict; a party may appeal.
        case decided = 5
        /// It is over.
        case ended = 6
    }

    /// What it is about.
    public let subject: DisputeSubject
    /// The job's buyer and seller, or the channel's payer and payee.
    public let buyer, seller: AccountID
    /// What the rules said at the opening.
    public let rules: DisputeRules
    /// From 0, counting appeals.
    public internal(set) var round: UInt8
    /// Where the round stands.
    public internal(set) var phase: Phase
    /// The last height of the phase.
    public internal(set) var until: BlockHeight
    /// Who opened the round.
    public internal(set) var opener: AccountID
    /// What the opener's number hashes to.
    public internal(set) var commitment: Digest
    /// The other party's number.
    public internal(set) var answer: Digest
    /// The digests of what opener and other party submit, in the order in which they came.
    public internal(set) var evidence: [Digest]
    /// The jury of the round.
    public internal(set) var seats: [JurorSeat]
    /// The latest verdict.
    public internal(set) var verdict: Verdict?

    /// The party that did not open the round.
    public var other: AccountID { opener == buyer ? seller : buyer }

    /// What each party stakes in the round.
    public var bond: Amount { Amount(obol: rules.bond.obol << UInt128(round)) }

    /// What holds if no jury ever says anything: a job's pay is halved, a bond stays whole.
    var unjudged: Verdict {
        if let verdict { return verdict }
        return if case .job = subject { .split } else { .seller }
    }

    /// What the party that did not speak leaves to the other.
    func verdict(for party: AccountID) -> Verdict { party == buyer ? .buyer : .seller }

    /// The most pieces of evidence: two a round.
    static let evidenceMax = 2 * (Int(appealsMax) + 1)
    /// The most seats of a jury.
    static let seatsMax = seats(round: appealsMax)

    /// What the opener's number is bound by: H(`stoa/dispute-seed/1`, number).
    public static func commitment(to number: Digest) -> Digest {
        Digest(.disputeSeed, number.bytes)
    }

    /// What a sealed vote is: the hash of dispute, round, juror, vote and salt.
    public static func sealedVote(
        _ vote: Verdict,
        salt: Digest,
        by juror: AccountID,
        in dispute: DisputeID,
        round: UInt8
    ) -> Digest {
        var encoder = CanonicalEncoder()
        encoder.encode(dispute.digest)
        encoder.encode(round)
        encoder.encode(juror.digest)
        encoder.encode(vote.rawValue)
        encoder.encode(salt)
        return Digest(.juryVote, encoder.bytes)
    }
}

extension JurorSeat: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(juror.digest)
        encoder.encode(optionalDigest: commitment)
        encoder.encode(vote?.rawValue ?? 0)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        juror = AccountID(try decoder.decodeDigest())
        commitment = try decoder.decodeOptionalDigest()
        let number = try decoder.decodeUInt8()
        vote = Verdict(rawValue: number)
        guard vote != nil || number == 0 else { throw .unknownTag }
    }
}

extension Dispute: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        switch subject {
        case .job(let escrow): encoder.encode(escrow.digest)
        case .bond(let claim): encoder.encode(claim.channel.digest)
        }
        encoder.encode(buyer.digest)
        encoder.encode(seller.digest)
        encoder.encode(rules)
        encoder.encode(round)
        encoder.encode(phase.rawValue)
        encoder.encode(until.rawValue)
        encoder.encode(opener.digest)
        encoder.encode(commitment)
        encoder.encode(answer)
        encoder.encode(UInt8(evidence.count))
        for digest in evidence { encoder.encode(digest) }
        encoder.encode(list: seats)
        encoder.encode(verdict?.rawValue ?? 0)
        // What is about a job ends here, as it did before there were others.
        guard case .bond(let claim) = subject else { return }
        encoder.encode(Self.bondKind)
        encoder.encode(claim.amount)
        encoder.encode(claim.deposit)
        encoder.encode(claim.releasedAt.rawValue)
    }

    private static let bondKind: UInt8 = 1

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        let name = try decoder.decodeDigest()
        buyer = AccountID(try decoder.decodeDigest())
        seller = AccountID(try decoder.decodeDigest())
        rules = try DisputeRules(from: &decoder)
        round = try decoder.decodeUInt8()
        guard let phase = Phase(rawValue: try decoder.decodeUInt8()) else { throw .unknownTag }
        self.phase = phase
        until = BlockHeight(try decoder.decodeUInt64())
        opener = AccountID(try decoder.decodeDigest())
        commitment = try decoder.decodeDigest()
        answer = try decoder.decodeDigest()
        let count = Int(try decoder.decodeUInt8())
        guard count <= Self.evidenceMax else { throw .tooLong }
        var evidence: [Digest] = []
        for _ in 0..<count { evidence.append(try decoder.decodeDigest()) }
        self.evidence = evidence
        seats = try decoder.decodeList(of: JurorSeat.self, countMax: Self.seatsMax)
        let number = try decoder.decodeUInt8()
        verdict = Verdict(rawValue: number)
        guard verdict != nil || number == 0 else { throw .unknownTag }
        guard !decoder.isAtEnd else {
            subject = .job(EscrowID(name))
            return
        }
        guard try decoder.decodeUInt8() == Self.bondKind else { throw .unknownTag }
        subject = .bond(
            BondClaim(
                channel: ChannelID(name),
                amount: try decoder.decodeAmount(),
                deposit: try decoder.decodeAmount(),
                releasedAt: BlockHeight(try decoder.decodeUInt64())
            )
        )
    }
}
