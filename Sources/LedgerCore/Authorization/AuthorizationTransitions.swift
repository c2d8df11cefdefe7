extension Ledger {
    /// Applies a message about who may act for an account.
    mutating func apply(
        _ message: AuthorizationMessage,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        switch message {
        case .reserved: throw .authorization(.invalidNumber)
        }
    }
}
