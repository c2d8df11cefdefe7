import CanonicalCoding
public import MarketTypes

extension Ledger {
    /// Applies a message about proposals, votes and the treasury.
    mutating func apply(
        _ message: GovernanceMessage,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        switch message {
        case .lockVotes(let amount): try lockVotes(amount, from: origin)
        case .unlockVotes(let amount): try unlockVotes(amount, from: origin)
        case .withdrawVotes: try withdrawVotes(from: origin)
        case .delegateVotes(let account): try delegateVotes(to: account, from: origin)
        case .propose(let content, let deposit):
            try propose(content, deposit: deposit, from: origin)
        case .vote(let proposal, let choice): try vote(choice, on: proposal, from: origin)
        case .fundTreasury(let denomination, let amount):
            try fundTreasury(amount, denomination, from: origin)
        }
    }

    /// Proposes something, and fixes when and by which numbers it is voted on (GOV-20).
    private mutating func propose(
        _ content: ProposalContent,
        deposit: Amount,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        guard content.isValid else { throw .governance(.invalidProposal) }
        try checkPossible(content.action)
        guard deposit.obol >= UInt128(state.value(of: .proposalDeposit)) else {
            throw .governance(.depositTooSmall)
        }
        let open = (of: openProposals(of: origin.sender), all: openProposals)
        guard open.of < Proposal.openOfAccountMax else { throw .governance(.tooManyOfAccount) }
        guard open.all < Proposal.openMax else { throw .governance(.tooManyProposals) }
        let id = ProposalID(
            proposer: origin.sender,
            sequence: origin.sequence,
            messageIndex: origin.messageIndex
        )
        try state.move(deposit, from: origin.sender, to: Pot(.proposal, id.digest))
        let delay = state.value(of: .votingDelayBlocks)
        let opensAt = origin.height.advanced(byBlocks: delay) ?? BlockHeight(.max)
        // Both are scheduled now, while a refusal is possible; each looks whether it is its turn.
        let due = Deadline(.proposal, id.digest)
        let end = opensAt.advanced(byBlocks: state.value(of: .votingPeriodBlocks))
        let endsAt = try state.schedule(due, at: end ?? BlockHeight(.max), from: origin.height)
        let execution = endsAt.advanced(byBlocks: state.value(of: .timelockBlocks))
        let executesAt = try state.schedule(
            due,
            at: execution ?? BlockHeight(.max),
            from: endsAt
        )
        let proposal = Proposal(
            proposer: origin.sender,
            content: content,
            deposit: deposit,
            opensAt: opensAt,
            endsAt: endsAt,
            executesAt: executesAt,
            rules: currentRules,
            total: nil,
            tally: VoteTally(),
            status: .open
        )
        state.write(proposal, .proposal(id))
        setOpenProposals(of: origin.sender, to: open.of + 1, all: open.all + 1)
        let kind = content.action.kind
        return [.governance(.proposed(id, by: origin.sender, kind: kind, opensAt: opensAt))]
    }

    /// Whether the rules allow at all what is proposed; it is checked again when it is done.
    private func checkPossible(_ action: ProposalAction) throws(Refusal) {
        switch action {
        case .text: break
        case .numbers(let changes):
            for change in changes {
                guard let number = GovernedNumber(id: change.number) else {
                    throw .governance(.unknownNumber)
                }
                guard number.bounds.contains(change.value) else {
                    throw .governance(.invalidNumber)
                }
            }
        case .payment(let payment): try checkKnown(payment.denomination)
        }
    }

    private func checkKnown(_ denomination: Denomination) throws(Refusal) {
        guard state.exists(denomination) else {
            throw .governance(.unknownDenomination)
        }
    }

    /// The numbers by which a vote that is proposed now will be decided.
    private var currentRules: ProposalRules {
        let supply = state.read(StoredAmount.self, .supply(.native))?.amount ?? .zero
        // Cannot overflow: the supply is below 2^94, and basis points below 2^14.
        let votesMin = supply.obol * UInt128(state.value(of: .supplyQuorum)) / 10_000
        return ProposalRules(
            quorum: state.value(of: .quorum),
            votesMin: Amount(obol: votesMin),
            threshold: state.value(of: .threshold),
            veto: state.value(of: .veto)
        )
    }

    /// Votes with the sender's own stake, even if it let another vote with it, and with what others
    /// let it vote with and have not voted with themselves (GOV-22).
    ///
    /// It costs the same however many delegated: whoever votes itself leaves the sum behind with
    /// the ballot of its delegate, which then or later counts for that much less.
    private mutating func vote(
        _ choice: VoteChoice,
        on id: ProposalID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        guard var proposal = state.read(Proposal.self, .proposal(id)) else {
            throw .governance(.unknownProposal)
        }
        guard origin.height >= proposal.opensAt else { throw .governance(.tooEarly) }
        guard origin.height < proposal.endsAt, proposal.status == .open else {
            throw .governance(.tooLate)
        }
        let stake = state.votes(of: origin.sender, before: proposal.opensAt)
        var ballot = state.read(Ballot.self, .ballot(id, origin.sender)) ?? .none
        let weight = stake.own.obol + stake.received.obol - ballot.overridden.obol
        guard weight > 0 else { throw .governance(.noVotes) }
        var events: [Event] = []
        if let before = ballot.choice {
            proposal.tally.remove(ballot.weight, before)
        } else if let delegate = stake.delegate, !stake.own.isZero {
            override(delegate, by: stake.own, on: id, &proposal.tally)
            let overridden = GovernanceEvent.overridden(id, delegate: delegate, amount: stake.own)
            events.append(.governance(overridden))
        }
        ballot.choice = choice
        ballot.weight = Amount(obol: weight)
        proposal.tally.add(ballot.weight, choice)
        proposal.total = proposal.total ?? state.totalLocked(before: proposal.opensAt)
        state.write(ballot, .ballot(id, origin.sender))
        state.write(proposal, .proposal(id))
        let voted = GovernanceEvent.voted(id, by: origin.sender, choice, weight: ballot.weight)
        return events + [.governance(voted)]
    }

    /// Takes a stake back from its delegate: from its vote, or from the one that it may still cast.
    private mutating func override(
        _ delegate: AccountID,
        by stake: Amount,
        on id: ProposalID,
        _ tally: inout VoteTally
    ) {
        var ballot = state.read(Ballot.self, .ballot(id, delegate)) ?? .none
        ballot.overridden = Amount(obol: ballot.overridden.obol + stake.obol)
        if let choice = ballot.choice {
            ballot.weight = Amount(obol: ballot.weight.obol - stake.obol)
            tally.remove(stake, choice)
        }
        state.write(ballot, .ballot(id, delegate))
    }

    /// Gives something to the treasury (GOV-30).
    private mutating func fundTreasury(
        _ amount: Amount,
        _ denomination: Denomination,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        guard !amount.isZero else { throw .governance(.invalidNumber) }
        try checkKnown(denomination)
        try state.move(amount, from: origin.sender, to: .treasury(denomination))
        return [.governance(.treasuryFunded(by: origin.sender, denomination, amount))]
    }
}

extension VoteTally {
    fileprivate mutating func add(_ weight: Amount, _ choice: VoteChoice) {
        self[choice] = Amount(obol: self[choice].obol + weight.obol)
    }

    fileprivate mutating func remove(_ weight: Amount, _ choice: VoteChoice) {
        self[choice] = Amount(obol: self[choice].obol - weight.obol)
    }
}

extension Pot {
    /// What only a vote can spend.
    public static func treasury(_ denomination: Denomination) -> Pot {
        Pot(.treasury, .zero, denomination)
    }
}
