import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// A buyer that signs whatever may bring it something: two vouchers for one call, caps that nothing
/// covers, numbers that were skipped, other people's keys, and closes in the middle.
final class Trickster: Customer {
    private struct Lane {
        var sequence: UInt64 = 0
        var total: UInt128 = 0
    }

    private let part: Cast.Part
    private let index: Int
    private var desk = AccountDesk()
    private var channel: ChannelID?
    private var lanes = [Lane](repeating: Lane(), count: 2)
    private var sent: [CallRequest] = []

    let name = "trickster"
    let isHonest = false
    let isUp = true

    init(part: Cast.Part, index: Int) {
        self.part = part
        self.index = index
    }

    var id: AccountID { part.id }

    func crash(in market: Market) {}
    func start(in market: Market) {}
    func fillDisk() {}
    func repair() {}

    func unfinished(in market: Market) -> String? {
        desk.pending == nil ? nil : "\(name) waits for an answer"
    }

    func wake(in market: Market) {
        follow(in: market)
        guard !market.isWindingDown else { return }
        guard let channel else {
            guard desk.pending == nil else { return }
            let opening = ChannelOpening(
                payee: market.cast.offers[0].seller,
                denomination: .native,
                deposit: Amount(obol: 3_500),
                voucherKey: part.signer.publicKey,
                lanes: UInt16(lanes.count)
            )
            return transact([.openChannel(opening)], in: market)
        }
        trick(channel, in: market)
    }

    private func follow(in market: Market) {
        guard let pending = desk.pending,
            case .done(let code, let isConsumed) =
                market.follow(pending, of: self)
        else { return }
        if code == 0, case .openChannel = pending.transaction.messages[0] {
            channel = Channel.id(
                payer: id,
                sequence: pending.transaction.sequence,
                messageIndex: 0
            )
        }
        desk.resolve(isConsumed: isConsumed)
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

    private func trick(_ channel: ChannelID, in market: Market) {
        let chance = market.chance
        let place = chance.index(lanes.count)
        let (next, total) = (lanes[place].sequence + 1, lanes[place].total)
        switch chance.index(8) {
        case 0:
            for _ in 0..<2 { call(channel, place, next, total + Cast.chargeMax, in: market) }
        case 1: call(channel, place, next, total + 50_000, in: market)
        case 2: call(channel, place, next + 1, total + Cast.chargeMax, in: market)
        case 3:
            let stranger = market.cast.vandal.signer
            call(channel, place, next, total + Cast.chargeMax, key: stranger, in: market)
        case 4:
            guard let old = chance.pick(sent) else { return }
            market.send(.call(old), from: nil, to: nil)
        case 5 where chance.chance(permille: 100): transact([.closeChannel(channel)], in: market)
        case 6: call(channel, place, next, total + 10, in: market)
        default: call(channel, place, next, total + Cast.chargeMax, in: market)
        }
    }

    private func call(
        _ channel: ChannelID,
        _ place: Int,
        _ sequence: UInt64,
        _ cap: UInt128,
        key: SigningKey? = nil,
        in market: Market
    ) {
        let body = market.chance.bytes(8)
        let voucher = (key ?? part.signer).sign(
            Voucher(
                chain: market.cast.chain,
                channel: channel,
                lane: LaneID(UInt16(place)),
                sequence: sequence,
                cap: Amount(obol: cap),
                offer: market.cast.offers[0].id,
                request: RequestDigest.of(path: Buyer.path, body: body),
                expiresAt: Timestamp(milliseconds: market.time.milliseconds + 300)
            )
        )
        if key == nil { market.lanes.promised(CallName(voucher.document), cap: cap) }
        market.note("tricks", name, sequence, 0, voucher.digest)
        let request = CallRequest(buyer: index, seller: 0, voucher: voucher.signed, body: body)
        if sent.count < 32 { sent.append(request) }
        market.send(.call(request), from: nil, to: nil)
    }

    func receive(_ answer: CallAnswer, in market: Market) {
        guard case .receipt(let receipt, _) = answer else { return }
        let paper = receipt.document
        let place = Int(paper.lane.rawValue)
        guard place < lanes.count, paper.sequence > lanes[place].sequence else { return }
        lanes[place] = Lane(sequence: paper.sequence, total: paper.total.obol)
    }
}
