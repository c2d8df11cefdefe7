public import ProtobufWire

/// Text that goes back as it came (echo), or says what went wrong (exception).
public struct TextMessage: WireMessage {
    /// The text.
    public var text = ""

    /// No text.
    public init() {}

    /// Wraps a text.
    public init(_ text: String) {
        self.text = text
    }

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        if field.number == 1 { text = try field.string() }
    }

    public func write(into writer: inout ProtobufWriter) { writer.write(text, field: 1) }
}

/// A message without fields.
public struct EmptyMessage: WireMessage {
    /// Creates it.
    public init() {}
    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {}
    public func write(into writer: inout ProtobufWriter) {}
}

/// Info: the engine says which versions it speaks.
public struct InfoRequest: WireMessage {
    /// The engine's version.
    public var version = ""
    /// The version of its blocks.
    public var blockVersion: UInt64 = 0
    /// The version of its network protocol.
    public var p2pVersion: UInt64 = 0
    /// The version of this protocol, such as `2.0.0`.
    public var abciVersion = ""

    /// Says nothing.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: version = try field.string()
        case 2: blockVersion = try field.uint64()
        case 3: p2pVersion = try field.uint64()
        case 4: abciVersion = try field.string()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(version, field: 1)
        writer.write(blockVersion, field: 2)
        writer.write(p2pVersion, field: 3)
        writer.write(abciVersion, field: 4)
    }
}

/// Info: where the application stands, which decides what the engine replays.
public struct InfoResponse: WireMessage {
    /// The application's name.
    public var data = ""
    /// The application's version, for people.
    public var version = ""
    /// The version that headers carry.
    public var appVersion: UInt64 = 0
    /// The height of the last durable commit.
    public var lastBlockHeight: Int64 = 0
    /// The state root after it.
    public var lastBlockAppHash: [UInt8] = []

    /// Says nothing.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: data = try field.string()
        case 2: version = try field.string()
        case 3: appVersion = try field.uint64()
        case 4: lastBlockHeight = try field.int64()
        case 5: lastBlockAppHash = try field.bytes()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(data, field: 1)
        writer.write(version, field: 2)
        writer.write(appVersion, field: 3)
        writer.write(lastBlockHeight, field: 4)
        writer.write(lastBlockAppHash, field: 5)
    }
}

/// InitChain: how the chain begins, by the engine's genesis file.
public struct InitChainRequest: WireMessage {
    /// When the chain begins.
    public var time = EngineTime()
    /// The engine's name of the chain.
    public var chainID = ""
    /// The engine's parameters.
    public var consensusParams: ConsensusParams?
    /// The set of the genesis file.
    public var validators: [EngineValidatorUpdate] = []
    /// The genesis file's `app_state`, JSON as it stands there.
    public var appState: [UInt8] = []
    /// The first height.
    public var initialHeight: Int64 = 0

    /// Says nothing.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: time = try field.decoded()
        case 2: chainID = try field.string()
        case 3: consensusParams = try field.decoded()
        case 4:
            try field.decoded(
                appendingTo: &validators,
                countMax: EngineValidatorUpdate.countMax
            )
        case 5: appState = try field.bytes()
        case 6: initialHeight = try field.int64()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(time, field: 1)
        writer.write(chainID, field: 2)
        writer.write(optional: consensusParams, field: 3)
        writer.write(validators, field: 4)
        writer.write(appState, field: 5)
        writer.write(initialHeight, field: 6)
    }
}

/// InitChain: what the application makes of it.
public struct InitChainResponse: WireMessage {
    /// Parameters to change; nil keeps the genesis file's.
    public var consensusParams: ConsensusParams?
    /// The set that orders the first block; empty keeps the genesis file's.
    public var validators: [EngineValidatorUpdate] = []
    /// The root of the state before the first block.
    public var appHash: [UInt8] = []

    /// Says nothing.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: consensusParams = try field.decoded()
        case 2:
            try field.decoded(
                appendingTo: &validators,
                countMax: EngineValidatorUpdate.countMax
            )
        case 3: appHash = try field.bytes()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(optional: consensusParams, field: 1)
        writer.write(validators, field: 2)
        writer.write(appHash, field: 3)
    }
}
