import Identity
import MarketTypes

extension Ledger {
    mutating func apply(
        _ message: StakingMessage,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        let events: [StakingEvent] =
            switch message {
            case .delegate(let validator, let amount):
                try delegate(amount, to: validator, from: origin)
            case .undelegate(let validator, let amount):
                try undelegate(amount, of: validator, from: origin)
            case .withdrawStake(let validator): try withdrawStake(of: validator, from: origin)
            case .withdrawRewards(let validator): try withdrawRewards(of: validator, from: origin)
            case .setCommission(let basisPoints): try setCommission(basisPoints, from: origin)
            case .unjail: try unjail(from: origin)
            case .registerValidator:
                preconditionFailure("\(message) was not checked for the signature inside it")
            }
        return events.map { .staking($0) }
    }

    /// Makes the sender a validator (STK-10).
    mutating func registerValidator(
        _ registration: ValidatorRegistration,
        proof: Verified<ConsensusKeyProof>,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        let parameters = state.stakingParameters
        let id = origin.sender
        guard registration.commission.isValid else { throw .staking(.invalidCommission) }
        guard registration.selfBond >= parameters.selfBondMin else {
            throw .staking(.selfBondTooSmall)
        }
        guard proof.document.chain == chain, proof.document.validator == id else {
            throw .staking(.wrongProof)
        }
        guard !state.contains(.validator(id)) else { throw .staking(.alreadyValidator) }
        var validator = Validator(
            consensusKey: proof.key,
            commission: registration.commission,
            at: origin.height
        )
        let owner = StateKey.consensusKeyOwner(validator.address)
        guard !state.contains(owner) else { throw .staking(.keyInUse) }
        try state.debit(id, registration.selfBond, .native)
        state.write(ConsensusKeyOwner(validator: id), owner)
        let registered = StakingEvent.registered(id, address: validator.address)
        let bonded = add(registration.selfBond, of: id, to: &validator, id)
        state.keep(validator, of: id, parameters)
        return [.staking(registered), .staking(bonded)]
    }

