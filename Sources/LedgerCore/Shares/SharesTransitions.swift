import MarketTypes

extension Ledger {
    /// Applies a message about shares of an asset's income.
    mutating func apply(
        _ message: SharesMessage,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        switch message {
        case .issueShares(let asset, let count, let income):
            try issueShares(of: asset, count: count, income: income, from: origin)
        case .admitIncome(let asset, let denomination):
            try admitIncome(denomination, of: asset, from: origin)
        case .withdrawDividends(let asset, let denomination):
            try withdrawDividends(denomination, of: asset, from: origin)
        }
    }

    /// Divides an asset into shares, all its owner's (SHA-10).
    private mutating func issueShares(
        of asset: AssetID,
        count: UInt64,
        income: [Denomination],
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        let unit = ShareUnit.unit(of: asset)
        guard (1...ShareUnit.countMax).contains(count) else { throw .shares(.invalidCount) }
        guard income.count < ShareRecord.streamsMax,
            zip(income, income.dropFirst()).allSatisfy({ $0 < $1 }),
            income.allSatisfy({ $0 != .native && $0 != .issued(unit) })
        else { throw .shares(.invalidIncome) }
        guard income.allSatisfy(state.exists) else {
            throw .shares(.unknownDenomination)
        }
        _ = try assetOwned(by: origin.sender, asset)
        guard !state.isRetired(asset) else { throw .lineage(.retired) }
        guard !state.contains(.shares(unit)) else { throw .shares(.alreadyIssued) }
        let record = ShareRecord(asset: asset, count: count, income: income)
        state.write(record, .shares(unit))
        let shares = Amount(obol: UInt128(count))
        state.issue(shares, .issued(unit))
        try state.credit(origin.sender, shares, .issued(unit))
        return [.shares(.issued(asset, owner: origin.sender, count: count))]
    }

    /// Lets income in one more denomination reach the shareholders (SHA-11).
    private mutating func admitIncome(
        _ denomination: Denomination,
        of asset: AssetID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        _ = try assetOwned(by: origin.sender, asset)
        let unit = ShareUnit.unit(of: asset)
        guard var record = state.read(ShareRecord.self, .shares(unit)) else {
            throw .shares(.noShares)
        }
        guard denomination != .issued(unit) else { throw .shares(.invalidIncome) }
        guard state.exists(denomination) else {
            throw .shares(.unknownDenomination)
        }
        guard record.place(of: denomination) == nil else { throw .shares(.alreadyAdmitted) }
        guard record.streams.count < ShareRecord.streamsMax else {
            throw .shares(.tooManyIncomes)
        }
        record.streams.append(IncomeStream(denomination))
        state.write(record, .shares(unit))
        return [.shares(.incomeAdmitted(asset, denomination))]
    }

    /// Pays the sender what its shares have earned in one denomination (SHA-12).
    private mutating func withdrawDividends(
        _ denomination: Denomination,
        of asset: AssetID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        let unit = ShareUnit.unit(of: asset)
        guard var record = state.read(ShareRecord.self, .shares(unit)) else {
            throw .shares(.noShares)
        }
        guard let place = record.place(of: denomination) else {
            throw .shares(.nothingToWithdraw)
        }
        let shares = UInt64(state.balance(origin.sender, .issued(unit)).obol)
        var holding = state.holding(of: origin.sender, unit)
        holding.settle(record, shares: shares)
        let owed = holding.takeOwed(at: place)
        guard !owed.isZero else { throw .shares(.nothingToWithdraw) }
        state.write(&holding, of: origin.sender, unit, &record, shares: shares)
        let pot = Pot.dividends(of: asset, denomination)
        try state.move(owed, from: pot, to: origin.sender)
        return [.shares(.dividendsWithdrawn(asset, owed, denomination, to: origin.sender))]
    }
}
