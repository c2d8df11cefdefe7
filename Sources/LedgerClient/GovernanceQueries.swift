import CanonicalCoding
public import LedgerCore
public import MarketTypes

/// Questions about proposals, votes and numbers.
extension LedgerConnection {
    /// What a number of the rules is now; nil if the node's answer is damaged.
    public func value(
        of number: GovernedNumber
    ) async throws(LedgerClientError) -> UInt64? {
        number.value(entry: try await entry(number.stateKey, proven: false).value)
    }

    /// What an account has locked to vote, and for whom it votes.
    public func voter(_ account: AccountID) async throws(LedgerClientError) -> Voter? {
        try await read(Voter.self, .voter(account))
    }

    /// A proposal, or nil if there is none.
    public func proposal(
        _ proposal: ProposalID
    ) async throws(LedgerClientError) -> Proposal? {
        try await read(Proposal.self, .proposal(proposal))
    }

    /// What an account said of a proposal, or nil if nothing was said by it or taken back from it.
    public func ballot(
        of account: AccountID,
        on proposal: ProposalID
    ) async throws(LedgerClientError) -> Ballot? {
        try await read(Ballot.self, .ballot(proposal, account))
    }

    /// All stake that is locked now.
    public func totalLocked() async throws(LedgerClientError) -> Amount {
        try await read(VotingTotal.self, .votingTotal)?.locked ?? .zero
    }

    /// What the treasury holds of a unit.
    public func treasury(
        of denomination: Denomination
    ) async throws(LedgerClientError) -> Amount {
        try await read(StoredAmount.self, .pot(.treasury(denomination)))?.amount ?? .zero
    }

    /// All proposals, the latest first; at most `limit`, which are any if there are more.
    public func proposals(
        limit: Int
    ) async throws(LedgerClientError) -> [(id: ProposalID, proposal: Proposal)] {
        var found: [(id: ProposalID, proposal: Proposal)] = []
        var after: StateKey?
        while found.count < limit {
            let page = try await entries(prefix: .proposals, after: after, limit: 256)
            guard let last = page.last else { break }
            for listing in page {
                guard listing.key.bytes.starts(with: StateKey.proposals.bytes),
                    after.map({ $0 < listing.key }) ?? true,
                    let name = Digest(bytes: listing.key.bytes.suffix(Digest.byteCount)),
                    let proposal = try? Proposal(canonicalBytes: listing.value)
                else { throw LedgerClientError(.malformedAnswer, "no list of proposals") }
                found.append((ProposalID(name), proposal))
            }
            after = last.key
        }
        return found.prefix(limit).sorted {
            ($0.proposal.opensAt, $1.id) > ($1.proposal.opensAt, $0.id)
        }
    }
}
