import MarketTypes

/// What blocks do to validators, whatever is in them.
extension Ledger {
    /// Gives the proposer what the fee pool holds, less the treasury's share (STK-21).
    ///
    /// Nobody earns it, and it waits for the next block, if the proposer is unknown, out, or has
    /// less than one STOA behind it, which also keeps the reward index far from its end.
    mutating func reward(_ proposer: ValidatorAddress?) -> [Event] {
        guard let proposer, let pool = state.read(StoredAmount.self, .feePool)?.amount,
            let (id, entry) = state.validator(at: proposer),
            !entry.isOut, entry.shares >= Amount.obolPerStoa
        else { return [] }
        var validator = entry
        let share = treasuryShare(of: pool)
        let earned = Amount(obol: pool.obol - share.obol)
        let commission = validator.commission.part(of: earned)
        let rest = Amount(obol: earned.obol - commission.obol)
        guard validator.share(rest) else { return [] }
        validator.commissionEarned = Amount(
            obol: validator.commissionEarned.obol + commission.obol
        )
        state.write(validator, .validator(id))
        state.write(StoredAmount?.none, .feePool)
        state.take(pool, .native)
        state.put(earned, .native)
        state.fill(.treasury(.native), share)
        let funded = GovernanceEvent.treasuryFunded(by: nil, .native, share)
        return [.staking(.rewardEarned(id, amount: earned))]
            + (share.isZero ? [] : [.governance(funded)])
    }

    /// Takes a part of the stake of a validator that broke consensus, and bars it for ever; each
    /// height once (STK-22).
    mutating func punish(
        _ misbehavior: EngineReport.Misbehavior,
        at height: BlockHeight
    ) -> [StakingEvent] {
        let parameters = state.stakingParameters
        let infraction = misbehavior.height
        guard infraction <= height,
            height.rawValue - infraction.rawValue <= parameters.unbondingDelayBlocks,
            let (id, entry) = state.validator(at: misbehavior.validator),
            entry.slashes.count < Validator.slashesMax,
            !entry.slashes.contains(where: { $0.infraction == infraction })
        else { return [] }
        var validator = entry
        let lost = parameters.slashed(validator.stake)
        validator.stake = Amount(obol: validator.stake.obol - lost.obol)
        validator.slashes.append(Validator.Slash(infraction: infraction, executedAt: height))
        state.take(lost, .native)
        state.payIntoFeePool(lost)
        state.keep(validator, of: id, parameters)
        return [.slashed(id, amount: lost, infraction: infraction)]
    }

    /// Counts who has not signed the block before, and jails who has not for too long (STK-23).
    ///
    /// Writes only what changes: while everybody signs, nothing.
    mutating func countMissedVotes(
        _ votes: [EngineReport.Vote],
        at height: BlockHeight
    ) -> [StakingEvent] {
        let absent = votes.filter { !$0.signed }.map(\.validator)
        let before = state.read(ValidatorTable.self, .missedBlocks) ?? .empty
        guard !absent.isEmpty || !before.isEmpty else { return [] }
        let parameters = state.stakingParameters
        let candidates = state.read(ValidatorTable.self, .candidates) ?? .empty
        var missed = ValidatorTable.empty
        var events: [StakingEvent] = []
        // Only candidates are counted, so the table is bounded as theirs is. A validator that is
        // named twice counts once, since its count is computed from the one before.
        for address in absent where candidates[address] > 0 {
            missed[address] = before[address] + 1
        }
        for (address, count) in missed.entries.entries where count > parameters.missedBlocksMax {
            missed[address] = 0
            guard let (id, entry) = state.validator(at: address) else { continue }
            var validator = entry
            let until = height.advanced(byBlocks: parameters.jailBlocks) ?? BlockHeight(.max)
            validator.jailedUntil = until
            state.keep(validator, of: id, parameters)
            state.awaitHeight(until)
            events.append(.jailed(id, until: until))
        }
        if missed != before { state.write(missed.isEmpty ? nil : missed, .missedBlocks) }
        return events
    }

    /// Brings the set that the engine was told up to date, and returns what it must change
    /// (STK-24).
    ///
    /// If nobody is left who may order blocks, the set stays as it was: an engine stops for ever
    /// at an empty one.
    mutating func updateValidatorSet() -> [ValidatorUpdate] {
        guard state.isChanged(.candidates),
            let candidates = state.read(ValidatorTable.self, .candidates)
        else { return [] }
        let next = candidates.top(Int(state.stakingParameters.validatorsMax))
        guard !next.isEmpty else { return [] }
        let told = state.read(ValidatorTable.self, .validatorSet) ?? .empty
        let changes = told.changes(to: next)
        guard !changes.isEmpty else { return [] }
        state.write(next, .validatorSet)
        state.keepTransaction()
        return changes.compactMap { address, power in
            state.validator(at: address).map {
                ValidatorUpdate(key: $0.entry.consensusKey, power: power)
            }
        }
    }
}

extension StakingParameters {
    /// What breaking consensus costs of `amount`, rounded down.
    func slashed(_ amount: Amount) -> Amount { amount.part(basisPoints: slashBasisPoints) }
}

extension Commission {
    /// What the operator keeps of `amount`, rounded down.
    func part(of amount: Amount) -> Amount { amount.part(basisPoints: basisPoints) }
}

extension Amount {
    /// A part of this in hundredths of a percent, rounded down; at most the whole.
    ///
    /// Cannot overflow: native amounts are below 2^94, and 10,000 below 2^14.
    fileprivate func part(basisPoints: UInt16) -> Amount {
        Amount(obol: obol * UInt128(basisPoints) / UInt128(StakingParameters.wholeBasisPoints))
    }
}

extension Validator {
    /// Shares a reward among all stake; what cannot be divided waits for the next.
    ///
    /// For all times: rewards × 2^64 ≥ Σ shares × (index − paid index) + rest, so that what is
    /// withdrawn, each part rounded down, never exceeds the rewards.
    ///
    /// - Returns: false, and nothing has changed, if the index would end: after rewards of 2^64
    ///   times the stake, when the rest of the chain's fees go to others.
    mutating func share(_ reward: Amount) -> Bool {
        // The reward in 2^−64 obol, 158 bits at most, and the rest, which is below the shares.
        let (low, carry) = (reward.obol << 64).addingReportingOverflow(rewardRest)
        let high = (reward.obol >> 64) + (carry ? 1 : 0)
        guard high < shares else { return false }
        let (quotient, rest) = shares.dividingFullWidth((high, low))
        let (index, overflow) = rewardIndex.addingReportingOverflow(quotient)
        guard !overflow else { return false }
        rewardIndex = index
        rewardRest = rest
        rewards = Amount(obol: rewards.obol + reward.obol)
        return true
    }
}
