import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// The seller's side of calls.
extension Seller {
    func receive(_ request: CallRequest, in market: Market) {
        attempt(in: market) {
            guard let voucher = try? request.voucher.verified() else { return }
            let promise = voucher.document
            if channels[promise.channel] == nil { try look(at: promise.channel, in: market) }
            guard let channel = channels[promise.channel],
                Int(promise.lane.rawValue) < channel.payee.lanes.count
            else { return }
            let lane = channel.payee.lanes[Int(promise.lane.rawValue)]
            if lane.open?.digest == voucher.digest { return }
            if let last = lane.last, last.voucher.digest == voucher.digest {
                return try repeatAnswer(last, to: request, in: market)
            }
            if let refusal = try admit(voucher, request, channel, in: market) {
                market.note("turns away", name, UInt64(refusal.code), promise.sequence)
                let answer = CallAnswer.refused(CallName(promise), refusal)
                market.send(.answer(buyer: request.buyer, answer), from: nil, to: nil)
            }
        }
    }

    private func admit(
        _ voucher: Verified<Voucher>,
        _ request: CallRequest,
        _ channel: SoldChannel,
        in market: Market
    ) throws -> SettlementRefusal? {
        if channel.isReleasing || channel.status != .open { return .channelClosed }
        var payee = channel.payee
        do throws(SettlementRefusal) {
            try payee.admit(
                voucher,
                under: offer,
                request: RequestDigest.of(path: Buyer.path, body: request.body),
                chargeMax: Amount(obol: Cast.chargeMax),
                now: market.time
            )
        } catch .insufficientDeposit {
            // It may have been topped up.
            try look(at: voucher.document.channel, in: market)
            return .insufficientDeposit
        } catch {
            return error
        }
        let record = ActorRecord.voucher(request.voucher, body: request.body, at: market.time)
        try log(record, in: market)
        market.check("one call", market.witness.admitted(voucher))
        market.note("admits", name, voucher.document.sequence, 0, voucher.digest)
        customers[voucher.digest] = request.buyer
        let work = market.chance.number(1...30)
        market.plan(.serviceEnds(seller: index, voucher), after: work)
        return nil
    }

    private func repeatAnswer(
        _ last: SettledCall,
        to request: CallRequest,
        in market: Market
    ) throws {
        if market.bug == .voucherServedTwice {
            let other = receipt(for: last.voucher, bytes: 3, before: 0, in: market)
            return send(other, chunks: nil, to: request.buyer, in: market)
        }
        send(last.receipt, chunks: nil, to: request.buyer, in: market)
    }

    /// A receipt as it should not be: made without the lane.
    private func receipt(
        for voucher: Verified<Voucher>,
        bytes: UInt64,
        before: UInt128,
        in market: Market
    ) -> Verified<Receipt> {
        var units = UnitCounts()
        units[.call] = 1
        units[.byte] = bytes
        let charge = (try? offer.prices.charge(for: units)) ?? .zero
        return part.signer.sign(
            Receipt(
                voucher: voucher,
                status: .delivered,
                units: units,
                charge: charge,
                total: Amount(obol: before + charge.obol),
                response: ResponseChain(voucher: voucher.digest),
                weights: offer.weights,
                parameters: [],
                startedAt: voucher.document.expiresAt,
                finishedAt: voucher.document.expiresAt
            )
        )
    }

    func serve(_ voucher: Verified<Voucher>, in market: Market) {
        attempt(in: market) {
            let isDone = market.chance.chance(permille: 800)
            try finish(voucher, isDone: isDone, in: market)
        }
    }

    /// Ends a call: draws up its receipt, writes it down, and sends it.
    private func finish(_ voucher: Verified<Voucher>, isDone: Bool, in market: Market) throws {
        let promise = voucher.document
        guard let payee = channels[promise.channel]?.payee,
            payee.lanes[Int(promise.lane.rawValue)].open?.digest == voucher.digest
        else { return }
        let chunks = isDone ? (0...market.chance.index(2)).map { _ in market.chance.bytes(9) } : []
        var response = ResponseChain(voucher: voucher.digest)
        for chunk in chunks { response.append(chunk) }
        var units = UnitCounts()
        units[.call] = 1
        units[.byte] = UInt64(chunks.reduce(0) { $0 + $1.count })
        let outcome = CallOutcome(
            status: isDone ? .delivered : .failed,
            units: units,
            response: response,
            parameters: [],
            startedAt: market.time,
            finishedAt: market.time
        )
        let draft = try payee.draft(voucher, under: offer, outcome: outcome)
        let receipt = part.signer.sign(draft)
        let buyer = customers[voucher.digest]
        // Told first: once the record is durable, a crash leaves no moment to tell it.
        market.witness.ended(promise)
        if market.bug == .receiptBeforeLog {
            send(receipt, chunks: chunks, to: buyer, in: market)
            return try log(.receipt(receipt.signed), in: market)
        }
        try log(.receipt(receipt.signed), in: market)
        send(receipt, chunks: chunks, to: buyer, in: market)
    }

    private func send(
        _ receipt: Verified<Receipt>,
        chunks: [[UInt8]]?,
        to buyer: Int?,
        in market: Market
    ) {
        market.check("one receipt", market.witness.sent(receipt))
        market.note("answers", name, receipt.document.sequence, 0, receipt.digest)
        guard let buyer else { return }
        let answer = CallAnswer.receipt(receipt.signed, chunks: chunks)
        market.send(.answer(buyer: buyer, answer), from: nil, to: nil)
    }

    /// After a restart every call that was being served has failed (CALL-10).
    func failOpenCalls(in market: Market) throws {
        for id in order {
            for lane in channels[id]?.payee.lanes ?? [] {
                guard let voucher = lane.open else { continue }
                try finish(voucher, isDone: false, in: market)
            }
        }
    }
}
