import CanonicalCoding
public import MarketTypes

extension StateKey {
    /// Where a validator stands, by its operator.
    public static func validator(_ validator: AccountID) -> StateKey {
        StateKey(.validator) { $0.encode(validator.digest) }
    }

    /// What the keys of all validators begin with.
    public static let validators = StateKey(.validator)

    /// Where an account's stake in a validator stands.
    public static func delegation(_ delegator: AccountID, to validator: AccountID) -> StateKey {
        StateKey(.delegation) {
            $0.encode(delegator.digest)
            $0.encode(validator.digest)
        }
    }

    /// What the keys of all stakes of an account begin with.
    public static func delegations(of delegator: AccountID) -> StateKey {
        StateKey(.delegation) { $0.encode(delegator.digest) }
    }

    /// Where it stands whose consensus key has this address.
    public static func consensusKeyOwner(_ address: ValidatorAddress) -> StateKey {
        StateKey(.consensusKeyOwner) { $0.encode(fixed: address.bytes) }
    }

    /// Where the staking parameters stand, if they are not standard.
    public static let stakingParameters = StateKey(.stakingParameters)

    /// Where the powers of all stand that compete for the set.
    public static let candidates = StateKey(.candidates)

    /// Where the powers stand that the engine was last told.
    public static let validatorSet = StateKey(.validatorSet)

    /// Where it stands how many blocks in a row validators have failed to sign.
    public static let missedBlocks = StateKey(.missedBlocks)
}
