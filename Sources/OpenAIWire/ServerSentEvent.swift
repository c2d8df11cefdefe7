/// One event of an event stream (WHATWG HTML, section 9.2).
public struct ServerSentEvent: Hashable, Sendable {
    /// The event's name; `message` if the stream gave none.
    public let name: String
    /// The event's data without its last line break; not checked to be UTF-8.
    public let data: [UInt8]
    /// The last identifier that the stream gave, for a reconnection.
    public let lastID: String

    /// Creates an event.
    public init(name: String = "message", data: [UInt8], lastID: String = "") {
        self.name = name
        self.data = data
        self.lastID = lastID
    }

    /// The data that ends a stream of the OpenAI dialect.
    static let doneData = Array("[DONE]".utf8)
}

/// Writes event streams; line breaks in any argument cannot start a field or an event.
public enum EventStreamWriter {
    /// The event that ends a stream of the OpenAI dialect.
    public static let done = event(data: ServerSentEvent.doneData)

    /// The bytes of one event: a `data` line for each line of `data`.
    ///
    /// An event without a name, or with the name `message`, has no `event` line.
    public static func event(name: String = "message", data: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(data.count + 16)
        if name != "message", !name.isEmpty {
            bytes.append(contentsOf: "event: ".utf8)
            bytes.append(contentsOf: name.utf8.filter { $0 != 0x0A && $0 != 0x0D })
            bytes.append(0x0A)
        }
        append(lines: data, prefix: "data: ", to: &bytes)
        bytes.append(0x0A)
        return bytes
    }

    /// The bytes of a comment, which clients skip; it keeps idle connections open.
    public static func comment(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        append(lines: Array(text.utf8), prefix: ": ", to: &bytes)
        bytes.append(0x0A)
        return bytes
    }

    /// Appends each line of `text`, whichever line break ends it, after `prefix`.
    private static func append(lines text: [UInt8], prefix: StaticString, to bytes: inout [UInt8]) {
        let prefix = UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount)
        bytes.append(contentsOf: prefix)
        var previous: UInt8 = 0
        for byte in text {
            let isSecondHalf = byte == 0x0A && previous == 0x0D
            previous = byte
            if isSecondHalf { continue }
            guard byte == 0x0A || byte == 0x0D else {
                bytes.append(byte)
                continue
            }
            bytes.append(0x0A)
            bytes.append(contentsOf: prefix)
        }
        bytes.append(0x0A)
    }
}
