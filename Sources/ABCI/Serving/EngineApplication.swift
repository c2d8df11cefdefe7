/// What answers an engine's requests, whatever carries them.
///
/// Calls of one connection come one after the other; calls of different connections come at the
/// same time, from different threads, and may block.
public protocol EngineApplication: Sendable {
    /// Answers a request that is neither Echo, Flush nor CheckTx.
    ///
    /// - Throws: anything that the engine must not go on from; it is told by an exception.
    func answer(
        _ request: EngineRequest,
        on connection: ConnectionNumber
    ) throws -> EngineResponse

    /// Answers CheckTx for transactions that came together, in their order.
    func check(_ requests: [CheckTransactionRequest]) -> [ExecutionResult]

    /// A connection is gone; nothing more comes from it.
    func closed(_ connection: ConnectionNumber)
}

/// Tells connections of one server apart; counts up from 1.
public struct ConnectionNumber: Hashable, Sendable {
    /// The number.
    public let rawValue: UInt64

    /// Names a connection.
    public init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }
}
