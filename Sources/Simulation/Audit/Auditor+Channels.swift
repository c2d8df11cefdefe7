import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// Channels: LED-40 to LED-44 with SET-3, SET-8 and SET-10.
extension Auditor {
    mutating func open(_ opening: ChannelOpening) throws(AuditorRefusal) {
        guard opening.deposit.obol > 0 else { throw AuditorRefusal(501) }
        guard opening.lanes >= 1, opening.lanes <= 1024 else { throw AuditorRefusal(502) }
        guard opening.voucherKey.scheme.rawValue == 1 else { throw AuditorRefusal(503) }
        guard opening.payee != sender else { throw AuditorRefusal(504) }
        try debit(sender, opening.deposit.obol)
        var name = CanonicalEncoder()
        name.encode(sender.digest)
        name.encode(sequence)
        name.encode(index)
        let id = ChannelID(Digest(.channel, name.bytes))
        potOrder.append(id)
        pots[id] = Pot(
            payer: sender,
            payee: opening.payee,
            voucherKey: opening.voucherKey,
            lanes: opening.lanes,
            deposit: opening.deposit.obol
        )
    }

    mutating func topUp(_ id: ChannelID, _ amount: UInt128) throws(AuditorRefusal) {
        guard amount > 0 else { throw AuditorRefusal(501) }
        guard let pot = pots[id] else { throw AuditorRefusal(506) }
        guard pot.payer == sender else { throw AuditorRefusal(507) }
        guard !pot.isClosed, pot.closesAt == nil else { throw AuditorRefusal(508) }
        try debit(sender, amount)
        pots[id]?.deposit = pot.deposit + amount
    }

    mutating func close(_ id: ChannelID) throws(AuditorRefusal) {
        guard let pot = pots[id] else { throw AuditorRefusal(506) }
        guard pot.payer == sender else { throw AuditorRefusal(507) }
        guard !pot.isClosed, pot.closesAt == nil else { throw AuditorRefusal(508) }
        let closesAt = wait(parameters.closingDelayBlocks)
        pots[id]?.closesAt = closesAt
    }

    mutating func withdraw(_ id: ChannelID) throws(AuditorRefusal) {
        guard let pot = pots[id] else { throw AuditorRefusal(506) }
        guard !pot.isClosed else { throw AuditorRefusal(509) }
        guard let closesAt = pot.closesAt, height >= closesAt else { throw AuditorRefusal(510) }
        end(id)
    }

    private mutating func end(_ id: ChannelID) {
        guard let pot = pots[id] else { return }
        credit(pot.payer, pot.deposit - pot.paid)
        pots[id]?.isClosed = true
    }

    mutating func claim(_ claim: ChannelClaim) throws(AuditorRefusal) {
        guard var pot = pots[claim.channel] else { throw AuditorRefusal(506) }
        guard pot.payee == sender else { throw AuditorRefusal(507) }
        guard !pot.isClosed else { throw AuditorRefusal(509) }
        if let closesAt = pot.closesAt, height >= closesAt { throw AuditorRefusal(511) }
        guard !claim.lanes.isEmpty || claim.release else { throw AuditorRefusal(512) }
        let lanes = claim.lanes.map(\.voucher.document.lane.rawValue)
        guard lanes == Set(lanes).sorted() else { throw AuditorRefusal(513) }
        var sum: UInt128 = 0
        for lane in claim.lanes {
            let due = try self.due(lane, claim.channel, pot)
            guard due <= pot.deposit - pot.paid - sum else { throw AuditorRefusal(717) }
            sum += due
            let receipt = lane.receipt.document
            pot.settled[receipt.lane.rawValue] = (receipt.sequence, receipt.total.obol)
        }
        pot.paid += sum
        if !claim.lanes.isEmpty {
            pot.records.append(
                Record(
                    root: claim.receiptsRoot,
                    count: claim.receiptsCount,
                    paid: sum,
                    height: height
                )
            )
        }
        pots[claim.channel] = pot
        credit(pot.payee, sum)
        if claim.release { end(claim.channel) }
        let receipts = claim.lanes.map(\.receipt)
        paidClaims.append(PaidClaim(height: height, channel: claim.channel, receipts: receipts))
    }

    /// SET-10.
    private func due(
        _ lane: LaneClaim,
        _ id: ChannelID,
        _ pot: Pot
    ) throws(AuditorRefusal) -> UInt128 {
        let receipt = lane.receipt.document
        guard let offer = listings[receipt.offer]?.offer else { throw AuditorRefusal(706) }
        if let code = fault(lane, offer, id, pot) { throw AuditorRefusal(code) }
        let settled = pot.settled[receipt.lane.rawValue] ?? (0, 0)
        guard receipt.sequence > settled.sequence else { throw AuditorRefusal(711) }
        let total = receipt.total.obol
        guard total >= settled.total, total - settled.total >= receipt.charge.obol else {
            throw AuditorRefusal(726)
        }
        return total - settled.total
    }

    /// SET-8: the first thing that is wrong, or nil.
    private func fault(
        _ lane: LaneClaim,
        _ offer: Offer,
        _ id: ChannelID,
        _ pot: Pot
    ) -> UInt32? {
        let voucher = lane.voucher.document
        let receipt = lane.receipt.document
        if receipt.chain != chain || voucher.chain != chain { return 701 }
        if receipt.channel != id || voucher.channel != id { return 702 }
        if lane.voucher.key != pot.voucherKey || lane.receipt.key != offer.receiptKey {
            return 704
        }
        if receipt.offer != voucher.offer || offer.seller != pot.payee { return 706 }
        if receipt.startedAt.milliseconds > offer.expiresAt.milliseconds { return 707 }
        if receipt.startedAt.milliseconds > voucher.expiresAt.milliseconds { return 708 }
        if receipt.lane != voucher.lane || voucher.lane.rawValue >= pot.lanes { return 709 }
        if receipt.request != voucher.request { return 714 }
        let digest = Digest(.voucher, voucher.canonicalBytes)
        if receipt.voucher != digest || receipt.sequence != voucher.sequence { return 718 }
        if receipt.weights != offer.weights { return 719 }
        if let code = chargeFault(receipt, offer) { return code }
        if receipt.total.obol > voucher.cap.obol { return 727 }
        if receipt.startedAt.milliseconds > receipt.finishedAt.milliseconds { return 728 }
        return nil
    }

    /// SET-3 and the part of SET-8 that a fraud proof rests on; prices here are small.
    func chargeFault(_ receipt: Receipt, _ offer: Offer) -> UInt32? {
        var charge: UInt128 = 0
        for (unit, count) in receipt.units.entries {
            guard let price = offer.prices.prices[unit] else { return 721 }
            let product = price.amount.obol * UInt128(count)
            let per = UInt128(price.perUnits)
            charge += product / per + (product % per == 0 ? 0 : 1)
        }
        if receipt.charge.obol != charge { return 724 }
        if receipt.status == .failed, charge != 0 || receipt.units.count != 0 { return 725 }
        return receipt.charge.obol > receipt.total.obol ? 726 : nil
    }
}
