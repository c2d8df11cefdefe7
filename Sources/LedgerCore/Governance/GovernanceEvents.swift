import CanonicalCoding
public import MarketTypes
import SettlementCore

/// What happened to proposals, votes and the treasury; the tags are those of ``Event``, from 102 to
/// 115, and append-only.
public enum GovernanceEvent: Hashable, Sendable {
    /// What an account may vote with changed, for votes that have not begun.
    case votesChanged(AccountID, own: Amount, received: Amount)
    /// Locked money is on its way back.
    case unlockBegan(AccountID, amount: Amount, releasedAt: BlockHeight)
    /// Locked money came back.
    case votesWithdrawn(AccountID, amount: Amount)
    /// An account said who votes with its stake; nil if nobody.
    case delegated(AccountID, to: AccountID?)
    /// Somebody proposed something: 0 a text, 1 numbers, 2 a payment.
    case proposed(ProposalID, by: AccountID, kind: UInt8, opensAt: BlockHeight)
    /// An account voted, or voted anew, with that much.
    case voted(ProposalID, by: AccountID, VoteChoice, weight: Amount)
    /// An account voted itself, so its delegate votes with that much less.
    case overridden(ProposalID, delegate: AccountID, amount: Amount)
    /// A vote ended; the deposit went back, or to the treasury if the proposal was vetoed.
    case ended(ProposalID, ProposalOutcome, deposit: Amount)
    /// A proposal that had passed was executed.
    case executed(ProposalID)
    /// A proposal that had passed could not be executed; the number is the refusal's.
    case executionFailed(ProposalID, code: UInt32)
    /// A number of the rules changed.
    case numberChanged(ProposalID, number: UInt16, from: UInt64, to: UInt64)
    /// The treasury paid somebody.
    case treasuryPaid(ProposalID, TreasuryPayment)
    /// The treasury got something from an account, or from fees.
    case treasuryFunded(by: AccountID?, Denomination, Amount)

    /// The tags that these events may have.
    static let tags: ClosedRange<UInt8> = 102...115
}

extension GovernanceEvent {
    private var tag: UInt8 {
        switch self {
        case .votesChanged: 102
        case .unlockBegan: 103
        case .votesWithdrawn: 104
        case .delegated: 105
        case .proposed: 106
        case .voted: 107
        case .overridden: 108
        case .ended: 109
        case .executed: 110
        case .executionFailed: 111
        case .numberChanged: 112
        case .treasuryPaid: 113
        case .treasuryFunded: 114
        }
    }

    /// Appends the tag and the fields.
    func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(tag)
        switch self {
        case .votesChanged(let account, let own, let received):
            encoder.encode(account.digest)
            encoder.encode(own)
            encoder.encode(received)
        case .unlockBegan(let account, let amount, let height):
            encoder.encode(account.digest)
            encoder.encode(amount)
            encoder.encode(height.rawValue)
        case .votesWithdrawn(let account, let amount):
            encoder.encode(account.digest)
            encoder.encode(amount)
        case .delegated(let account, let delegate):
            encoder.encode(account.digest)
            encoder.encode(account: delegate)
        case .treasuryFunded(let account, let denomination, let amount):
            encoder.encode(account: account)
            encoder.encode(denomination)
            encoder.encode(amount)
        case .proposed(let proposal, _, _, _), .voted(let proposal, _, _, _),
            .overridden(let proposal, _, _), .ended(let proposal, _, _), .executed(let proposal),
            .executionFailed(let proposal, _), .numberChanged(let proposal, _, _, _),
            .treasuryPaid(let proposal, _):
            encoder.encode(proposal.digest)
            encodeDetails(into: &encoder)
        }
    }

    /// Appends what follows the proposal's name.
    private func encodeDetails(into encoder: inout CanonicalEncoder) {
        switch self {
        case .proposed(_, let account, let kind, let height):
            encoder.encode(account.digest)
            encoder.encode(kind)
            encoder.encode(height.rawValue)
        case .voted(_, let account, let choice, let weight):
            encoder.encode(account.digest)
            encoder.encode(choice.rawValue)
            encoder.encode(weight)
        case .overridden(_, let account, let amount):
            encoder.encode(account.digest)
            encoder.encode(amount)
        case .ended(_, let outcome, let deposit):
            encoder.encode(outcome.rawValue)
            encoder.encode(deposit)
        case .executionFailed(_, let code): encoder.encode(code)
        case .numberChanged(_, let number, let before, let after):
            encoder.encode(number)
            encoder.encode(before)
            encoder.encode(after)
        case .treasuryPaid(_, let payment): encoder.encode(payment)
        case .executed, .votesChanged, .unlockBegan, .votesWithdrawn, .delegated,
            .treasuryFunded:
            break
        }
    }
}

extension GovernanceEvent {
    /// Reads what follows the tag.
    init(tag: UInt8, from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        switch tag {
        case 102...105:
            let account = AccountID(try decoder.decodeDigest())
            try self.init(tag: tag, of: account, from: &decoder)
        case 106...113:
            let proposal = ProposalID(try decoder.decodeDigest())
            try self.init(tag: tag, of: proposal, from: &decoder)
        case 114:
            let account = try decoder.decodeOptionalAccount()
            let denomination = try Denomination(from: &decoder)
            self = .treasuryFunded(by: account, denomination, try decoder.decodeAmount())
        default: throw .unknownTag
        }
    }

    private init(
        tag: UInt8,
        of account: AccountID,
        from decoder: inout CanonicalDecoder
    ) throws(CanonicalError) {
        switch tag {
        case 102:
            let own = try decoder.decodeAmount()
            self = .votesChanged(account, own: own, received: try decoder.decodeAmount())
        case 103:
            let amount = try decoder.decodeAmount()
            let height = BlockHeight(try decoder.decodeUInt64())
            self = .unlockBegan(account, amount: amount, releasedAt: height)
        case 104: self = .votesWithdrawn(account, amount: try decoder.decodeAmount())
        default: self = .delegated(account, to: try decoder.decodeOptionalAccount())
        }
    }

    private init(
        tag: UInt8,
        of proposal: ProposalID,
        from decoder: inout CanonicalDecoder
    ) throws(CanonicalError) {
        switch tag {
        case 106:
            let account = AccountID(try decoder.decodeDigest())
            let kind = try decoder.decodeUInt8()
            let height = BlockHeight(try decoder.decodeUInt64())
            self = .proposed(proposal, by: account, kind: kind, opensAt: height)
        case 107:
            let account = AccountID(try decoder.decodeDigest())
            let choice = try VoteChoice(from: &decoder)
            self = .voted(proposal, by: account, choice, weight: try decoder.decodeAmount())
        case 108:
            let account = AccountID(try decoder.decodeDigest())
            self = .overridden(proposal, delegate: account, amount: try decoder.decodeAmount())
        case 109:
            guard let outcome = ProposalOutcome(rawValue: try decoder.decodeUInt8()) else {
                throw .unknownTag
            }
            self = .ended(proposal, outcome, deposit: try decoder.decodeAmount())
        case 110: self = .executed(proposal)
        case 111: self = .executionFailed(proposal, code: try decoder.decodeUInt32())
        case 112:
            let number = try decoder.decodeUInt16()
            let before = try decoder.decodeUInt64()
            let after = try decoder.decodeUInt64()
            self = .numberChanged(proposal, number: number, from: before, to: after)
        default: self = .treasuryPaid(proposal, try TreasuryPayment(from: &decoder))
        }
    }
}
