import CanonicalCoding
public import MarketTypes

/// What an account says of a proposal; the numbers are append-only.
public enum VoteChoice: UInt8, Hashable, CaseIterable, Sendable {
    case yes = 1
    case no = 2
    /// Counts for the quorum only.
    case abstain = 3
    /// No, and the deposit shall be lost.
    case veto = 4

    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        guard let choice = Self(rawValue: try decoder.decodeUInt8()) else { throw .unknownTag }
        self = choice
    }
}

/// The numbers that a proposal opened with and keeps, whatever is voted meanwhile.
public struct ProposalRules: Hashable, Sendable {
    /// The part of all locked stake that must vote, in hundredths of a percent.
    public let quorum: UInt64
    /// The votes that must be cast whatever is locked, in obol.
    public let votesMin: Amount
    /// What yes must exceed of yes, no and veto, in hundredths of a percent.
    public let threshold: UInt64
    /// The part of all votes that vetoes, in hundredths of a percent.
    public let veto: UInt64
}

/// How much stake said what; each obol once.
public struct VoteTally: Hashable, Sendable {
    /// For it.
    public internal(set) var yes = Amount.zero
    /// Against it.
    public internal(set) var no = Amount.zero
    /// Neither.
    public internal(set) var abstain = Amount.zero
    /// Against it, and against its deposit.
    public internal(set) var veto = Amount.zero

    /// A count of nothing.
    public init() {}

    /// Everything that voted. Cannot overflow: it is a part of the native supply, and what does
    /// not fit is not decoded.
    public var cast: Amount {
        Amount(obol: yes.obol + no.obol + abstain.obol + veto.obol)
    }

    /// What said `choice`.
    public internal(set) subscript(choice: VoteChoice) -> Amount {
        get {
            switch choice {
            case .yes: yes
            case .no: no
            case .abstain: abstain
            case .veto: veto
            }
        }
        set {
            switch choice {
            case .yes: yes = newValue
            case .no: no = newValue
            case .abstain: abstain = newValue
            case .veto: veto = newValue
            }
        }
    }

    /// What these votes decide, where `total` was locked when the voting began.
    ///
    /// Anybody can compute it from the proposal's entry. No product can overflow: native amounts
    /// are below 2^94, and 10,000 below 2^14.
    public func outcome(of total: Amount, _ rules: ProposalRules) -> ProposalOutcome {
        let whole: UInt128 = 10_000
        let cast = cast.obol
        guard cast > 0, cast >= rules.votesMin.obol,
            cast * whole >= total.obol * UInt128(rules.quorum)
        else { return .noQuorum }
        guard veto.obol * whole < cast * UInt128(rules.veto) else { return .vetoed }
        let decided = cast - abstain.obol
        guard yes.obol * whole > decided * UInt128(rules.threshold) else { return .rejected }
        return .passed
    }
}

/// What a vote decided; the numbers are append-only.
public enum ProposalOutcome: UInt8, Hashable, CaseIterable, Sendable {
    /// It will be executed.
    case passed = 1
    /// Too few voted.
    case noQuorum = 2
    /// Too few of them said yes.
    case rejected = 3
    /// So many vetoed it that its deposit went to the treasury.
    case vetoed = 4
}

/// Where a proposal stands.
///
/// ```
/// open ──the voting ends──▶ waiting ──the timelock ends──▶ executed or failed
///   └────────────────────▶ ended
/// ```
public enum ProposalStatus: Hashable, Sendable {
    /// It is voted on, or will be.
    case open
    /// It passed and waits for its execution.
    case waiting
    /// It did not pass.
    case ended(ProposalOutcome)
    /// It passed, and was executed.
    case executed
    /// It passed, and could not be executed; the number is the refusal's.
    case failed(code: UInt32)
}

/// A proposal as the ledger keeps it, for ever.
public struct Proposal: Hashable, Sendable {
    /// The most proposals of one account that are voted on or wait for execution.
    public static let openOfAccountMax: UInt64 = 3
    /// The most proposals of all accounts that are voted on or wait for execution.
    public static let openMax: UInt64 = 64

    /// Who proposed it.
    public let proposer: AccountID
    /// What is proposed.
    public let content: ProposalContent
    /// What the proposer left, in obol; it is in the proposal's pot while the proposal is open.
    public let deposit: Amount
    /// The first height at which votes count: they count with what was locked before it.
    public let opensAt: BlockHeight
    /// The height at which votes count no more.
    public let endsAt: BlockHeight
    /// The height at which it is executed if it passes.
    public let executesAt: BlockHeight
    /// The numbers by which its outcome is found.
    public let rules: ProposalRules
    /// All stake that was locked when the voting began; nil until the first vote or the end.
    public internal(set) var total: Amount?
    /// The votes so far.
    public internal(set) var tally: VoteTally
    /// Where it stands.
    public internal(set) var status: ProposalStatus
}

/// What an account said of a proposal, and what others took back from it.
public struct Ballot: Hashable, Sendable {
    /// What it said; nil if it has not voted.
    public internal(set) var choice: VoteChoice?
    /// What its vote counts for, in obol.
    public internal(set) var weight: Amount
    /// The stake of those who let it vote for them and then voted themselves.
    public internal(set) var overridden: Amount

    static let none = Ballot(choice: nil, weight: .zero, overridden: .zero)
}
