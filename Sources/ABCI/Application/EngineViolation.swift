public import LedgerCore
public import MarketTypes

/// What an engine must never do; the answer is an exception, and nothing has changed.
///
/// These are faults of a program or of its set-up, not of transactions: a transaction is refused
/// by a code.
public enum EngineViolation: Error, Hashable, Sendable {
    /// The engine's chain has another name than this genesis gives it.
    case wrongChain(expected: EngineChainName, given: String)
    /// The engine's genesis file does not hold this genesis in `app_state`.
    case wrongGenesis
    /// The engine's chain does not begin at height 1.
    case wrongInitialHeight(Int64)
    /// The engine's parameters allow what this application cannot keep up with.
    case unsupportedParameters(ParameterFault)
    /// InitChain came although blocks are committed.
    case alreadyBegun(at: BlockHeight)
    /// A block came before InitChain.
    case notBegun
    /// A block does not follow the last one.
    case wrongHeight(expected: BlockHeight, given: Int64)
    /// A time is not one, or before the last block's.
    case wrongTime(EngineTime)
    /// A decided block has more transactions than any that is valid.
    case tooManyTransactions
    /// What is said about votes or evidence cannot be read.
    case wrongReport
    /// Commit came without FinalizeBlock on the same connection.
    case nothingFinalized
    /// The ledger gives a validator more power than an engine can count.
    case powerTooLarge

    /// What is wrong with the engine's parameters.
    public enum ParameterFault: Hashable, Sendable {
        /// The largest block is not from 1 to ``EngineLedger/blockBytesMax`` bytes.
        case blockBytes(Int64)
        /// Validators may not have Ed25519 keys.
        case keyTypes
        /// Vote extensions are on.
        case voteExtensions
    }
}
