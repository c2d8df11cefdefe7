extension Ledger {
    /// Applies a message about pools, sales and orders.
    mutating func apply(
        _ message: ExchangeMessage,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        switch message {
        case .reserved: throw .exchange(.invalidNumber)
        }
    }
}
