public import ProtobufWire

/// The engine's own parameters; a part that is nil stays as it is.
public struct ConsensusParams: WireMessage {
    /// How large a block may be.
    public var block: BlockParams?
    /// How old evidence may be.
    public var evidence: EvidenceParams?
    /// Which keys validators may have.
    public var validator: ValidatorParams?
    /// The application's version.
    public var version: VersionParams?
    /// Vote extensions.
    public var abci: ExtensionParams?

    /// Nothing said.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: block = try field.decoded()
        case 2: evidence = try field.decoded()
        case 3: validator = try field.decoded()
        case 4: version = try field.decoded()
        case 5: abci = try field.decoded()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(optional: block, field: 1)
        writer.write(optional: evidence, field: 2)
        writer.write(optional: validator, field: 3)
        writer.write(optional: version, field: 4)
        writer.write(optional: abci, field: 5)
    }
}

/// How large a block may be.
public struct BlockParams: WireMessage {
    /// The most bytes of a whole block; −1 for as many as the engine can carry.
    public var maxBytes: Int64 = 0
    /// The most gas; −1 for no limit.
    public var maxGas: Int64 = 0

    /// Zeros.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: maxBytes = try field.int64()
        case 2: maxGas = try field.int64()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(maxBytes, field: 1)
        writer.write(maxGas, field: 2)
    }
}

/// How old and how large evidence of misbehavior may be.
public struct EvidenceParams: WireMessage {
    /// The greatest age in blocks.
    public var maxAgeBlocks: Int64 = 0
    /// The greatest age in time.
    public var maxAgeDuration = EngineTime()
    /// The most bytes of evidence in a block.
    public var maxBytes: Int64 = 0

    /// Zeros.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: maxAgeBlocks = try field.int64()
        case 2: maxAgeDuration = try field.decoded()
        case 3: maxBytes = try field.int64()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(maxAgeBlocks, field: 1)
        writer.write(maxAgeDuration, field: 2)
        writer.write(maxBytes, field: 3)
    }
}

/// Which keys validators may have.
public struct ValidatorParams: WireMessage {
    /// The most types in one message.
    public static let keyTypesMax = 64

    /// Names such as `ed25519`.
    public var keyTypes: [String] = []

    /// None.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        guard field.number == 1 else { return }
        guard keyTypes.count < Self.keyTypesMax else { throw .tooMany }
        keyTypes.append(try field.string())
    }

    public func write(into writer: inout ProtobufWriter) {
        for type in keyTypes { writer.write(always: Array(type.utf8), field: 1) }
    }
}

/// The application's version, which every header carries.
public struct VersionParams: WireMessage {
    /// The version.
    public var app: UInt64 = 0

    /// Zero.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        if field.number == 1 { app = try field.uint64() }
    }

    public func write(into writer: inout ProtobufWriter) { writer.write(app, field: 1) }
}

/// From when on votes carry extensions of the application.
public struct ExtensionParams: WireMessage {
    /// The first height with extensions; 0 for never.
    public var voteExtensionsEnableHeight: Int64 = 0

    /// Never.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        if field.number == 1 { voteExtensionsEnableHeight = try field.int64() }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(voteExtensionsEnableHeight, field: 1)
    }
}
