import CanonicalCoding
public import MarketTypes

/// What happened to juries and their verdicts; the tags are those of ``Event``, from 90 to 101, and
/// append-only.
public enum DisputeEvent: Hashable, Sendable {
    /// A juror's stake changed; zero if it left.
    case jurorChanged(AccountID, stake: Amount)
    /// A party asked for a jury about a job, or for a larger one.
    case opened(DisputeID, EscrowID, by: AccountID, round: UInt8)
    /// The other party answered.
    case answered(DisputeID, by: AccountID)
    /// Somebody was drawn.
    case seated(DisputeID, juror: AccountID, round: UInt8)
    /// A round came to another phase, up to a height.
    case moved(DisputeID, Dispute.Phase, until: BlockHeight)
    /// A round has a verdict.
    case decided(DisputeID, Verdict, round: UInt8)
    /// A juror was paid for its vote.
    case jurorPaid(DisputeID, juror: AccountID, Amount)
    /// A juror lost a part of its stake.
    case jurorFined(DisputeID, juror: AccountID, Amount)
    /// A party asked for a jury about a bond, or for a larger one.
    case claimOpened(DisputeID, ChannelID, by: AccountID, round: UInt8)
    /// A part of a seller's bond is held, and the claimant's deposit.
    case claimHeld(DisputeID, seller: AccountID, Amount, deposit: Amount)
    /// What was held is the claimant's, or the bond's again.
    case claimEnded(DisputeID, awarded: Amount, restored: Amount)
    /// The claimant has it.
    case claimPaid(DisputeID, to: AccountID, Amount)

    /// The tags that these events may have.
    static let tags: ClosedRange<UInt8> = 90...101
}

extension DisputeEvent {
    private var tag: UInt8 {
        switch self {
        case .jurorChanged: 90
        case .opened: 91
        case .answered: 92
        case .seated: 93
        case .moved: 94
        case .decided: 95
        case .jurorPaid: 96
        case .jurorFined: 97
        case .claimOpened: 98
        case .claimHeld: 99
        case .claimEnded: 100
        case .claimPaid: 101
        }
    }

