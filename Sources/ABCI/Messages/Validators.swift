public import ProtobufWire

/// A validator as votes and evidence name it.
public struct EngineValidator: WireMessage {
    /// Its address, 20 bytes.
    public var address: [UInt8] = []
    /// Its voting power.
    public var power: Int64 = 0

    /// Nobody.
    public init() {}

    /// Names a validator.
    public init(address: [UInt8], power: Int64) {
        self.address = address
        self.power = power
    }

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: address = try field.bytes()
        case 3: power = try field.int64()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(address, field: 1)
        writer.write(power, field: 3)
    }
}

/// A consensus key: at most one of its kinds is there.
public struct EnginePublicKey: WireMessage {
    /// The kinds of keys that the engine knows.
    public enum Kind: UInt32, Hashable, Sendable {
        /// 32 bytes.
        case ed25519 = 1
        /// 33 bytes, compressed.
        case secp256k1 = 2
    }

    /// The key's kind; nil for no key.
    public var kind: Kind?
    /// The key.
    public var bytes: [UInt8] = []

    /// No key.
    public init() {}

    /// A key of a kind.
    public init(_ kind: Kind, _ bytes: [UInt8]) {
        self.kind = kind
        self.bytes = bytes
    }

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        guard let kind = Kind(rawValue: field.number) else { return }
        self.kind = kind
        bytes = try field.bytes()
    }

    public func write(into writer: inout ProtobufWriter) {
        guard let kind else { return }
        writer.write(always: bytes, field: kind.rawValue)
    }
}

/// A change of the set that orders blocks.
public struct EngineValidatorUpdate: WireMessage {
    /// The most changes in one message.
    public static let countMax = 10_000

    /// Whose power changes.
    public var key = EnginePublicKey()
    /// The power from now on; 0 removes.
    public var power: Int64 = 0

    /// No change.
    public init() {}

    /// Creates a change.
    public init(key: EnginePublicKey, power: Int64) {
        self.key = key
        self.power = power
    }

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: key = try field.decoded()
        case 2: power = try field.int64()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(key, field: 1)
        writer.write(power, field: 2)
    }
}
