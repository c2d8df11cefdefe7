public import SettlementCore

/// Why a transaction was refused, across all components.
///
/// A code is `100 × component + case` and never reused; 0 means accepted.
public enum Refusal: Error, Hashable, Sendable {
    case transaction(TransactionRefusal)
    case accounts(AccountRefusal)
    case assets(AssetRefusal)
    case offers(OfferRefusal)
    case channels(ChannelRefusal)
    case bonds(BondRefusal)
    case settlement(SettlementRefusal)
    case staking(StakingRefusal)
    case lineage(LineageRefusal)
    case shares(SharesRefusal)
    case units(UnitRefusal)
    case passes(PassRefusal)
    case exchange(ExchangeRefusal)
    case escrows(EscrowRefusal)
    case disputes(DisputeRefusal)
    case governance(GovernanceRefusal)
    case authorization(AuthorizationRefusal)
    case deadlines(DeadlineRefusal)

    /// The number that enters the block's results.
    public var code: UInt32 {
        switch self {
        case .transaction(let refusal): 100 + refusal.rawValue
        case .accounts(let refusal): 200 + refusal.rawValue
        case .assets(let refusal): 300 + refusal.rawValue
        case .offers(let refusal): 400 + refusal.rawValue
        case .channels(let refusal): 500 + refusal.rawValue
        case .bonds(let refusal): 600 + refusal.rawValue
        case .settlement(let refusal): 700 + refusal.code
        case .staking(let refusal): 800 + refusal.rawValue
        case .lineage(let refusal): 900 + refusal.rawValue
        case .shares(let refusal): 1000 + refusal.rawValue
        case .units(let refusal): 1100 + refusal.rawValue
        case .passes(let refusal): 1200 + refusal.rawValue
        case .exchange(let refusal): 1300 + refusal.rawValue
        case .escrows(let refusal): 1400 + refusal.rawValue
        case .disputes(let refusal): 1500 + refusal.rawValue
        case .governance(let refusal): 1600 + refusal.rawValue
        case .authorization(let refusal): 1700 + refusal.rawValue
        case .deadlines(let refusal): 1800 + refusal.rawValue
        }
    }

    /// The refusal with this number, or nil.
    public init?(code: UInt32) {
        let number = code % 100
        let made: Refusal? =
            switch code / 100 {
            case 1: TransactionRefusal(rawValue: number).map { .transaction($0) }
            case 2: AccountRefusal(rawValue: number).map { .accounts($0) }
            case 3: AssetRefusal(rawValue: number).map { .assets($0) }
            case 4: OfferRefusal(rawValue: number).map { .offers($0) }
            case 5: ChannelRefusal(rawValue: number).map { .channels($0) }
            case 6: BondRefusal(rawValue: number).map { .bonds($0) }
            case 7: SettlementRefusal(code: number).map { .settlement($0) }
            case 8: StakingRefusal(rawValue: number).map { .staking($0) }
            case 9: LineageRefusal(rawValue: number).map { .lineage($0) }
            case 10: SharesRefusal(rawValue: number).map { .shares($0) }
            case 11: UnitRefusal(rawValue: number).map { .units($0) }
            case 12: PassRefusal(rawValue: number).map { .passes($0) }
            case 13: ExchangeRefusal(rawValue: number).map { .exchange($0) }
            case 14: EscrowRefusal(rawValue: number).map { .escrows($0) }
            case 15: DisputeRefusal(rawValue: number).map { .disputes($0) }
            case 16: GovernanceRefusal(rawValue: number).map { .governance($0) }
            case 17: AuthorizationRefusal(rawValue: number).map { .authorization($0) }
            case 18: DeadlineRefusal(rawValue: number).map { .deadlines($0) }
            default: nil
            }
        guard let made else { return nil }
        self = made
    }

    /// Whether the fee was charged all the same: true once the transaction could enter a block.
    public var feeCharged: Bool {
        guard case .transaction = self else { return true }
        return false
    }

    /// The case's name, for people and logs, such as `accounts.insufficientBalance`.
    public var name: String {
        switch self {
        case .transaction(let refusal): "transaction.\(refusal)"
        case .accounts(let refusal): "accounts.\(refusal)"
        case .assets(let refusal): "assets.\(refusal)"
        case .offers(let refusal): "offers.\(refusal)"
        case .channels(let refusal): "channels.\(refusal)"
        case .bonds(let refusal): "bonds.\(refusal)"
        case .settlement(let refusal): "settlement.\(refusal)"
        case .staking(let refusal): "staking.\(refusal)"
        case .lineage(let refusal): "lineage.\(refusal)"
        case .shares(let refusal): "shares.\(refusal)"
        case .units(let refusal): "units.\(refusal)"
        case .passes(let refusal): "passes.\(refusal)"
        case .exchange(let refusal): "exchange.\(refusal)"
        case .escrows(let refusal): "escrows.\(refusal)"
        case .disputes(let refusal): "disputes.\(refusal)"
        case .governance(let refusal): "governance.\(refusal)"
        case .authorization(let refusal): "authorization.\(refusal)"
        case .deadlines(let refusal): "deadlines.\(refusal)"
        }
    }
}

/// Why a transaction cannot enter a block at all; nothing is charged.
public enum TransactionRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// The bytes are not a transaction's canonical encoding.
    case malformed = 1
    /// The transaction is larger than the limit.
    case tooLarge = 2
    /// The transaction is for another chain.
    case wrongChain = 3
    /// The signing key is not the sender's.
    case wrongSigner = 4
    /// A signature, of the transaction or inside a message, does not verify.
    case invalidSignature = 5
    /// The block height is past the transaction's last one.
    case expired = 6
    /// The sequence number was used before.
    case staleSequence = 7
    /// A sequence number was skipped.
    case sequenceGap = 8
    /// The fee is below the minimum for the transaction's size.
    case feeTooLow = 9
    /// The sender cannot pay the fee.
    case cannotPayFee = 10
    /// The session key that signed has ended, or was revoked.
    case sessionEnded = 11
    /// The session key that signed may not send such messages.
    case outsideSession = 12
    /// The fee would take the session key over what it may spend.
    case sessionLimit = 13
}
