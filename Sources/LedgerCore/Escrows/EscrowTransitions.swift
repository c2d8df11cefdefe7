extension Ledger {
    /// Applies a message about money locked for one job.
    mutating func apply(
        _ message: EscrowMessage,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        switch message {
        case .reserved: throw .escrows(.invalidNumber)
        }
    }
}
