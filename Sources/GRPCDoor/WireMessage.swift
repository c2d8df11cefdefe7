import GRPCCore
import ProtobufWire

/// A message that clients send: read strictly, and refused beyond a size of its own.
protocol WireRequest: Sendable {
    /// The largest that is read, in bytes.
    static var bytesMax: Int { get }

    /// Reads the fields; those that nobody knows are skipped.
    init(fields reader: inout ProtobufReader) throws(ProtobufError)
}

extension WireRequest {
    static var bytesMax: Int { 4096 }
}

/// A message that clients are sent.
protocol WireResponse: Sendable {
    /// Writes the fields in order of their numbers.
    func write(into writer: inout ProtobufWriter)
}

/// A request without fields.
struct EmptyRequest: WireRequest {
    init(fields reader: inout ProtobufReader) throws(ProtobufError) {
        while try reader.nextField() != nil {}
    }
}

/// Reads requests for the transport.
struct WireReading<Message: WireRequest>: MessageDeserializer {
    /// The largest message, in bytes.
    let bytesMax: Int

    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> Message {
        guard bytes.count <= bytesMax else {
            throw RPCError.refusal(
                .resourceExhausted,
                "The message has \(bytes.count) bytes; this method reads \(bytesMax).",
                reason: "request_too_large",
                hint: "Send less; nothing was done."
            )
        }
        var reader = ProtobufReader(bytes.withUnsafeBytes { Array($0) })
        do throws(ProtobufError) {
            return try Message(fields: &reader)
        } catch {
            throw RPCError.refusal(
                .invalidArgument,
                "The message cannot be read: \(error).",
                reason: "malformed_message",
                hint: "Is the client made from this server's proto files?"
            )
        }
    }
}

/// Writes answers for the transport.
struct WireWriting<Message: WireResponse>: MessageSerializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: Message) throws -> Bytes {
        var writer = ProtobufWriter()
        message.write(into: &writer)
        return Bytes(writer.bytes)
    }
}

extension ProtobufWriter {
    /// Writes a message field.
    mutating func write(_ message: some WireResponse, field: UInt32) {
        write(message: field) { message.write(into: &$0) }
    }

    /// Writes a field that is absent rather than empty: one that is nil is not written.
    mutating func write(optional value: [UInt8]?, field: UInt32) {
        if let value { write(always: value, field: field) }
    }
}
