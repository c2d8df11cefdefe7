public import MarketTypes

extension Ledger {
    /// Pays what is left of an asset's income after its royalties: to its shareholders, or to
    /// `seller` where it has none (SHA-20).
    ///
    /// Costs the same however many shareholders there are: it raises what each share has earned.
    mutating func payOwnIncome(
        _ amount: Amount,
        _ denomination: Denomination,
        of asset: AssetID,
        to seller: AccountID
    ) throws(Refusal) -> [Event] {
        guard !amount.isZero else { return [] }
        let key = StateKey.shares(ShareUnit.unit(of: asset))
        guard var record = state.read(ShareRecord.self, key) else {
            try state.credit(seller, amount, denomination)
            return []
        }
        guard let place = record.place(of: denomination),
            record.streams[place].add(
                amount,
                circulating: record.circulating,
                scale: record.scale
            )
        else {
            try state.credit(seller, amount, denomination)
            return [.shares(.incomeNotShared(asset, amount, denomination, to: seller))]
        }
        state.fill(.dividends(of: asset, denomination), amount)
        state.write(record, key)
        let circulating = record.circulating
        return [.shares(.incomeShared(asset, amount, denomination, circulating: circulating))]
    }

    /// Checks that what an asset is to be sold for would reach its shareholders, if it has any.
    func checkIncomeShared(
        _ denomination: Denomination,
        of asset: AssetID
    ) throws(Refusal) {
        guard denomination != .native,
            let record = state.read(ShareRecord.self, .shares(ShareUnit.unit(of: asset)))
        else { return }
        guard record.place(of: denomination) != nil else { throw .shares(.incomeNotShared) }
    }
}

extension Pot {
    /// Where an asset's dividends of one denomination wait for its shareholders.
    public static func dividends(of asset: AssetID, _ denomination: Denomination) -> Pot {
        Pot(.dividends, asset.digest, denomination)
    }
}

extension StagedState {
    /// Settles what an account has earned, if `unit` counts shares, before what it has of them
    /// changes (SHA-21).
    ///
    /// For other units, this is one look whether there are such shares.
    mutating func shareBalanceChanges(
        of account: AccountID,
        _ unit: Digest,
        from before: Amount,
        to after: Amount
    ) {
        guard var record = read(ShareRecord.self, .shares(unit)) else { return }
        // No account has more than there are, 2^48.
        let (had, has) = (UInt64(before.obol), UInt64(after.obol))
        var holding = holding(of: account, unit)
        holding.settle(record, shares: had)
        record.circulating = record.circulating - had + has
        write(&holding, of: account, unit, &record, shares: has)
    }

    func holding(of account: AccountID, _ unit: Digest) -> ShareHolding {
        read(ShareHolding.self, .shareHolding(unit, account)) ?? ShareHolding()
    }

    /// Writes a holding and the record; who has no shares leaves what cannot be paid to the rest.
    mutating func write(
        _ holding: inout ShareHolding,
        of account: AccountID,
        _ unit: Digest,
        _ record: inout ShareRecord,
        shares: UInt64
    ) {
        if shares == 0 { holding.leave(&record.streams) }
        let stays = shares > 0 || holding.isOwed
        write(stays ? holding : nil, .shareHolding(unit, account))
        write(record, .shares(unit))
    }
}
