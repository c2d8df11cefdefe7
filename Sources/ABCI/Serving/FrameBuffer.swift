import ProtobufWire

/// Cuts a stream of bytes into frames: an unsigned LEB128 length, then so many bytes.
///
/// Bytes come in any pieces. Nothing is set aside for a length that was only announced: memory
/// grows with what has arrived, up to the limit.
public struct FrameBuffer: Sendable {
    private static let keptBytesMax = 1 << 20

    private var bytes: [UInt8] = []
    private var start = 0

    /// Creates an empty buffer.
    public init() {}

    /// How many bytes wait for the rest of their frame.
    public var byteCount: Int { bytes.count - start }

    /// Takes in what arrived.
    public mutating func append(_ piece: some Sequence<UInt8>) {
        if start == bytes.count {
            // What a large frame needed is given back.
            bytes.removeAll(keepingCapacity: bytes.count <= Self.keptBytesMax)
        } else if start > 0 {
            bytes.removeFirst(start)
        }
        start = 0
        bytes.append(contentsOf: piece)
    }

    /// The next whole frame without its length, or nil if it has not arrived yet.
    ///
    /// - Throws: ``FrameError/invalidLength`` or ``FrameError/tooLong(bytes:bytesMax:)``.
    public mutating func nextFrame(bytesMax: Int) throws(FrameError) -> ArraySlice<UInt8>? {
        var reader = ProtobufReader(bytes[start...])
        let count: UInt64
        do {
            count = try reader.readVarint()
        } catch .truncated {
            return nil
        } catch {
            throw .invalidLength
        }
        guard count <= UInt64(bytesMax) else { throw .tooLong(bytes: count, bytesMax: bytesMax) }
        let prefix = bytes[start...].prefix { $0 & 0x80 != 0 }.count + 1
        guard byteCount - prefix >= Int(count) else { return nil }
        let first = start + prefix
        start = first + Int(count)
        return bytes[first..<start]
    }

    /// A message as it goes over the wire: its length, then itself.
    public static func frame(_ message: [UInt8]) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.writeVarint(UInt64(message.count))
        return writer.bytes + message
    }
}
