import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// A seller that cheats where it can: two receipts for one call, charges that are not the price's,
/// a higher receipt for the ledger than for the buyer, and claims of what it is not owed.
final class Swindler: Merchant {
    /// What it did with one call.
    struct Sold {
        let voucher: Verified<Voucher>
        /// What the buyer got, and what else it signed.
        let shown: Verified<Receipt>
        let hidden: Verified<Receipt>?
    }
    private struct Lane {
        var total: UInt128 = 0
        var best: LaneClaim?
    }

    private let part: Cast.Part
    private let index: Int
    private let offer: Offer
    private var desk = AccountDesk()
    private var isListed = false
    private var sold: [CallName: Sold] = [:]
    private var lanes: [LaneName: Lane] = [:]
    private var order: [LaneName] = []
    private var claimed: [LaneClaim] = []

    let name = "swindler"
    let isHonest = false
    let isUp = true

    init(part: Cast.Part, index: Int, offer: Offer) {
        self.part = part
        self.index = index
        self.offer = offer
    }

    var id: AccountID { part.id }

    func crash(in market: Market) {}
    func start(in market: Market) {}
    func fillDisk() {}
    func repair() {}
    func serve(_ voucher: Verified<Voucher>, in market: Market) {}

    func unfinished(in market: Market) -> String? {
        desk.pending == nil ? nil : "\(name) waits for an answer"
    }

    func receive(_ request: CallRequest, in market: Market) {
        guard let voucher = try? request.voucher.verified() else { return }
        let call = CallName(voucher.document)
        if let known = sold[call], known.voucher.digest == voucher.digest {
            // Whoever asks twice may get two answers.
            let other = market.chance.chance(permille: 500) ? known.hidden : nil
            return answer(other ?? known.shown, request, in: market)
        }
        guard market.time <= voucher.document.expiresAt else {
            let refusal = CallAnswer.refused(call, .voucherExpired)
            return market.send(.answer(buyer: request.buyer, refusal), from: nil, to: nil)
        }
        sell(voucher, request, in: market)
    }

    private func sell(_ voucher: Verified<Voucher>, _ request: CallRequest, in market: Market) {
        let call = CallName(voucher.document)
        let lane = LaneName(channel: call.channel, lane: call.lane)
        if lanes[lane] == nil { order.append(lane) }
        let total = lanes[lane]?.total ?? 0
        let honest = receipt(voucher, bytes: 6, before: total, in: market)
        var (shown, hidden) = (honest, Verified<Receipt>?.none)
        switch market.chance.index(7) {
        case 0: hidden = receipt(voucher, bytes: 9, before: total, in: market)
        case 1: shown = receipt(voucher, bytes: 6, before: total, extra: 5, in: market)
        case 2: hidden = receipt(voucher, bytes: 60, before: total, in: market)
        case 3: shown = receipt(voucher, bytes: 6, before: total, isFailed: true, in: market)
        case 4: shown = receipt(voucher, bytes: 6, before: total + 90, in: market)
        default: break
        }
        sold[call] = Sold(voucher: voucher, shown: shown, hidden: hidden)
        let better = hidden ?? shown
        lanes[lane, default: Lane()].total = shown.document.total.obol
        lanes[lane]?.best = LaneClaim(voucher: voucher.signed, receipt: better.signed)
        market.note("sells", name, call.sequence, hidden == nil ? 0 : 1, shown.digest)
        answer(shown, request, in: market)
    }

    private func receipt(
        _ voucher: Verified<Voucher>,
        bytes: UInt64,
        before: UInt128,
        extra: UInt128 = 0,
        isFailed: Bool = false,
        in market: Market
    ) -> Verified<Receipt> {
        var units = UnitCounts()
        units[.call] = 1
        units[.byte] = bytes
        let price = (try? offer.prices.charge(for: units)) ?? .zero
        let charge = price.obol + extra
        return part.signer.sign(
            Receipt(
                voucher: voucher,
                status: isFailed ? .failed : .delivered,
                units: units,
                charge: Amount(obol: charge),
                total: Amount(obol: before + charge),
                response: ResponseChain(voucher: voucher.digest),
                weights: offer.weights,
                parameters: [],
                startedAt: market.time,
                finishedAt: market.time
            )
        )
    }

    private func answer(
        _ receipt: Verified<Receipt>,
        _ request: CallRequest,
        in market: Market
    ) {
        let answer = CallAnswer.receipt(receipt.signed, chunks: nil)
        market.send(.answer(buyer: request.buyer, answer), from: nil, to: nil)
    }

    func wake(in market: Market) {
        if let pending = desk.pending {
            guard case .done(let code, let isConsumed) = market.follow(pending, of: self) else {
                return
            }
            if case .depositBond = pending.transaction.messages[0] { isListed = code == 0 }
            desk.resolve(isConsumed: isConsumed)
        }
        if !isListed { return transact(market.cast.publications[index], in: market) }
        guard !market.isWindingDown, market.chance.chance(permille: 400),
            let lane = market.chance.pick(order)
        else { return }
        claim(lane, in: market)
    }

    /// Claims, sometimes what is owed.
    private func claim(_ name: LaneName, in market: Market) {
        guard let best = lanes[name]?.best else { return }
        var parts = [best]
        var channel = name.channel
        switch market.chance.index(9) {
        case 0: parts = [best, best]
        case 1, 8: parts = market.chance.pick(claimed).map { [$0] } ?? parts
        case 2:
            let other = market.chance.pick(order)
            channel = other?.channel ?? channel
        case 3: parts = [forged(best, total: best.voucher.document.cap.obol + 700, in: market)]
        case 4: parts = [forged(best, total: 1, in: market)]
        case 5: parts = []
        case 6: channel = market.chance.pick(market.auditor.potOrder) ?? channel
        default: break
        }
        claimed += parts
        if claimed.count > 32 { claimed.removeFirst(16) }
        let message = ChannelClaim(
            channel: channel,
            lanes: parts,
            receiptsRoot: .zero,
            receiptsCount: 1,
            release: false
        )
        market.note("claims", self.name, UInt64(parts.count), 0, channel.digest)
        transact([.claimChannel(message)], in: market)
    }

    /// The same call with another total.
    private func forged(_ lane: LaneClaim, total: UInt128, in market: Market) -> LaneClaim {
        guard let voucher = try? lane.voucher.verified() else { return lane }
        let paper = lane.receipt.document
        let forged = Receipt(
            voucher: voucher,
            status: paper.status,
            units: paper.units,
            charge: paper.charge,
            total: Amount(obol: total),
            response: ResponseChain(voucher: voucher.digest),
            weights: paper.weights,
            parameters: [],
            startedAt: paper.startedAt,
            finishedAt: paper.finishedAt
        )
        return LaneClaim(voucher: lane.voucher, receipt: part.signer.sign(forged).signed)
    }

    private func transact(_ messages: [Message], in market: Market) {
        guard desk.pending == nil, let node = market.reader() else { return }
        let bytes = AccountDesk.draw(
            messages,
            key: part.account,
            chain: market.cast.chain,
            sequence: desk.nextSequence,
            height: node.engine.state
        )
        guard (try? desk.prepare(bytes)) != nil else { return }
        market.submit(bytes)
    }
}
