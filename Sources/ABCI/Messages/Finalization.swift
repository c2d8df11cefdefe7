public import ProtobufWire

/// FinalizeBlock: what the block does.
public struct FinalizeBlockResponse: WireMessage {
    /// What happened outside of transactions.
    public var events: [EngineEvent] = []
    /// One result for each transaction, in order.
    public var results: [ExecutionResult] = []
    /// Changes of the set, in force two blocks later.
    public var validatorUpdates: [EngineValidatorUpdate] = []
    /// Changes of the engine's parameters; nil for none.
    public var consensusParamUpdates: ConsensusParams?
    /// The root of the state after the block; the next header carries it.
    public var appHash: [UInt8] = []

    /// Nothing.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: try field.decoded(appendingTo: &events, countMax: EngineEvent.countMax)
        case 2:
            try field.decoded(appendingTo: &results, countMax: BlockTransactions.countMax)
        case 3:
            try field.decoded(
                appendingTo: &validatorUpdates,
                countMax: EngineValidatorUpdate.countMax
            )
        case 4: consensusParamUpdates = try field.decoded()
        case 5: appHash = try field.bytes()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(events, field: 1)
        writer.write(results, field: 2)
        writer.write(validatorUpdates, field: 3)
        writer.write(optional: consensusParamUpdates, field: 4)
        writer.write(appHash, field: 5)
    }
}

/// Commit: it is durable.
public struct CommitResponse: WireMessage {
    /// The first height whose block the engine must keep; 0 to keep all.
    public var retainHeight: Int64 = 0

    /// Keep all.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        if field.number == 3 { retainHeight = try field.int64() }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(retainHeight, field: 3)
    }
}
