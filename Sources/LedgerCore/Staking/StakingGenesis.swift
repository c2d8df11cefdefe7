public import CanonicalCoding
public import Identity
public import MarketTypes

extension Genesis {
    /// Somebody who orders blocks from the first one on.
    public struct Validator: Hashable, Sendable {
        /// The account that is the validator.
        public let `operator`: AccountID
        /// The key it votes with.
        public let consensusKey: PublicKey
        /// What it stakes, in obol, out of its own allocation.
        public let selfBond: Amount
        /// What it keeps of rewards.
        public let commission: Commission

        /// Creates a validator.
        public init(
            operator: AccountID,
            consensusKey: PublicKey,
            selfBond: Amount,
            commission: Commission = .standard
        ) {
            self.operator = `operator`
            self.consensusKey = consensusKey
            self.selfBond = selfBond
            self.commission = commission
        }
    }

    /// The set that orders the first block, by ascending address; empty where one process orders.
    public var validatorUpdates: [ValidatorUpdate] {
        let keys = validators.map {
            (ValidatorAddress(consensusKey: $0.consensusKey), $0.consensusKey)
        }
        guard let byAddress = SortedMap(keys) else { return [] }
        let set = powers.top(Int(stakingParameters.validatorsMax))
        return set.entries.entries.compactMap { address, power in
            byAddress[address].map { ValidatorUpdate(key: $0, power: power) }
        }
    }

    /// Whether the validators are in order and have what they stake (STK-2).
    var areValidatorsValid: Bool {
        guard stakingParameters.isValid, validators.count <= stakingParameters.candidatesMax,
            zip(validators, validators.dropFirst()).allSatisfy({ $0.operator < $1.operator }),
            SortedMap(validators.map { (ValidatorAddress(consensusKey: $0.consensusKey), 0) })
                != nil
        else { return false }
        let owned = SortedMap(allocations.map { ($0.account, $0.amount) })
        return validators.allSatisfy { validator in
            validator.consensusKey.scheme == .ed25519 && validator.commission.isValid
                && validator.selfBond >= stakingParameters.selfBondMin
                && validator.selfBond.obol >= Amount.obolPerStoa
                && validator.selfBond <= owned?[validator.operator] ?? .zero
        }
    }

    private var powers: ValidatorTable {
        var powers = ValidatorTable.empty
        for validator in validators.map(registered) { powers[validator.address] = validator.power }
        return powers
    }

    private func registered(_ validator: Validator) -> LedgerCore.Validator {
        var entry = LedgerCore.Validator(
            consensusKey: validator.consensusKey,
            commission: validator.commission,
            at: BlockHeight(0)
        )
        entry.stake = validator.selfBond
        entry.shares = validator.selfBond.obol
        return entry
    }

    /// Writes the entries of the validators, and moves what they stake out of their accounts.
    func writeValidators(to state: inout StagedState<EmptyState>) {
        if stakingParameters != .standard { state.write(stakingParameters, .stakingParameters) }
        guard !validators.isEmpty else { return }
        for validator in validators {
            let entry = registered(validator)
            let id = validator.operator
            var account = state.account(id)
            account.balance = Amount(obol: account.balance.obol - validator.selfBond.obol)
            state.write(account, .account(id))
            state.write(entry, .validator(id))
            state.write(ConsensusKeyOwner(validator: id), .consensusKeyOwner(entry.address))
            let delegation = Delegation(shares: entry.shares, paidIndex: 0, unbonding: [])
            state.write(delegation, .delegation(id, to: id))
        }
        state.write(powers, .candidates)
        state.write(powers.top(Int(stakingParameters.validatorsMax)), .validatorSet)
    }
}

extension Genesis {
    /// Whether there is anything about staking to say, or numbers to follow; a genesis without
    /// ends before it, as every genesis did before there was staking.
    private var hasStaking: Bool {
        !validators.isEmpty || stakingParameters != .standard || !numbers.isEmpty
    }

    func encodeStaking(into encoder: inout CanonicalEncoder) {
        guard hasStaking else { return }
        encoder.encode(stakingParameters)
        encoder.encode(list: validators)
    }

    static func decodeStaking(
        from decoder: inout CanonicalDecoder
    ) throws(CanonicalError) -> (StakingParameters, [Validator]) {
        guard !decoder.isAtEnd else { return (.standard, []) }
        let parameters = try StakingParameters(from: &decoder)
        let validators = try decoder.decodeList(
            of: Validator.self,
            countMax: Int(StakingParameters.candidatesLimit)
        )
        guard !validators.isEmpty || parameters != .standard || !decoder.isAtEnd else {
            throw .invalidValue
        }
        return (parameters, validators)
    }
}

extension Genesis.Validator: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(`operator`.digest)
        encoder.encode(consensusKey)
        encoder.encode(selfBond)
        encoder.encode(commission)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        `operator` = AccountID(try decoder.decodeDigest())
        consensusKey = try PublicKey(from: &decoder)
        selfBond = try decoder.decodeAmount()
        commission = try Commission(from: &decoder)
    }
}
