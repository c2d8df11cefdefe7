/// Why an event stream cannot be read on.
public enum EventStreamError: Error, Hashable, Sendable {
    /// An event, or a line of it, is longer than the limit.
    case eventTooLong(bytesMax: Int)

    /// The number for logs and the wire; append-only.
    public var code: UInt32 { 1 }
}

/// Cuts a stream of bytes into events, however the network split it (WHATWG HTML, section 9.2.6).
///
/// Lines end in LF, CR or CRLF; comments and unknown fields are skipped; a byte order mark at the
/// start is skipped; an event without data is none. `retry` is not used by this market.
public struct EventStreamParser: Sendable {
    /// The most bytes of an event's data, or of one line.
    public let eventBytesMax: Int

    private var line: [UInt8] = []
    private var data: [UInt8] = []
    private var hasData = false
    private var name = ""
    private var lastID = ""
    private var isFirstLine = true
    private var endedInCR = false
    private var hasFailed = false

    /// Creates a parser at the start of a stream.
    public init(eventBytesMax: Int) {
        self.eventBytesMax = eventBytesMax
    }

    /// Whether the bytes so far end inside an event, which a complete stream never does.
    public var isInsideEvent: Bool { !line.isEmpty || hasData }

    /// Reads on and returns the events that `bytes` complete.
    ///
    /// - Throws: ``EventStreamError`` if an event is too long; the stream is then lost, and every
    ///   later call throws as well. Events before it in the same bytes are lost with it.
    public mutating func feed(
        _ bytes: ArraySlice<UInt8>
    ) throws(EventStreamError) -> [ServerSentEvent] {
        guard !hasFailed else { throw .eventTooLong(bytesMax: eventBytesMax) }
        var events: [ServerSentEvent] = []
        var rest = bytes
        if endedInCR, let first = rest.first {
            endedInCR = false
            if first == 0x0A { rest = rest.dropFirst() }
        }
        while let lineEnd = rest.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) {
            try append(rest[rest.startIndex..<lineEnd])
            if let event = try finishLine() { events.append(event) }
            let isCR = rest[lineEnd] == 0x0D
            rest = rest[(lineEnd + 1)...]
            guard isCR else { continue }
            // The LF of a CRLF may come with the next bytes.
            if rest.isEmpty { endedInCR = true }
            if rest.first == 0x0A { rest = rest.dropFirst() }
        }
        try append(rest)
        return events
    }

    /// Reads on and returns the events that `bytes` complete.
    ///
    /// - Throws: ``EventStreamError`` as for slices.
    public mutating func feed(_ bytes: [UInt8]) throws(EventStreamError) -> [ServerSentEvent] {
        try feed(bytes[...])
    }

    private mutating func append(_ part: ArraySlice<UInt8>) throws(EventStreamError) {
        try checkLength(line.count + part.count)
        line.append(contentsOf: part)
    }

    private mutating func checkLength(_ count: Int) throws(EventStreamError) {
        guard count <= eventBytesMax else {
            hasFailed = true
            line = []
            data = []
            throw .eventTooLong(bytesMax: eventBytesMax)
        }
    }

    /// Interprets the line that is complete; an empty one completes an event.
    private mutating func finishLine() throws(EventStreamError) -> ServerSentEvent? {
        defer { line.removeAll(keepingCapacity: true) }
        var text = line[...]
        if isFirstLine, text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
        isFirstLine = false
        guard let first = text.first else { return takeEvent() }
        guard first != UInt8(ascii: ":") else { return nil }
        let colon = text.firstIndex(of: UInt8(ascii: ":")) ?? text.endIndex
        let field = text[text.startIndex..<colon]
        var value = text[min(colon + 1, text.endIndex)...]
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        if field.elementsEqual("data".utf8) {
            try checkLength(data.count + value.count + 1)
            if hasData { data.append(0x0A) }
            data.append(contentsOf: value)
            hasData = true
        } else if field.elementsEqual("event".utf8) {
            name = String(decoding: value, as: UTF8.self)
        } else if field.elementsEqual("id".utf8), !value.contains(0) {
            lastID = String(decoding: value, as: UTF8.self)
        }
        return nil
    }

    private mutating func takeEvent() -> ServerSentEvent? {
        defer {
            name = ""
            data = []
            hasData = false
        }
        guard hasData else { return nil }
        return ServerSentEvent(name: name.isEmpty ? "message" : name, data: data, lastID: lastID)
    }
}
