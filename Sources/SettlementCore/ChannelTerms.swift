public import Identity
public import MarketTypes

/// What buyer, seller and ledger agree on about a channel.
public struct ChannelTerms: Hashable, Sendable {
    /// The most lanes a channel may have, and so the most calls at once.
    public static let lanesMax: UInt16 = 1024

    /// The chain that holds the deposit.
    public let chain: ChainID
    /// The channel's name.
    public let id: ChannelID
    /// Who pays, and gets back what is left.
    public let payer: AccountID
    /// Who is paid.
    public let payee: AccountID
    /// What deposit and caps count.
    public let denomination: Denomination
    /// Everything the payer locked, including top-ups and what was already paid out.
    public var deposit: Amount
    /// The only key that may sign vouchers.
    public let voucherKey: PublicKey
    /// The number of lanes, from 1.
    public let lanes: UInt16
    /// Whether new vouchers count; false once the payer asked to close.
    public var isOpen: Bool

    /// Creates terms.
    public init(
        chain: ChainID,
        id: ChannelID,
        payer: AccountID,
        payee: AccountID,
        denomination: Denomination,
        deposit: Amount,
        voucherKey: PublicKey,
        lanes: UInt16,
        isOpen: Bool
    ) {
        self.chain = chain
        self.id = id
        self.payer = payer
        self.payee = payee
        self.denomination = denomination
        self.deposit = deposit
        self.voucherKey = voucherKey
        self.lanes = lanes
        self.isOpen = isOpen
    }
}
