import CanonicalCoding
public import Identity
public import MarketTypes
public import SettlementCore

/// A request to lock money towards one payee.
public struct ChannelOpening: Hashable, Sendable {
    /// Who will be paid.
    public let payee: AccountID
    /// What deposit and vouchers count.
    public let denomination: Denomination
    /// What is locked.
    public let deposit: Amount
    /// The only key that may sign vouchers; a key of its own, so that the account's can stay away.
    public let voucherKey: PublicKey
    /// The number of lanes: how many calls can run at once.
    public let lanes: UInt16

    /// Creates an opening.
    public init(
        payee: AccountID,
        denomination: Denomination,
        deposit: Amount,
        voucherKey: PublicKey,
        lanes: UInt16
    ) {
        self.payee = payee
        self.denomination = denomination
        self.deposit = deposit
        self.voucherKey = voucherKey
        self.lanes = lanes
    }
}

/// A payee's request to be paid for many calls in many lanes at once.
public struct ChannelClaim: Hashable, Sendable {
    /// The channel that pays.
    public let channel: ChannelID
    /// The last voucher and receipt of each claimed lane, by ascending lane.
    public let lanes: [LaneClaim]
    /// The RFC 6962 root over the digests of all receipts since the last claim.
    public let receiptsRoot: Digest
    /// How many receipts that is.
    public let receiptsCount: UInt64
    /// Whether the payee gives up the rest, so that the channel closes at once.
    public let release: Bool

    /// Creates a claim.
    public init(
        channel: ChannelID,
        lanes: [LaneClaim],
        receiptsRoot: Digest,
        receiptsCount: UInt64,
        release: Bool
    ) {
        self.channel = channel
        self.lanes = lanes
        self.receiptsRoot = receiptsRoot
        self.receiptsCount = receiptsCount
        self.release = release
    }

    /// The most lanes in one claim; how many fit a transaction depends on their receipts' length,
    /// and is never below 90.
    public static let lanesMax = 128
}

/// A channel as the ledger keeps it.
///
/// ```
/// open ──close──▶ closing ──withdraw (after the delay)──▶ closed
///   └──────claim with release──────┴──────────────────────────▶ closed
/// ```
public struct Channel: Hashable, Sendable {
    /// Where a channel stands.
    public enum Status: Hashable, Sendable {
        /// Vouchers count.
        case open
        /// The payer asked to close; the payee may claim below this height.
        case closing(at: BlockHeight)
        /// Everything is paid out.
        case closed
    }

    /// Who pays.
    public let payer: AccountID
    /// Who is paid.
    public let payee: AccountID
    /// What amounts count.
    public let denomination: Denomination
    /// Everything the payer locked, top-ups included.
    public internal(set) var deposit: Amount
    /// Everything the payee was paid.
    public internal(set) var paid: Amount
    /// The only key that may sign vouchers.
    public let voucherKey: PublicKey
    /// The number of lanes.
    public let lanes: UInt16
    /// The number of claims so far.
    public internal(set) var claims: UInt32
    /// Where the channel stands.
    public internal(set) var status: Status
    /// How many blocks pass between the payer's request to close and the end; what the rules said
    /// when the channel opened, whatever they say now.
    public let closingDelayBlocks: UInt64

    /// What is still locked; nothing once closed.
    public var locked: Amount {
        status == .closed ? .zero : Amount(obol: deposit.obol - paid.obol)
    }

    /// What buyer and seller need to know of it.
    public func terms(id: ChannelID, chain: ChainID) -> ChannelTerms {
        ChannelTerms(
            chain: chain,
            id: id,
            payer: payer,
            payee: payee,
            denomination: denomination,
            deposit: deposit,
            voucherKey: voucherKey,
            lanes: lanes,
            isOpen: status == .open
        )
    }
}

/// What a claim left behind: the anchor of its receipts (promise P5).
public struct ClaimRecord: Hashable, Sendable {
    /// The RFC 6962 root over the receipts' digests.
    public let receiptsRoot: Digest
    /// How many receipts it covers.
    public let receiptsCount: UInt64
    /// What was paid.
    public let paid: Amount
    /// When it was paid.
    public let height: BlockHeight
}

/// Why a channel could not be opened, changed or closed.
public enum ChannelRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// Nothing would be locked.
    case zeroDeposit = 1
    /// The number of lanes is zero or above the limit.
    case invalidLanes = 2
    /// The voucher key's scheme is not one that nodes verify.
    case unsupportedKey = 3
    /// Payer and payee are the same.
    case sameParty = 4
    /// The denomination does not exist.
    case unknownDenomination = 5
    /// There is no such channel.
    case unknownChannel = 6
    /// The sender may not do this to the channel.
    case notParty = 7
    /// The channel is not open.
    case notOpen = 8
    /// The channel is closed.
    case closed = 9
    /// The closing delay has not passed.
    case tooEarly = 10
    /// The closing delay has passed.
    case tooLate = 11
    /// The claim names no lane and releases nothing, or too many lanes.
    case invalidClaim = 12
    /// The lanes are not in ascending order.
    case lanesNotAscending = 13
    /// The deposit would be more than can be counted.
    case depositOverflow = 14
    /// The channel has as many claims as can be counted.
    case tooManyClaims = 15
}
