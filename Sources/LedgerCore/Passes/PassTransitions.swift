extension Ledger {
    /// Applies a message about subscriptions, time passes and trials.
    mutating func apply(
        _ message: PassMessage,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        switch message {
        case .reserved: throw .passes(.invalidNumber)
        }
    }
}
