public import MarketTypes

extension StagedState {
    var stakingParameters: StakingParameters {
        read(StakingParameters.self, .stakingParameters) ?? .standard
    }

    /// The validator of an operator, or the refusal.
    func known(_ id: AccountID) throws(Refusal) -> Validator {
        guard let validator = read(Validator.self, .validator(id)) else {
            throw .staking(.unknownValidator)
        }
        return validator
    }

    /// The validator whose consensus key has this address, in the set or not.
    func validator(at address: ValidatorAddress) -> (id: AccountID, entry: Validator)? {
        guard let owner = read(ConsensusKeyOwner.self, .consensusKeyOwner(address)),
            let entry = read(Validator.self, .validator(owner.validator))
        else { return nil }
        return (owner.validator, entry)
    }

    func delegation(_ delegator: AccountID, to validator: AccountID) -> Delegation {
        read(Delegation.self, .delegation(delegator, to: validator)) ?? .none
    }

    /// Writes a delegation, or removes the entry if there is nothing in it.
    mutating func keep(
        _ delegation: Delegation,
        of delegator: AccountID,
        to validator: AccountID
    ) {
        let isEmpty = delegation.shares == 0 && delegation.unbonding.isEmpty
        write(isEmpty ? nil : delegation, .delegation(delegator, to: validator))
    }

    /// Writes a validator, and its power among the candidates.
    ///
    /// If there are too many, the weakest is no candidate any more: being named costs a place
    /// only as long as nobody has more to lose (STK-6).
    mutating func keep(
        _ validator: Validator,
        of id: AccountID,
        _ parameters: StakingParameters
    ) {
        write(validator, .validator(id))
        let before = read(ValidatorTable.self, .candidates) ?? .empty
        var candidates = before
        candidates[validator.address] = validator.isOut ? 0 : validator.power
        candidates = candidates.top(Int(parameters.candidatesMax))
        if candidates != before { write(candidates, .candidates) }
    }
}

extension Validator {
    /// What some of its shares are worth, rounded down.
    public func value(of part: UInt128) -> Amount {
        guard shares > 0 else { return .zero }
        return Amount(obol: quotient(stake.obol, times: part, over: shares))
    }

    /// Takes `amount` out of the stake for one who owns `owned` shares of it, which are worth at
    /// least as much; returns the shares that this costs.
    ///
    /// All of them if it is everything, otherwise rounded up: rounding is never for who leaves.
    mutating func remove(_ amount: Amount, of owned: UInt128) -> UInt128 {
        let isAll = amount == value(of: owned)
        let cost =
            isAll ? owned : quotient(shares, times: amount.obol, over: stake.obol, up: true)
        shares -= cost
        stake = Amount(obol: stake.obol - amount.obol)
        return cost
    }

    /// What a delegation has earned since it was last paid, rounded down.
    public func rewards(of delegation: Delegation) -> Amount {
        let earned = rewardIndex - delegation.paidIndex
        return Amount(obol: quotient(delegation.shares, times: earned, over: 1 << 64))
    }
}

extension Delegation.Unbonding {
    /// What is left of this after its validator's punishments, each taking its part in turn.
    public func amountLeft(
        after slashes: [Validator.Slash],
        _ parameters: StakingParameters
    ) -> Amount {
        slashes.filter(isAtRisk).reduce(amount) { left, _ in
            Amount(obol: left.obol - parameters.slashed(left).obol)
        }
    }
}

/// ⌊a × b ÷ c⌋, or with `up` ⌈a × b ÷ c⌉, through a product of 256 bits.
///
/// Traps if the result exceeds 128 bits: what is computed here is a part of a sum of native money.
private func quotient(_ a: UInt128, times b: UInt128, over c: UInt128, up: Bool = false) -> UInt128
{
    let (quotient, remainder) = c.dividingFullWidth(a.multipliedFullWidth(by: b))
    return up && remainder > 0 ? quotient + 1 : quotient
}
