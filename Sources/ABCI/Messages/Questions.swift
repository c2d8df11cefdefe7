public import ProtobufWire

/// Query: a question to the last committed state.
public struct QueryRequest: WireMessage {
    /// The question; its form depends on the path.
    public var data: [UInt8] = []
    /// What is asked for; where it is not UTF-8 it has U+FFFD, which no path has.
    public var path = ""
    /// The height to read at; 0 for the last.
    public var height: Int64 = 0
    /// Whether a proof is wanted.
    public var prove = false

    /// Asks nothing.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: data = try field.bytes()
        // Strangers reach this through the engine, which does not look at what they send: text
        // that is not UTF-8 must be a path that does not exist, not the end of the connection.
        case 2: path = String(decoding: try field.slice(), as: UTF8.self)
        case 3: height = try field.int64()
        case 4: prove = try field.bool()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(data, field: 1)
        writer.write(path, field: 2)
        writer.write(height, field: 3)
        writer.write(prove, field: 4)
    }
}

/// Query: the answer.
public struct QueryResponse: WireMessage {
    /// 0 if the question was understood.
    public var code: UInt32 = 0
    /// For people.
    public var log = ""
    /// For people.
    public var info = ""
    /// 1 if there is an entry, 0 if there is none.
    public var index: Int64 = 0
    /// The entry's key.
    public var key: [UInt8] = []
    /// The answer.
    public var value: [UInt8] = []
    /// What proves it; nil unless asked for.
    public var proof: ProofOperations?
    /// The block after which the state was read.
    public var height: Int64 = 0
    /// Whose numbers the codes are.
    public var codespace = ""

    /// Says nothing.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: code = try field.uint32()
        case 3: log = try field.string()
        case 4: info = try field.string()
        case 5: index = try field.int64()
        case 6: key = try field.bytes()
        case 7: value = try field.bytes()
        case 8: proof = try field.decoded()
        case 9: height = try field.int64()
        case 10: codespace = try field.string()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(UInt64(code), field: 1)
        writer.write(log, field: 3)
        writer.write(info, field: 4)
        writer.write(index, field: 5)
        writer.write(key, field: 6)
        writer.write(value, field: 7)
        writer.write(optional: proof, field: 8)
        writer.write(height, field: 9)
        writer.write(codespace, field: 10)
    }
}

/// A chain of steps that prove an entry.
public struct ProofOperations: WireMessage {
    /// The most steps in one proof.
    public static let countMax = 64

    /// The steps.
    public var operations: [ProofOperation] = []

    /// No step.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        guard field.number == 1 else { return }
        try field.decoded(appendingTo: &operations, countMax: Self.countMax)
    }

    public func write(into writer: inout ProtobufWriter) { writer.write(operations, field: 1) }
}

/// One step of a proof.
public struct ProofOperation: WireMessage {
    /// How to read it.
    public var type = ""
    /// What it is about.
    public var key: [UInt8] = []
    /// The step itself.
    public var data: [UInt8] = []

    /// No step.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: type = try field.string()
        case 2: key = try field.bytes()
        case 3: data = try field.bytes()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(type, field: 1)
        writer.write(key, field: 2)
        writer.write(data, field: 3)
    }
}

/// CheckTx: asks whether a transaction may wait for a block.
public struct CheckTransactionRequest: WireMessage {
    /// Whether the transaction is new to the engine.
    public enum Kind: UInt32, Hashable, Sendable {
        /// It was never checked.
        case new = 0
        /// It was, before the last commit.
        case recheck = 1
    }

    /// The transaction.
    public var transaction: [UInt8] = []
    /// Whether it is new.
    public var kind = Kind.new

    /// No transaction.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: transaction = try field.bytes()
        case 2: kind = try field.enumeration()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(transaction, field: 1)
        writer.write(UInt64(kind.rawValue), field: 2)
    }
}
