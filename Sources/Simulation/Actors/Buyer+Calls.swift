import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// The buyer's side of calls, and what it does when it wakes.
extension Buyer {
    /// Where calls go, in every request's digest.
    static let path = "/v1/call"

    func start(_ id: ChannelID, in market: Market) throws {
        guard let channel = channels[id] else { return }
        var payer = channel.payer
        let body = market.chance.bytes(8)
        let life = market.chance.number(150...500)
        let voucher: Voucher
        do throws(SettlementRefusal) {
            voucher = try payer.reserve(
                offer: channel.offer,
                request: RequestDigest.of(path: Self.path, body: body),
                unitsMax: Cast.unitsMax,
                now: market.time,
                expiresAt: Timestamp(milliseconds: market.time.milliseconds + life)
            )
        } catch {
            return  // no lane or too little money: another time
        }
        let signed = part.signer.sign(voucher)
        let record = ActorRecord.voucher(signed.signed, body: body, at: market.time)
        if market.bug == .voucherBeforeLog {
            send(signed, body, channel.seller, in: market)
            return try log(record, in: market)
        }
        try log(record, in: market)
        market.tally.calls += 1
        send(signed, body, channel.seller, in: market)
    }

    private func send(
        _ voucher: Verified<Voucher>,
        _ body: [UInt8],
        _ seller: Int,
        in market: Market
    ) {
        market.check("one voucher", market.witness.signed(voucher))
        market.lanes.promised(CallName(voucher.document), cap: voucher.document.cap.obol)
        market.note("calls", name, voucher.document.sequence, 0, voucher.digest)
        let request = CallRequest(
            buyer: index,
            seller: seller,
            voucher: voucher.signed,
            body: body
        )
        market.send(.call(request), from: nil, to: nil)
    }

    /// Asks again, with the same bytes, what became of the open calls.
    private func askAgain(in market: Market) {
        for id in order {
            guard let channel = channels[id], !channel.isClosed else { continue }
            for lane in channel.payer.lanes {
                guard let voucher = lane.call?.voucher, market.chance.chance(permille: 400),
                    let body = channel.bodies[voucher.lane]
                else { continue }
                send(part.signer.sign(voucher), body, channel.seller, in: market)
            }
        }
    }

    func receive(_ answer: CallAnswer, in market: Market) {
        attempt(in: market) {
            switch answer {
            case .receipt(let receipt, let chunks): try take(receipt, chunks, in: market)
            case .refused(let call, let refusal): try take(refusal, of: call, in: market)
            }
        }
    }

    private func take(
        _ receipt: Signed<Receipt>,
        _ chunks: [[UInt8]]?,
        in market: Market
    ) throws {
        let name = CallName(receipt.document)
        if let known = held(name) {
            guard known != receipt else { return }
            return try accuse(.equivocation(known, receipt), in: market)
        }
        guard let channel = channels[name.channel], let voucher = call(name.channel, name.lane),
            let verified = try? receipt.verified()
        else { return }
        let promise = part.signer.sign(voucher)
        let response = chunks.map { chunks in
            var chain = ResponseChain(voucher: promise.digest)
            for chunk in chunks { chain.append(chunk) }
            return chain
        }
        do throws(SettlementRefusal) {
            try channel.payer.check(
                verified,
                for: promise,
                under: channel.offer,
                response: response
            )
        } catch {
            market.note("refuses", self.name, UInt64(error.code), 0, verified.digest)
            return try accuse(.wrongCharge(receipt), in: market)
        }
        try log(.receipt(receipt), in: market)
        market.tally.receipts += 1
        market.note("accepts", self.name, name.sequence, 0, verified.digest)
        let fault = market.lanes.delivered(
            LaneName(channel: name.channel, lane: name.lane),
            charge: receipt.document.charge.obol,
            total: receipt.document.total.obol
        )
        market.check("exposure", fault)
    }

    private func take(
        _ refusal: SettlementRefusal,
        of call: CallName,
        in market: Market
    ) throws {
        guard let voucher = self.call(call.channel, call.lane),
            voucher.sequence == call.sequence
        else { return }
        // Only what can never change frees the lane: a copy may still be on its way.
        let isOver =
            refusal == .channelClosed
            || (refusal == .voucherExpired && market.time > voucher.expiresAt)
        guard isOver else { return }
        // Told first: once the record is durable, a crash leaves no moment to tell it.
        market.witness.withdrawn(voucher)
        try log(.withdrawn(call.channel, call.lane), in: market)
        market.note("takes back", name, call.sequence)
    }

    func work(in market: Market) {
        attempt(in: market) {
            if let (messages, code) = try followUp(in: market) {
                learn(messages, code, in: market)
            }
            askAgain(in: market)
            try watch(in: market)
            if desk.pending == nil { try decide(in: market) }
            guard !market.isWindingDown else { return }
            for id in order where market.chance.chance(permille: 500) {
                guard let channel = channels[id], !channel.isClosing, !channel.isClosed else {
                    continue
                }
                try start(id, in: market)
            }
        }
    }

    /// Tells the checker what was delivered in each lane, by the last receipt of each.
    func tellLanes(of id: ChannelID, in market: Market) {
        for place in channels[id]?.payer.lanes.indices ?? 0..<0 {
            let lane = LaneName(channel: id, lane: LaneID(UInt16(place)))
            let total = lastHeld[lane]?.document.total.obol ?? 0
            market.lanes.has(lane, total: total, callMax: Cast.chargeMax)
        }
    }

    private func learn(_ messages: [Message], _ code: UInt32, in market: Market) {
        for message in messages {
            switch message {
            case .openChannel where code == 0:
                guard let id = order.last else { break }
                tellLanes(of: id, in: market)
            case .reportFraud where ![0, 106, 606, 607].contains(code):
                market.fail("fraud", "\(name) proved a fraud, and was told \(code)")
            default: break
            }
        }
    }
}
