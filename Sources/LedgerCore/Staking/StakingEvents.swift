import CanonicalCoding
public import MarketTypes

/// What happened to stake; the tags are those of ``Event``, and append-only.
public enum StakingEvent: Hashable, Sendable {
    /// An account became a validator.
    case registered(AccountID, address: ValidatorAddress)
    /// An account's shares of a validator's stake changed.
    case delegationChanged(AccountID, delegator: AccountID, shares: UInt128)
    /// Stake that had served its delay came back.
    case stakeWithdrawn(AccountID, delegator: AccountID, amount: Amount)
    /// Rewards were paid to an account.
    case rewardsPaid(AccountID, to: AccountID, amount: Amount)
    /// A validator proposed a block, and earned the collected fees, commission included.
    case rewardEarned(AccountID, amount: Amount)
    /// A validator keeps another part of its rewards from now on.
    case commissionChanged(AccountID, basisPoints: UInt16)
    /// A validator failed to sign for too long.
    case jailed(AccountID, until: BlockHeight)
    /// A validator came back.
    case unjailed(AccountID)
    /// A validator broke consensus at a height, lost a part of its stake, and is out for ever.
    case slashed(AccountID, amount: Amount, infraction: BlockHeight)

    /// The validator that it happened to.
    public var validator: AccountID {
        switch self {
        case .registered(let validator, _), .delegationChanged(let validator, _, _),
            .stakeWithdrawn(let validator, _, _), .rewardsPaid(let validator, _, _),
            .rewardEarned(let validator, _), .commissionChanged(let validator, _),
            .jailed(let validator, _), .unjailed(let validator), .slashed(let validator, _, _):
            validator
        }
    }

    private var tag: UInt8 {
        switch self {
        case .registered: 12
        case .delegationChanged: 13
        case .stakeWithdrawn: 14
        case .rewardsPaid: 15
        case .rewardEarned: 16
        case .commissionChanged: 17
        case .jailed: 18
        case .unjailed: 19
        case .slashed: 20
        }
    }
}

extension StakingEvent {
    /// Appends the tag, the validator and the other fields.
    func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(tag)
        encoder.encode(validator.digest)
        switch self {
        case .registered(_, let address): encoder.encode(address)
        case .delegationChanged(_, let delegator, let shares):
            encoder.encode(delegator.digest)
            encoder.encode(shares)
        case .stakeWithdrawn(_, let account, let amount), .rewardsPaid(_, let account, let amount):
            encoder.encode(account.digest)
            encoder.encode(amount)
        case .rewardEarned(_, let amount): encoder.encode(amount)
        case .commissionChanged(_, let basisPoints): encoder.encode(basisPoints)
        case .jailed(_, let height): encoder.encode(height.rawValue)
        case .unjailed: break
        case .slashed(_, let amount, let infraction):
            encoder.encode(amount)
            encoder.encode(infraction.rawValue)
        }
    }

    /// Reads what follows the tag and the validator.
    init(
        tag: UInt8,
        of validator: AccountID,
        from decoder: inout CanonicalDecoder
    ) throws(CanonicalError) {
        switch tag {
        case 12: self = .registered(validator, address: try ValidatorAddress(from: &decoder))
        case 13:
            self = .delegationChanged(
                validator,
                delegator: AccountID(try decoder.decodeDigest()),
                shares: try decoder.decodeAmount().obol
            )
        case 14:
            self = .stakeWithdrawn(
                validator,
                delegator: AccountID(try decoder.decodeDigest()),
                amount: try decoder.decodeAmount()
            )
        case 15:
            self = .rewardsPaid(
                validator,
                to: AccountID(try decoder.decodeDigest()),
                amount: try decoder.decodeAmount()
            )
        case 16: self = .rewardEarned(validator, amount: try decoder.decodeAmount())
        case 17: self = .commissionChanged(validator, basisPoints: try decoder.decodeUInt16())
        case 18: self = .jailed(validator, until: BlockHeight(try decoder.decodeUInt64()))
        case 19: self = .unjailed(validator)
        case 20:
            self = .slashed(
                validator,
                amount: try decoder.decodeAmount(),
                infraction: BlockHeight(try decoder.decodeUInt64())
            )
        default: throw .unknownTag
        }
    }
}
