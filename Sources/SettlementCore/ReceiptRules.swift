public import Identity
import MarketTypes

/// What makes a receipt right, whoever looks (SET-8).
public enum ReceiptRules {
    /// Checks a voucher and its receipt against each other, the channel and the offer.
    ///
    /// Buyer, seller and ledger all apply exactly this; each then adds what only it can know.
    ///
    /// - Throws: the first ``SettlementRefusal`` in order of precedence.
    public static func check(
        _ receipt: Verified<Receipt>,
        for voucher: Verified<Voucher>,
        under offer: Offer,
        in channel: ChannelTerms
    ) throws(SettlementRefusal) {
        let paper = receipt.document
        let promise = voucher.document
        guard paper.chain == channel.chain, promise.chain == channel.chain else {
            throw .wrongChain
        }
        guard paper.channel == channel.id, promise.channel == channel.id else {
            throw .wrongChannel
        }
        guard voucher.key == channel.voucherKey, receipt.key == offer.receiptKey else {
            throw .wrongSigner
        }
        guard paper.offer == promise.offer, offer.id == paper.offer,
            offer.seller == channel.payee, offer.denomination == channel.denomination
        else { throw .wrongOffer }
        guard paper.startedAt <= offer.expiresAt else { throw .offerExpired }
        guard paper.startedAt <= promise.expiresAt else { throw .voucherExpired }
        guard paper.lane == promise.lane, promise.lane.rawValue < channel.lanes else {
            throw .laneOutOfRange
        }
        guard paper.request == promise.request else { throw .wrongRequest }
        guard paper.voucher == voucher.digest, paper.sequence == promise.sequence else {
            throw .wrongVoucher
        }
        guard paper.weights == offer.weights else { throw .wrongWeights }
        try checkCharge(paper, under: offer)
        guard paper.total <= promise.cap else { throw .overCap }
        guard paper.startedAt <= paper.finishedAt else { throw .wrongTimes }
    }

    /// Checks that the charge is units × price, and zero for work that failed.
    ///
    /// - Throws: `unpricedUnit`, `arithmetic`, `wrongCharge`, `chargedForFailure` or `wrongTotal`.
    static func checkCharge(_ receipt: Receipt, under offer: Offer) throws(SettlementRefusal) {
        let charge = try offer.prices.charge(for: receipt.units)
        guard receipt.charge == charge else { throw .wrongCharge }
        if receipt.status == .failed, !charge.isZero || !receipt.units.isEmpty {
            throw .chargedForFailure
        }
        guard receipt.charge <= receipt.total else { throw .wrongTotal }
    }
}
