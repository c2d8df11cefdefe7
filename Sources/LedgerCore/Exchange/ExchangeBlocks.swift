extension Ledger {
    /// Matches the orders that came in this block, after its last transaction.
    mutating func clearOrders(at context: BlockContext) -> [Event] { [] }
}
