public import Identity
public import MarketTypes
public import SettlementCore

/// A call as the buyer's journal keeps it: everything that proves what was paid for what.
public struct StoredCall: Hashable, Sendable {
    /// What the buyer promised.
    public let voucher: Signed<Voucher>
    /// What the seller delivered and charged.
    public let receipt: Signed<Receipt>
    /// The offer whose prices applied.
    public let offer: Offer
    /// The channel that paid, as the ledger last showed it; nil if only the papers are at hand.
    public let channel: ChannelTerms?

    /// Joins the parts; ``verify()`` checks that they belong together.
    public init(
        voucher: Signed<Voucher>,
        receipt: Signed<Receipt>,
        offer: Offer,
        channel: ChannelTerms? = nil
    ) {
        self.voucher = voucher
        self.receipt = receipt
        self.offer = offer
        self.channel = channel
    }

    /// The receipt's name: its signing digest.
    public var digest: Digest { receipt.document.signingDigest }

    /// Checks both signatures and every rule of receipts, asking nobody (SET-8, promise P5).
    ///
    /// Without the channel's terms, what only the ledger knows is taken from the papers: that the
    /// voucher's key belongs to the channel, and how many lanes it has.
    ///
    /// - Throws: ``StoredCallError``.
    public func verify() throws(StoredCallError) {
        let call: SettledCall
        do {
            call = SettledCall(
                voucher: try voucher.verified(),
                receipt: try receipt.verified()
            )
        } catch {
            throw .signature(error)
        }
        do {
            try ReceiptRules.check(
                call.receipt,
                for: call.voucher,
                under: offer,
                in: channel ?? impliedTerms
            )
        } catch {
            throw .rule(error)
        }
    }

    private var impliedTerms: ChannelTerms {
        let promise = voucher.document
        return ChannelTerms(
            chain: promise.chain,
            id: promise.channel,
            payer: voucher.key.accountID,
            payee: offer.seller,
            denomination: offer.denomination,
            deposit: promise.cap,
            voucherKey: voucher.key,
            lanes: ChannelTerms.lanesMax,
            isOpen: true
        )
    }
}

/// Why a stored call does not prove what it says.
public enum StoredCallError: Error, Hashable, Sendable {
    /// A signature does not verify.
    case signature(SignatureError)
    /// The papers contradict each other or the offer.
    case rule(SettlementRefusal)

    /// 1 for a signature, otherwise 700 + the refusal's number.
    public var code: UInt32 {
        switch self {
        case .signature: 1
        case .rule(let refusal): 700 + refusal.code
        }
    }
}
