extension Ledger {
    /// Applies a message about shares of an asset's income.
    mutating func apply(
        _ message: SharesMessage,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        switch message {
        case .reserved: throw .shares(.invalidNumber)
        }
    }
}
