import MarketTypes

extension Ledger {
    /// Pays what an asset earned: royalties up its lineage first, the rest to its shareholders, or
    /// to `seller` where it has none (LIN-30).
    ///
    /// The caller has taken the money from where it was; this puts all of it somewhere. One
    /// payment costs the same however many calls it is for: at most ``Lineage/edgesMax`` edges.
    mutating func payIncome(
        _ amount: Amount,
        _ denomination: Denomination,
        of asset: AssetID,
        to seller: AccountID
    ) throws(Refusal) -> [Event] {
        guard let lineage = state.read(Lineage.self, .lineage(asset)) else {
            return try payOwnIncome(amount, denomination, of: asset, to: seller)
        }
        state.royaltyEdges += lineage.edges
        guard state.royaltyEdges <= Lineage.edgesPerTransactionMax else {
            throw .lineage(.tooManyRoyalties)
        }
        var events: [Event] = []
        for (node, obol) in zip(lineage.nodes, lineage.split(amount.obol)) where obol > 0 {
            let part = IncomePart(
                sold: asset,
                earner: node.asset,
                account: node.asset == asset ? seller : try self.asset(node.asset).owner,
                denomination: denomination,
                amount: Amount(obol: obol)
            )
            noteEarned(part)
            events.append(
                .lineage(part.earner == asset ? .incomeKept(part) : .royaltyPaid(part))
            )
            events += try payOwnIncome(
                part.amount,
                denomination,
                of: part.earner,
                to: part.account
            )
        }
        return events
    }

    /// Counts what an asset has earned of another's sales or its own; a count, not money.
    private mutating func noteEarned(_ part: IncomePart) {
        let key = StateKey.earnings(of: part.earner, in: part.denomination, from: part.sold)
        let before = state.read(StoredAmount.self, key)?.amount.obol ?? 0
        // The same money can be earned again and again, so only a count's end bounds the sum.
        let (sum, overflow) = before.addingReportingOverflow(part.amount.obol)
        state.write(StoredAmount(Amount(obol: overflow ? .max : sum)), key)
    }
}
