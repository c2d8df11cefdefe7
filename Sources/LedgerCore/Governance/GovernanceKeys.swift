import CanonicalCoding
public import MarketTypes

extension StateNamespace {
    static let voter = Self(rawValue: 0x80)
    static let votingCheckpoint = Self(rawValue: 0x81)
    static let votingTotal = Self(rawValue: 0x82)
    static let totalCheckpoint = Self(rawValue: 0x83)
    static let proposal = Self(rawValue: 0x84)
    static let ballot = Self(rawValue: 0x85)
    static let openProposals = Self(rawValue: 0x86)
    static let openProposalsOf = Self(rawValue: 0x87)
    static let firstDelay = Self(rawValue: 0x88)
}

extension StateKey {
    /// Where a ``Voter`` stands; it stays for ever, because its checkpoints do.
    public static func voter(_ account: AccountID) -> StateKey {
        StateKey(.voter) { $0.encode(account.digest) }
    }

    /// Where one ``VotingCheckpoint`` of an account stands, counted from 0.
    public static func votingCheckpoint(_ account: AccountID, _ index: UInt64) -> StateKey {
        StateKey(.votingCheckpoint) {
            $0.encode(account.digest)
            $0.encode(index)
        }
    }

    /// Where the ``VotingTotal`` stands.
    public static let votingTotal = StateKey(.votingTotal)

    /// Where one ``TotalCheckpoint`` stands, counted from 0.
    public static func totalCheckpoint(_ index: UInt64) -> StateKey {
        StateKey(.totalCheckpoint) { $0.encode(index) }
    }

    /// Where a ``Proposal`` stands; it stays for ever.
    public static func proposal(_ proposal: ProposalID) -> StateKey {
        StateKey(.proposal) { $0.encode(proposal.digest) }
    }

    /// What the keys of all proposals begin with; the rest is the proposal's digest.
    public static let proposals = StateKey(.proposal)

    /// Where a ``Ballot`` stands: what an account said of a proposal.
    public static func ballot(_ proposal: ProposalID, _ account: AccountID) -> StateKey {
        StateKey(.ballot) {
            $0.encode(proposal.digest)
            $0.encode(account.digest)
        }
    }

    /// What the keys of a proposal's ballots begin with; the rest is the account's digest.
    public static func ballots(_ proposal: ProposalID) -> StateKey {
        StateKey(.ballot) { $0.encode(proposal.digest) }
    }

    /// Where the ``StoredNumber`` of proposals stands that are voted on or wait for execution.
    public static let openProposals = StateKey(.openProposals)

    /// Where the ``StoredNumber`` of an account's proposals of that kind stands.
    public static func openProposals(of account: AccountID) -> StateKey {
        StateKey(.openProposalsOf) { $0.encode(account.digest) }
    }
}
