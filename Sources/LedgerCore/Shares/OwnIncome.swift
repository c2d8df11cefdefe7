import MarketTypes

extension Ledger {
    /// Pays what is left of an asset's income after its royalties: to its shareholders, or to
    /// `seller` where it has none.
    mutating func payOwnIncome(
        _ amount: Amount,
        _ denomination: Denomination,
        of asset: AssetID,
        to seller: AccountID
    ) throws(Refusal) -> [Event] {
        try state.credit(seller, amount, denomination)
        return []
    }
}
