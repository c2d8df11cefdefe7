import CanonicalCoding
public import Identity
public import MarketTypes

/// What a validator keeps of its delegators' rewards, in hundredths of a percent.
public struct Commission: Hashable, Sendable {
    /// The part it keeps now; at most ``basisPointsMax``.
    public internal(set) var basisPoints: UInt16
    /// The most it can ever ask for; at most 10,000, and fixed at registration.
    public let basisPointsMax: UInt16
    /// The most that one change can raise or lower it by; fixed at registration.
    public let changeMax: UInt16

    /// Creates a commission; the ledger refuses it unless ``isValid``.
    public init(basisPoints: UInt16, basisPointsMax: UInt16, changeMax: UInt16) {
        self.basisPoints = basisPoints
        self.basisPointsMax = basisPointsMax
        self.changeMax = changeMax
    }

    /// Ten percent, at most twenty, changed by one percent at a time.
    public static let standard = Commission(
        basisPoints: 1000,
        basisPointsMax: 2000,
        changeMax: 100
    )

    /// Whether the part is within its limit, and the limit within the whole.
    public var isValid: Bool {
        basisPoints <= basisPointsMax && basisPointsMax <= StakingParameters.wholeBasisPoints
            && changeMax <= basisPointsMax
    }

    /// Whether one change may lead to `next`.
    func allows(_ next: UInt16) -> Bool {
        let distance = next > basisPoints ? next - basisPoints : basisPoints - next
        return next <= basisPointsMax && distance <= changeMax
    }
}

/// Somebody who orders blocks, or competes for it, by the stake behind it (STK-4).
///
/// A delegated obol is one share for ever. Until it is slashed, a validator's stake equals its
/// shares; afterwards it takes no more, so shares are never made at any other price. All sums here
/// are bounded by the native supply, below 2^94, and cannot overflow.
public struct Validator: Hashable, Sendable {
    /// A punishment: everything that was at stake from one height to another lost a part.
    public struct Slash: Hashable, Sendable {
        /// At which height it broke consensus.
        public let infraction: BlockHeight
        /// At which height the ledger heard of it.
        public let executedAt: BlockHeight
    }

    /// The most punishments of one validator; what it does after so many changes nothing.
    public static let slashesMax = 16
    /// The most voting power of one validator, so that no set's total can exceed an engine's
    /// limit of 2^60 − 1, not even if everybody in it is replaced at once: 2 × 200 × 2^51 < 2^60.
    public static let powerMax: UInt64 = 1 << 51

    /// The key it votes with; it belongs to this validator for ever.
    public let consensusKey: PublicKey
    /// What it keeps of rewards.
    public internal(set) var commission: Commission
    /// When the commission was last set.
    public internal(set) var commissionSetAt: BlockHeight
    /// What stands behind it, in obol; its own included, what is on its way back not.
    public internal(set) var stake: Amount
    /// Who owns how much of the stake: the obol delegated and not yet asked back.
    public internal(set) var shares: UInt128
    /// The rewards of one share since registration, in 2^−64 obol.
    public internal(set) var rewardIndex: UInt128
    /// What the index could not divide, in 2^−64 obol; it joins the next reward.
    public internal(set) var rewardRest: UInt128
    /// The rewards that delegators have not withdrawn, in obol.
    public internal(set) var rewards: Amount
    /// The commission that the operator has not withdrawn, in obol.
    public internal(set) var commissionEarned: Amount
    /// Until when it is out at least, for not signing; nil if it is not.
    public internal(set) var jailedUntil: BlockHeight?
    /// Its punishments, in the order in which they came.
    public internal(set) var slashes: [Slash]

    /// A validator without stake.
    init(consensusKey: PublicKey, commission: Commission, at height: BlockHeight) {
        self.consensusKey = consensusKey
        self.commission = commission
        commissionSetAt = height
        stake = .zero
        shares = 0
        rewardIndex = 0
        rewardRest = 0
        rewards = .zero
        commissionEarned = .zero
        jailedUntil = nil
        slashes = []
    }

    /// How an ordering engine names it.
    public var address: ValidatorAddress { ValidatorAddress(consensusKey: consensusKey) }

    /// Whether it broke consensus: it never orders blocks again, and takes no more stake.
    public var isTombstoned: Bool { !slashes.isEmpty }

    /// Whether it may not order blocks now.
    public var isOut: Bool { isTombstoned || jailedUntil != nil }

    /// The voting power that its stake would have: whole STOA, at most ``powerMax``.
    public var power: UInt64 {
        UInt64(min(stake.obol / Amount.obolPerStoa, UInt128(Self.powerMax)))
    }

    /// All the money in this entry, in obol.
    public var money: Amount {
        Amount(obol: stake.obol + rewards.obol + commissionEarned.obol)
    }
}

/// An account's part of a validator's stake, and what it has asked back of it (STK-5).
public struct Delegation: Hashable, Sendable {
    /// Money on its way back, at risk until then.
    public struct Unbonding: Hashable, Sendable {
        /// How much was asked back, in obol; what slashing took since is still in it.
        public let amount: Amount
        /// When it was asked back.
        public let begunAt: BlockHeight
        /// From which height on it can be withdrawn.
        public let releasedAt: BlockHeight

        /// Whether a punishment counts for it: what the validator did was done while this stood
        /// behind it, and was heard of before this was free.
        func isAtRisk(of slash: Validator.Slash) -> Bool {
            slash.infraction <= begunAt && begunAt < slash.executedAt
                && slash.executedAt < releasedAt
        }
    }

    /// The most parts of one delegation that can be on their way back at once.
    public static let unbondingsMax = 8

    /// The shares of the validator's stake.
    public internal(set) var shares: UInt128
    /// The validator's reward index up to which rewards were paid.
    public internal(set) var paidIndex: UInt128
    /// What is on its way back, by ascending height.
    public internal(set) var unbonding: [Unbonding]
    /// How many blocks the shares' worth takes to come back; nil for what it was before any vote.
    public internal(set) var exitDelayBlocks: UInt64?

    /// No stake at all.
    public static let none = Delegation(shares: 0, paidIndex: 0, unbonding: [])

    /// All the money in this entry, in obol.
    public var money: Amount { Amount(obol: unbonding.reduce(0) { $0 + $1.amount.obol }) }
}

/// Whose consensus key an address is; kept for ever, since evidence may come late.
struct ConsensusKeyOwner: Hashable, Sendable {
    let validator: AccountID
}

/// Why stake could not move or a validator could not do what it asked, in order of precedence.
public enum StakingRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// Nothing was to be moved.
    case zeroAmount = 1
    /// There is no such validator.
    case unknownValidator = 2
    /// The commission exceeds its limit, or changes by more than it may.
    case invalidCommission = 3
    /// A validator registers with less than the least stake.
    case selfBondTooSmall = 4
    /// The consensus key signed for another chain or operator.
    case wrongProof = 5
    /// The account is a validator already; it stays one for ever.
    case alreadyValidator = 6
    /// The consensus key belongs to another validator.
    case keyInUse = 7
    /// The validator broke consensus: it takes no stake and never comes back.
    case tombstoned = 8
    /// The sender has less than that with this validator.
    case insufficientStake = 9
    /// Too many parts are on their way back.
    case tooManyUnbondings = 10
    /// Nothing can be withdrawn yet.
    case nothingToWithdraw = 11
    /// The commission was set not long enough ago.
    case commissionTooSoon = 12
    /// The validator is not in jail.
    case notJailed = 13
    /// The validator must stay in jail for longer.
    case tooEarly = 14
}
