import MarketTypes

extension Ledger {
    /// Locks money to vote with (GOV-10).
    mutating func lockVotes(
        _ amount: Amount,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        guard !amount.isZero else { throw .governance(.invalidNumber) }
        try state.move(amount, from: origin.sender, to: Pot(.votes, origin.sender.digest))
        var voter = state.voter(origin.sender)
        voter.exitDelayBlocks = state.kept(
            .votes,
            before: voter.exitDelayBlocks,
            isEmpty: voter.own.isZero,
            now: state.value(of: .unlockDelayBlocks)
        )
        state.write(voter, .voter(origin.sender))
        return changeStake(of: origin.sender, at: origin.height) { $0 + amount.obol }
    }

    /// Begins the way back of locked money (GOV-11).
    mutating func unlockVotes(
        _ amount: Amount,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        guard !amount.isZero else { throw .governance(.invalidNumber) }
        var voter = state.voter(origin.sender)
        guard amount <= voter.own else { throw .governance(.insufficientStake) }
        guard voter.unlockings.count < Voter.unlockingsMax else {
            throw .governance(.tooManyUnlockings)
        }
        let delay = state.blocks(
            of: .votes,
            kept: voter.exitDelayBlocks,
            now: state.value(of: .unlockDelayBlocks)
        )
        let releasedAt = origin.height.advanced(byBlocks: delay) ?? BlockHeight(.max)
        voter.unlockings.append(Voter.Unlocking(amount: amount, releasedAt: releasedAt))
        state.write(voter, .voter(origin.sender))
        state.awaitHeight(releasedAt)
        let unlocking = GovernanceEvent.unlockBegan(
            origin.sender,
            amount: amount,
            releasedAt: releasedAt
        )
        return changeStake(of: origin.sender, at: origin.height) { $0 - amount.obol }
            + [.governance(unlocking)]
    }

    /// Returns what has served its delay (GOV-12).
    mutating func withdrawVotes(from origin: MessageOrigin) throws(Refusal) -> [Event] {
        var voter = state.voter(origin.sender)
        let due = voter.unlockings.filter { $0.releasedAt <= origin.height }
        guard !due.isEmpty else { throw .governance(.nothingToWithdraw) }
        let sum = Amount(obol: due.reduce(0) { $0 + $1.amount.obol })
        voter.unlockings.removeAll { $0.releasedAt <= origin.height }
        state.write(voter, .voter(origin.sender))
        try state.move(sum, from: Pot(.votes, origin.sender.digest), to: origin.sender)
        return [.governance(.votesWithdrawn(origin.sender, amount: sum))]
    }

    /// Says who votes with the sender's stake unless it does so itself (GOV-13).
    mutating func delegateVotes(
        to delegate: AccountID?,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        guard delegate != origin.sender else { throw .governance(.selfDelegation) }
        var voter = state.voter(origin.sender)
        let before = voter.delegate
        var events: [Event] = [.governance(.delegated(origin.sender, to: delegate))]
        if let before {
            events += changeReceived(of: before, at: origin.height) { $0 - voter.own.obol }
        }
        if let delegate {
            events += changeReceived(of: delegate, at: origin.height) { $0 + voter.own.obol }
        }
        voter.delegate = delegate
        state.keep(voter, of: origin.sender, at: origin.height)
        return events
    }

    /// Changes what an account has locked, what its delegate may vote with, and the sum of all.
    ///
    /// No sum can overflow: they are parts of the native supply.
    private mutating func changeStake(
        of account: AccountID,
        at height: BlockHeight,
        _ change: (UInt128) -> UInt128
    ) -> [Event] {
        var voter = state.voter(account)
        voter.own = Amount(obol: change(voter.own.obol))
        state.keep(voter, of: account, at: height)
        let total = state.read(VotingTotal.self, .votingTotal) ?? .none
        state.setTotalLocked(Amount(obol: change(total.locked.obol)), at: height)
        let changed = GovernanceEvent.votesChanged(
            account,
            own: voter.own,
            received: voter.received
        )
        guard let delegate = voter.delegate else { return [.governance(changed)] }
        return [.governance(changed)] + changeReceived(of: delegate, at: height, change)
    }

    private mutating func changeReceived(
        of account: AccountID,
        at height: BlockHeight,
        _ change: (UInt128) -> UInt128
    ) -> [Event] {
        var voter = state.voter(account)
        let received = Amount(obol: change(voter.received.obol))
        guard received != voter.received else { return [] }
        voter.received = received
        state.keep(voter, of: account, at: height)
        let changed = GovernanceEvent.votesChanged(
            account,
            own: voter.own,
            received: received
        )
        return [.governance(changed)]
    }
}
