extension Ledger {
    /// Applies a message about proposals, votes and the treasury.
    mutating func apply(
        _ message: GovernanceMessage,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        switch message {
        case .reserved: throw .governance(.invalidNumber)
        }
    }
}
