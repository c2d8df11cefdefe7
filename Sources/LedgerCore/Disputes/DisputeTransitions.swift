extension Ledger {
    /// Applies a message about juries and their verdicts.
    mutating func apply(
        _ message: DisputeMessage,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        switch message {
        case .reserved: throw .disputes(.invalidNumber)
        }
    }
}
