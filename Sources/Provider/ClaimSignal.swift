/// Wakes whoever claims: something is owed, or a payer wants its channel back.
struct ClaimSignal: Sendable {
    /// One element for any number of signals since the last one was taken.
    let signals: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (signals, continuation) = AsyncStream.makeStream(
            of: Void.self,
            bufferingPolicy: .bufferingNewest(1)
        )
    }

    /// Says that it is worth looking now.
    func send() { continuation.yield() }

    /// Says that the provider is shutting down.
    func finish() { continuation.finish() }
}