    /// Appends the tag and the fields.
    func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(tag)
        switch self {
        case .jurorChanged(let account, let amount):
            encoder.encode(account.digest)
            encoder.encode(amount)
        case .opened(let id, let escrow, let party, let round):
            encoder.encode(id.digest)
            encoder.encode(escrow.digest)
            encoder.encode(party.digest)
            encoder.encode(round)
        case .claimOpened(let id, let channel, let party, let round):
            encoder.encode(id.digest)
            encoder.encode(channel.digest)
            encoder.encode(party.digest)
            encoder.encode(round)
        case .claimHeld(let id, let seller, let amount, let deposit):
            encoder.encode(id.digest)
            encoder.encode(seller.digest)
            encoder.encode(amount)
            encoder.encode(deposit)
        case .claimEnded(let id, let awarded, let restored):
            encoder.encode(id.digest)
            encoder.encode(awarded)
            encoder.encode(restored)
        case .answered(let id, let party):
            encoder.encode(id.digest)
            encoder.encode(party.digest)
        case .seated(let id, let juror, let round):
            encoder.encode(id.digest)
            encoder.encode(juror.digest)
            encoder.encode(round)
        case .moved(let id, let phase, let height):
            encoder.encode(id.digest)
            encoder.encode(phase.rawValue)
            encoder.encode(height.rawValue)
        case .decided(let id, let verdict, let round):
            encoder.encode(id.digest)
            encoder.encode(verdict.rawValue)
            encoder.encode(round)
        case .jurorPaid(let id, let account, let amount),
            .jurorFined(let id, let account, let amount),
            .claimPaid(let id, let account, let amount):
            encoder.encode(id.digest)
            encoder.encode(account.digest)
            encoder.encode(amount)
        }
    }

    /// Reads what follows the tag.
    init(tag: UInt8, from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        guard Self.tags.contains(tag) else { throw .unknownTag }
        let name = try decoder.decodeDigest()
        let id = DisputeID(name)
        switch tag {
        case 90: self = .jurorChanged(AccountID(name), stake: try decoder.decodeAmount())
        case 91:
            let escrow = EscrowID(try decoder.decodeDigest())
            let party = AccountID(try decoder.decodeDigest())
            self = .opened(id, escrow, by: party, round: try decoder.decodeUInt8())
        case 92: self = .answered(id, by: AccountID(try decoder.decodeDigest()))
        case 93:
            let juror = AccountID(try decoder.decodeDigest())
            self = .seated(id, juror: juror, round: try decoder.decodeUInt8())
        case 94:
            guard let phase = Dispute.Phase(rawValue: try decoder.decodeUInt8()) else {
                throw .unknownTag
            }
            self = .moved(id, phase, until: BlockHeight(try decoder.decodeUInt64()))
        case 95:
            guard let verdict = Verdict(rawValue: try decoder.decodeUInt8()) else {
                throw .unknownTag
            }
            self = .decided(id, verdict, round: try decoder.decodeUInt8())
        case 96, 97:
            let juror = AccountID(try decoder.decodeDigest())
            let amount = try decoder.decodeAmount()
            self =
                tag == 96
                ? .jurorPaid(id, juror: juror, amount) : .jurorFined(id, juror: juror, amount)
        default: try self.init(claim: id, tag: tag, from: &decoder)
        }
    }

    private init(
        claim id: DisputeID,
        tag: UInt8,
        from decoder: inout CanonicalDecoder
    ) throws(CanonicalError) {
        switch tag {
        case 98:
            let channel = ChannelID(try decoder.decodeDigest())
            let party = AccountID(try decoder.decodeDigest())
            self = .claimOpened(id, channel, by: party, round: try decoder.decodeUInt8())
        case 99:
            let seller = AccountID(try decoder.decodeDigest())
            let amount = try decoder.decodeAmount()
            self = .claimHeld(id, seller: seller, amount, deposit: try decoder.decodeAmount())
        case 100:
            let awarded = try decoder.decodeAmount()
            self = .claimEnded(id, awarded: awarded, restored: try decoder.decodeAmount())
        default:
            let claimant = AccountID(try decoder.decodeDigest())
            self = .claimPaid(id, to: claimant, try decoder.decodeAmount())
        }
    }

    /// The event's name and fields.
    public var record: EventRecord {
        func dispute(_ id: DisputeID) -> EventRecord.Field {
            .init("dispute", .object("dispute", id.digest))
        }
        switch self {
        case .jurorChanged(let account, let amount):
            return EventRecord(
                "disputes.jurorChanged",
                [.init("juror", .account(account)), .init("stake", .amount(amount, .native))]
            )
        case .opened(let id, let escrow, let party, let round):
            return EventRecord(
                "disputes.opened",
                [
                    dispute(id), .init("escrow", .object("escrow", escrow.digest)),
                    .init("by", .account(party)), .init("round", .number(UInt64(round))),
                ]
            )
        case .answered(let id, let party):
            return EventRecord("disputes.answered", [dispute(id), .init("by", .account(party))])
        case .seated(let id, let juror, let round):
            return EventRecord(
                "disputes.seated",
                [
                    dispute(id), .init("juror", .account(juror)),
                    .init("round", .number(UInt64(round))),
                ]
            )
        case .moved(let id, let phase, let height):
            return EventRecord(
                "disputes.moved",
                [dispute(id), .init("phase", .text("\(phase)")), .init("until", .height(height))]
            )
        case .decided(let id, let verdict, let round):
            return EventRecord(
                "disputes.decided",
                [
                    dispute(id), .init("verdict", .text("\(verdict)")),
                    .init("round", .number(UInt64(round))),
                ]
            )
        case .jurorPaid(let id, let juror, let amount):
            return money("disputes.jurorPaid", dispute(id), juror, amount)
        case .jurorFined(let id, let juror, let amount):
            return money("disputes.jurorFined", dispute(id), juror, amount)
        case .claimOpened, .claimHeld, .claimEnded, .claimPaid: return claimRecord
        }
    }

    private var claimRecord: EventRecord {
        func dispute(_ id: DisputeID) -> EventRecord.Field {
            .init("dispute", .object("dispute", id.digest))
        }
        func native(_ name: String, _ amount: Amount) -> EventRecord.Field {
            .init(name, .amount(amount, .native))
        }
        return switch self {
        case .claimOpened(let id, let channel, let party, let round):
            EventRecord(
                "disputes.claimOpened",
                [
                    dispute(id), .init("channel", .channel(channel)),
                    .init("by", .account(party)), .init("round", .number(UInt64(round))),
                ]
            )
        case .claimHeld(let id, let seller, let amount, let deposit):
            EventRecord(
                "disputes.claimHeld",
                [
                    dispute(id), .init("seller", .account(seller)), native("amount", amount),
                    native("deposit", deposit),
                ]
            )
        case .claimEnded(let id, let awarded, let restored):
            EventRecord(
                "disputes.claimEnded",
                [dispute(id), native("awarded", awarded), native("restored", restored)]
            )
        case .claimPaid(let id, let claimant, let amount):
            EventRecord(
                "disputes.claimPaid",
                [dispute(id), .init("to", .account(claimant)), native("amount", amount)]
            )
        default: EventRecord("unknown")
        }
    }

    private func money(
        _ name: String,
        _ dispute: EventRecord.Field,
        _ juror: AccountID,
        _ amount: Amount
    ) -> EventRecord {
        EventRecord(
            name,
            [dispute, .init("juror", .account(juror)), .init("amount", .amount(amount, .native))]
        )
    }
}
