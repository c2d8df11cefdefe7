import Identity
import MarketTypes
import SettlementCore
import Testing

/// A voucher and its receipt, before the buyer and before the ledger; as it stands both accept it.
struct Exchange: Sendable {
    var terms = Market.terms()
    var offer = Market.offer()
    var voucher = VoucherDraft()
    var voucherSigner = Market.voucherKey
    var receipt = ReceiptDraft()
    var receiptSigner = Market.receiptKey
    /// The chain over what arrived; nil if the buyer does not know.
    var response: ResponseChain?
    var payer: PayerChannel
    var settled = LaneSettlement(sequence: 1, total: Amount(obol: 100))

    init() throws {
        payer = try Market.payerChannel()
        _ = try payer.reserve(
            offer: offer,
            request: Market.request,
            unitsMax: Market.unitsMax,
            now: Market.now,
            expiresAt: Market.voucherEnd
        )
    }

    func signed() throws -> (voucher: Verified<Voucher>, receipt: Verified<Receipt>) {
        let promise = voucherSigner.sign(voucher.voucher)
        let paper = try receipt.receipt(answering: promise.digest)
        return (promise, receiptSigner.sign(paper))
    }

    /// The buyer's decision.
    mutating func accept() throws {
        let (voucher, receipt) = try signed()
        try payer.accept(receipt, for: voucher, under: offer, response: response)
    }

    /// The ledger's decision.
    func payment() throws -> Amount {
        let (voucher, receipt) = try signed()
        return try ClaimRules.payment(
            for: SettledCall(voucher: voucher, receipt: receipt),
            under: offer,
            in: terms,
            after: settled
        )
    }

    mutating func sell(_ offer: Offer) {
        self.offer = offer
        voucher.offer = offer.id
        receipt.offer = offer.id
    }
}

extension Exchange {
    /// SET-8, in order: what makes a receipt wrong whoever looks.
    static let wrongs: [Violation<Exchange>] = parties + places + work + amounts

    private static let parties: [Violation<Exchange>] = [
        Violation(.wrongChain, "a receipt of another chain") {
            $0.receipt.chain = ChainID(.zero)
        },
        Violation(.wrongChain, "a voucher of another chain") {
            $0.voucher.chain = ChainID(.zero)
        },
        Violation(.wrongChannel, "a receipt of another channel") {
            $0.receipt.channel = ChannelID(.zero)
        },
        Violation(.wrongChannel, "a voucher of another channel") {
            $0.voucher.channel = ChannelID(.zero)
        },
        Violation(.wrongSigner, "a receipt signed by a stranger") {
            $0.receiptSigner = Market.strangerKey
        },
        Violation(.wrongSigner, "a receipt signed by the seller's account key") {
            $0.receiptSigner = Market.key(5)
        },
        Violation(.wrongSigner, "a receipt signed by the buyer") {
            $0.receiptSigner = Market.voucherKey
        },
        Violation(.wrongSigner, "a voucher signed by the seller") {
            $0.voucherSigner = Market.receiptKey
        },
        Violation(.wrongOffer, "a receipt under another offer") {
            $0.receipt.offer = Market.offer(model: "dear").id
        },
        Violation(.wrongOffer, "a voucher under another offer") {
            $0.voucher.offer = Market.offer(model: "dear").id
        },
        Violation(.wrongOffer, "an offer that neither names") {
            $0.sell(Market.offer())
            $0.offer = Market.offer(model: "dear")
        },
        Violation(.wrongOffer, "an offer of another seller") {
            $0.sell(Market.offer(seller: Market.payer))
        },
        Violation(.wrongOffer, "an offer in another denomination") {
            $0.sell(Market.offer(denomination: .issued(.zero)))
        },
    ]

    private static let places: [Violation<Exchange>] = [
        Violation(.offerExpired, "a call after the offer's end") {
            $0.voucher.expiresAt = Timestamp(milliseconds: .max)
            $0.receipt.startedAt = Timestamp(milliseconds: Market.offerEnd.milliseconds + 1)
            $0.receipt.finishedAt = Timestamp(milliseconds: .max)
        },
        Violation(.voucherExpired, "a call after the voucher's end") {
            $0.voucher.expiresAt = Market.voucherEnd
            $0.receipt.startedAt = Timestamp(milliseconds: Market.voucherEnd.milliseconds + 1)
            $0.receipt.finishedAt = $0.receipt.startedAt
        },
        Violation(.laneOutOfRange, "a receipt for another lane") {
            $0.voucher.lane = 0
            $0.receipt.lane = 1
        },
        Violation(.laneOutOfRange, "a lane that the channel does not have") {
            $0.voucher.lane = 4
            $0.receipt.lane = 4
        },
        Violation(.wrongRequest, "another request") { $0.receipt.request = .zero },
        Violation(.wrongVoucher, "an answer to another voucher") { $0.receipt.voucher = .zero },
        Violation(.wrongVoucher, "another number than the voucher's") {
            $0.receipt.sequence = $0.voucher.sequence + 1
        },
        Violation(.wrongWeights, "other weights") { $0.receipt.weights = .zero },
    ]

    private static let work: [Violation<Exchange>] = [
        Violation(.unpricedUnit, "a unit without a price") { $0.receipt.units[.second] = 1 },
        Violation(.arithmetic, "a charge that does not fit", isOrdered: false) {
            $0.sell(Market.offer(prices: Market.table([(.call, .max, 1)])))
            $0.receipt.units = Market.counts([(.call, 2)])
        },
        Violation(.wrongCharge, "a charge an obol too high") {
            $0.receipt.charge = 77
            $0.receipt.total = 177
        },
        Violation(.wrongCharge, "a charge an obol too low") {
            $0.receipt.charge = 75
            $0.receipt.total = 175
        },
        Violation(.chargedForFailure, "a charge for work that failed") {
            $0.receipt.status = .failed
        },
        Violation(.chargedForFailure, "units, though free, of work that failed") {
            $0.receipt.status = .failed
            $0.receipt.units = Market.counts([(.byte, 12)])
            $0.receipt.charge = 0
        },
    ]

    private static let amounts: [Violation<Exchange>] = [
        Violation(.wrongTotal, "a total below the charge") { $0.receipt.total = 75 },
        Violation(.overCap, "a total an obol above the cap") {
            $0.receipt.total = 266
            $0.voucher.cap = 265
        },
        Violation(.wrongTimes, "an end before the start") {
            $0.receipt.finishedAt = Timestamp(milliseconds: Market.now.milliseconds - 1)
            $0.receipt.startedAt = Market.now
        },
    ]
}
