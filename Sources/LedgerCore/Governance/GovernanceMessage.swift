import CanonicalCoding
public import MarketTypes
import SettlementCore

/// The messages about proposals, votes and the treasury; their tags are those of ``Message``, from
/// 102 to 115, and append-only.
public enum GovernanceMessage: Hashable, Sendable {
    /// Locks native money to vote with, in obol.
    case lockVotes(Amount)
    /// Begins the way back of locked money; it does not vote any more.
    case unlockVotes(Amount)
    /// Returns what has served its delay.
    case withdrawVotes
    /// Lets another account vote with the sender's stake, or with nil nobody.
    case delegateVotes(AccountID?)
    /// Proposes something, with a deposit in obol.
    case propose(ProposalContent, deposit: Amount)
    /// Votes with what the sender had when the vote began; a later vote replaces an earlier one.
    case vote(ProposalID, VoteChoice)
    /// Gives something to the treasury.
    case fundTreasury(Denomination, Amount)

    /// The tags that these messages may have.
    static let tags: ClosedRange<UInt8> = 102...115
}

extension GovernanceMessage {
    var tag: UInt8 {
        switch self {
        case .lockVotes: 102
        case .unlockVotes: 103
        case .withdrawVotes: 104
        case .delegateVotes: 105
        case .propose: 106
        case .vote: 107
        case .fundTreasury: 108
        }
    }

    /// Appends what follows the tag.
    func encodeFields(into encoder: inout CanonicalEncoder) {
        switch self {
        case .lockVotes(let amount), .unlockVotes(let amount): encoder.encode(amount)
        case .withdrawVotes: break
        case .delegateVotes(let account): encoder.encode(account: account)
        case .propose(let content, let deposit):
            encoder.encode(content)
            encoder.encode(deposit)
        case .vote(let proposal, let choice):
            encoder.encode(proposal.digest)
            encoder.encode(choice.rawValue)
        case .fundTreasury(let denomination, let amount):
            encoder.encode(denomination)
            encoder.encode(amount)
        }
    }

    /// Reads what follows the tag.
    init(tag: UInt8, from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        switch tag {
        case 102: self = .lockVotes(try decoder.decodeAmount())
        case 103: self = .unlockVotes(try decoder.decodeAmount())
        case 104: self = .withdrawVotes
        case 105: self = .delegateVotes(try decoder.decodeOptionalAccount())
        case 106:
            let content = try ProposalContent(from: &decoder)
            self = .propose(content, deposit: try decoder.decodeAmount())
        case 107:
            let proposal = ProposalID(try decoder.decodeDigest())
            self = .vote(proposal, try VoteChoice(from: &decoder))
        case 108:
            let denomination = try Denomination(from: &decoder)
            self = .fundTreasury(denomination, try decoder.decodeAmount())
        default: throw .unknownTag
        }
    }
}

extension CanonicalEncoder {
    /// Appends 0 for nobody, or 1 and the account.
    mutating func encode(account: AccountID?) {
        encode(account != nil)
        if let account { encode(account.digest) }
    }
}

extension CanonicalDecoder {
    /// Reads 0, or 1 and an account.
    mutating func decodeOptionalAccount() throws(CanonicalError) -> AccountID? {
        try decodeBool() ? AccountID(try decodeDigest()) : nil
    }
}
