import MarketTypes

extension Ledger {
    /// Applies a message about units that an account issues.
    mutating func apply(
        _ message: UnitMessage,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        switch message {
        case .issueUnit(let terms): try issueUnit(terms, from: origin)
        case .mintUnit(let unit, let amount, let account):
            try mintUnit(unit, amount, to: account, from: origin)
        case .burnUnit(let unit, let amount): try burnUnit(unit, amount, from: origin)
        case .redeemUnit(let unit, let amount, let reference):
            try redeemUnit(unit, amount, reference: reference, from: origin)
        case .settleRedemption(let id): try settleRedemption(id, from: origin)
        case .cancelRedemption(let id): try cancelRedemption(id, from: origin)
        }
    }

    /// Makes a unit, of which there is none yet (UNI-10).
    private mutating func issueUnit(
        _ terms: UnitTerms,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        do { try terms.checkForm() } catch { throw .units(error) }
        let unit = UnitRecord.unit(issuer: origin.sender, ticker: terms.ticker)
        guard !state.contains(.unit(unit)) else { throw .units(.alreadyIssued) }
        let record = UnitRecord(
            issuer: origin.sender,
            terms: terms,
            minted: .zero,
            burned: .zero,
            issuedAt: origin.height
        )
        state.write(record, .unit(unit))
        state.issue(.zero, .issued(unit))
        return [.units(.issued(unit, issuer: origin.sender))]
    }

    /// Makes more of a unit (UNI-11).
    private mutating func mintUnit(
        _ unit: Digest,
        _ amount: Amount,
        to account: AccountID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        guard !amount.isZero else { throw .units(.zeroAmount) }
        var record = try unitRecord(unit)
        guard record.issuer == origin.sender else { throw .units(.notIssuer) }
        let supply = state.supply(.issued(unit))
        let (minted, overflow) = record.minted.obol.addingReportingOverflow(amount.obol)
        guard amount.obol <= record.terms.supplyMax.obol - supply.obol, !overflow else {
            throw .units(.supplyExceeded)
        }
        record.minted = Amount(obol: minted)
        state.write(record, .unit(unit))
        state.issue(amount, .issued(unit))
        try state.credit(account, amount, .issued(unit))
        // A session's key can mint no more than it could spend.
        state.session?.note(amount, .issued(unit), from: origin.sender)
        let after = state.supply(.issued(unit))
        return [.units(.minted(unit, amount, to: account, supply: after))]
    }

    /// Destroys what the sender has (UNI-12).
    private mutating func burnUnit(
        _ unit: Digest,
        _ amount: Amount,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        guard !amount.isZero else { throw .units(.zeroAmount) }
        var record = try unitRecord(unit)
        try state.debit(origin.sender, amount, .issued(unit))
        let supply = destroy(amount, of: unit, &record)
        return [.units(.burned(unit, amount, by: origin.sender, supply: supply))]
    }

    /// Locks what the issuer is to redeem (UNI-13).
    private mutating func redeemUnit(
        _ unit: Digest,
        _ amount: Amount,
        reference: Digest,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        guard !amount.isZero else { throw .units(.zeroAmount) }
        let record = try unitRecord(unit)
        guard record.issuer != origin.sender else { throw .units(.ownUnit) }
        let id = Redemption.id(
            holder: origin.sender,
            sequence: origin.sequence,
            messageIndex: origin.messageIndex
        )
        let blocks = state.value(of: .redemptionBlocks)
        let redemption = Redemption(
            unit: unit,
            holder: origin.sender,
            reference: reference,
            returnableAt: origin.height.advanced(byBlocks: blocks) ?? BlockHeight(.max)
        )
        try state.move(amount, from: origin.sender, to: Redemption.pot(id, of: unit))
        state.write(redemption, .redemption(id))
        state.write(Presence(), .redemption(id, of: unit))
        state.write(Presence(), .redemption(id, by: origin.sender))
        state.awaitHeight(redemption.returnableAt)
        let names = RedemptionNames(id, redemption, amount)
        return [.units(.redemptionAsked(names, reference: reference))]
    }

    /// Destroys what the issuer has redeemed (UNI-14).
    private mutating func settleRedemption(
        _ id: Digest,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        let redemption = try redemption(id)
        var record = try unitRecord(redemption.unit)
        guard record.issuer == origin.sender else { throw .units(.notIssuer) }
        let pot = Redemption.pot(id, of: redemption.unit)
        let amount = state.amount(in: pot)
        state.draw(pot, amount)
        let supply = destroy(amount, of: redemption.unit, &record)
        remove(redemption, id)
        let names = RedemptionNames(id, redemption, amount)
        return [.units(.redemptionSettled(names, supply: supply))]
    }

    /// Returns to the holder what was not redeemed (UNI-15).
    private mutating func cancelRedemption(
        _ id: Digest,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        let redemption = try redemption(id)
        let record = try unitRecord(redemption.unit)
        guard record.issuer == origin.sender || redemption.holder == origin.sender else {
            throw .units(.notParty)
        }
        guard record.issuer == origin.sender || origin.height >= redemption.returnableAt else {
            throw .units(.tooEarly)
        }
        let pot = Redemption.pot(id, of: redemption.unit)
        let amount = state.amount(in: pot)
        try state.move(amount, from: pot, to: redemption.holder)
        remove(redemption, id)
        return [.units(.redemptionReturned(RedemptionNames(id, redemption, amount)))]
    }
}

extension Ledger {
    private func unitRecord(_ unit: Digest) throws(Refusal) -> UnitRecord {
        guard let record = state.read(UnitRecord.self, .unit(unit)) else {
            throw .units(.unknownUnit)
        }
        return record
    }

    private func redemption(_ id: Digest) throws(Refusal) -> Redemption {
        guard let redemption = state.read(Redemption.self, .redemption(id)) else {
            throw .units(.unknownRedemption)
        }
        return redemption
    }

    /// Destroys what was taken from somewhere; returns how much is left.
    private mutating func destroy(
        _ amount: Amount,
        of unit: Digest,
        _ record: inout UnitRecord
    ) -> Amount {
        // Cannot overflow: no more can be burned than was minted.
        record.burned = Amount(obol: record.burned.obol + amount.obol)
        state.write(record, .unit(unit))
        state.destroy(amount, .issued(unit))
        return state.supply(.issued(unit))
    }

    private mutating func remove(_ redemption: Redemption, _ id: Digest) {
        state.write(Redemption?.none, .redemption(id))
        state.write(Presence?.none, .redemption(id, of: redemption.unit))
        state.write(Presence?.none, .redemption(id, by: redemption.holder))
    }
}
