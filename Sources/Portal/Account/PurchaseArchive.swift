public import Identity
public import MarketTypes
public import SettlementCore

/// Keeps what both sides signed of the calls that were paid for people.
public protocol PurchaseArchive: Sendable {
    /// The papers of a call that was paid from an account; nil if they are not at hand.
    func papers(of account: AccountID, receipt: Digest) async throws -> PurchasePapers?
}

/// What proves what was paid for what.
public struct PurchasePapers: Sendable {
    /// What the buyer promised.
    public let voucher: Signed<Voucher>
    /// What the seller delivered and charged.
    public let receipt: Signed<Receipt>
    /// The offer whose prices applied.
    public let offer: Offer
    /// Why the papers do not check: a signature, a price, a cap; nil if they do.
    public let fault: String?

    /// Joins the parts.
    public init(
        voucher: Signed<Voucher>,
        receipt: Signed<Receipt>,
        offer: Offer,
        fault: String?
    ) {
        self.voucher = voucher
        self.receipt = receipt
        self.offer = offer
        self.fault = fault
    }
}