    /// Puts stake behind a validator, the sender's own one or another's (STK-11).
    private mutating func delegate(
        _ amount: Amount,
        to id: AccountID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [StakingEvent] {
        guard !amount.isZero else { throw .staking(.zeroAmount) }
        var validator = try state.known(id)
        guard !validator.isTombstoned else { throw .staking(.tombstoned) }
        try state.debit(origin.sender, amount, .native)
        var events = try payRewards(to: origin.sender, of: &validator, id)
        events.append(add(amount, of: origin.sender, to: &validator, id))
        state.keep(validator, of: id, state.stakingParameters)
        return events
    }

    /// Makes shares of money that was taken from its owner.
    ///
    /// One share for each obol: no validator that was slashed takes stake, and one that was not
    /// has as much stake as shares.
    private mutating func add(
        _ amount: Amount,
        of delegator: AccountID,
        to validator: inout Validator,
        _ id: AccountID
    ) -> StakingEvent {
        var delegation = state.delegation(delegator, to: id)
        delegation.exitDelayBlocks = state.kept(
            .stake,
            before: delegation.exitDelayBlocks,
            isEmpty: delegation.shares == 0,
            now: state.stakingParameters.unbondingDelayBlocks
        )
        validator.stake = Amount(obol: validator.stake.obol + amount.obol)
        validator.shares += amount.obol
        delegation.shares += amount.obol
        delegation.paidIndex = validator.rewardIndex
        state.put(amount, .native)
        state.write(delegation, .delegation(delegator, to: id))
        return .delegationChanged(id, delegator: delegator, shares: delegation.shares)
    }

    /// Starts the way back of stake; it stays at risk until it arrives (STK-12).
    private mutating func undelegate(
        _ amount: Amount,
        of id: AccountID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [StakingEvent] {
        guard !amount.isZero else { throw .staking(.zeroAmount) }
        var validator = try state.known(id)
        let parameters = state.stakingParameters
        let owned = state.delegation(origin.sender, to: id)
        guard amount <= validator.value(of: owned.shares) else {
            throw .staking(.insufficientStake)
        }
        guard owned.unbonding.count < Delegation.unbondingsMax else {
            throw .staking(.tooManyUnbondings)
        }
        var events = try payRewards(to: origin.sender, of: &validator, id)
        var delegation = state.delegation(origin.sender, to: id)
        delegation.shares -= validator.remove(amount, of: delegation.shares)
        let delay = state.blocks(
            of: .stake,
            kept: delegation.exitDelayBlocks,
            now: parameters.unbondingDelayBlocks
        )
        let releasedAt = origin.height.advanced(byBlocks: delay) ?? BlockHeight(.max)
        delegation.unbonding.append(
            Delegation.Unbonding(
                amount: amount,
                begunAt: origin.height,
                releasedAt: releasedAt
            )
        )
        state.take(amount, .native)
        state.put(amount, .native)
        if validator.shares == 0 {
            // Nobody is left to whom what rounding kept would belong.
            state.take(validator.rewards, .native)
            state.payIntoFeePool(validator.rewards)
            (validator.rewards, validator.rewardRest) = (.zero, 0)
        }
        state.write(delegation, .delegation(origin.sender, to: id))
        state.keep(validator, of: id, parameters)
        state.awaitHeight(releasedAt)
        events.append(
            .delegationChanged(id, delegator: origin.sender, shares: delegation.shares)
        )
        return events
    }

    /// Returns the stake that has served its delay, less what it was slashed (STK-13).
    private mutating func withdrawStake(
        of id: AccountID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [StakingEvent] {
        let validator = try state.known(id)
        let parameters = state.stakingParameters
        var delegation = state.delegation(origin.sender, to: id)
        let due = delegation.unbonding.filter { $0.releasedAt <= origin.height }
        guard !due.isEmpty else { throw .staking(.nothingToWithdraw) }
        let asked = due.reduce(UInt128(0)) { $0 + $1.amount.obol }
        let left = due.reduce(UInt128(0)) { sum, part in
            sum + part.amountLeft(after: validator.slashes, parameters).obol
        }
        delegation.unbonding.removeAll { $0.releasedAt <= origin.height }
        state.keep(delegation, of: origin.sender, to: id)
        state.take(Amount(obol: asked), .native)
        try state.credit(origin.sender, Amount(obol: left), .native)
        state.payIntoFeePool(Amount(obol: asked - left))
        return [.stakeWithdrawn(id, delegator: origin.sender, amount: Amount(obol: left))]
    }

    /// Pays the sender's rewards, and to a validator's operator its commission too (STK-14).
    private mutating func withdrawRewards(
        of id: AccountID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [StakingEvent] {
        var validator = try state.known(id)
        var events = try payRewards(to: origin.sender, of: &validator, id)
        let commission = validator.commissionEarned
        if id == origin.sender, !commission.isZero {
            validator.commissionEarned = .zero
            state.take(commission, .native)
            try state.credit(id, commission, .native)
            events.append(.rewardsPaid(id, to: id, amount: commission))
        }
        guard !events.isEmpty else { throw .staking(.nothingToWithdraw) }
        state.write(validator, .validator(id))
        return events
    }

    /// Pays what a delegator's shares have earned since they were last paid, rounded down.
    private mutating func payRewards(
        to delegator: AccountID,
        of validator: inout Validator,
        _ id: AccountID
    ) throws(Refusal) -> [StakingEvent] {
        var delegation = state.delegation(delegator, to: id)
        let due = validator.rewards(of: delegation)
        guard !due.isZero else { return [] }
        // What is less than an obol is forgotten here, and stays with the validator's rewards.
        delegation.paidIndex = validator.rewardIndex
        state.write(delegation, .delegation(delegator, to: id))
        validator.rewards = Amount(obol: validator.rewards.obol - due.obol)
        state.take(due, .native)
        try state.credit(delegator, due, .native)
        return [.rewardsPaid(id, to: delegator, amount: due)]
    }

    /// Changes what the sender keeps of its delegators' rewards from now on (STK-15).
    private mutating func setCommission(
        _ basisPoints: UInt16,
        from origin: MessageOrigin
    ) throws(Refusal) -> [StakingEvent] {
        var validator = try state.known(origin.sender)
        guard validator.commission.allows(basisPoints) else {
            throw .staking(.invalidCommission)
        }
        // Whoever does not like a change can leave before the next.
        let delay = state.stakingParameters.unbondingDelayBlocks
        let next = validator.commissionSetAt.advanced(byBlocks: delay) ?? BlockHeight(.max)
        guard origin.height >= next else { throw .staking(.commissionTooSoon) }
        validator.commission.basisPoints = basisPoints
        validator.commissionSetAt = origin.height
        state.write(validator, .validator(origin.sender))
        return [.commissionChanged(origin.sender, basisPoints: basisPoints)]
    }

    /// Lets the sender, which failed to sign, compete for the set again (STK-16).
    private mutating func unjail(from origin: MessageOrigin) throws(Refusal) -> [StakingEvent] {
        var validator = try state.known(origin.sender)
        guard !validator.isTombstoned else { throw .staking(.tombstoned) }
        guard let until = validator.jailedUntil else { throw .staking(.notJailed) }
        guard origin.height >= until else { throw .staking(.tooEarly) }
        validator.jailedUntil = nil
        state.keep(validator, of: origin.sender, state.stakingParameters)
        return [.unjailed(origin.sender)]
    }
}
