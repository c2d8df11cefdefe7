extension Ledger {
    /// Applies a message about units that an account issues.
    mutating func apply(
        _ message: UnitMessage,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        switch message {
        case .reserved: throw .units(.invalidNumber)
        }
    }
}
