/// Where a request stands in a trace, as processes tell each other (W3C Trace Context, level 1).
public struct TraceContext: Hashable, Sendable {
    /// The trace: 16 bytes, not all zero.
    public let trace: [UInt8]
    /// The caller's span: 8 bytes, not all zero.
    public let span: [UInt8]
    /// Whether the trace is kept.
    public let isSampled: Bool

    /// The name of the header that carries it.
    public static let headerName = "traceparent"

    /// Puts a context together; nil unless both names have their length and are not zero.
    public init?(trace: [UInt8], span: [UInt8], isSampled: Bool) {
        guard trace.count == 16, span.count == 8, trace.contains(where: { $0 != 0 }),
            span.contains(where: { $0 != 0 })
        else { return nil }
        self.trace = trace
        self.span = span
        self.isSampled = isSampled
    }

    /// Reads a `traceparent` (section 3.2); nil for what does not follow it.
    ///
    /// A later version may have more after the flags; version 0 may not, and 255 is none.
    public init?(header: String) {
        let bytes = Array(header.utf8)
        guard bytes.count >= 55, bytes.count <= 512, bytes[2] == dash, bytes[35] == dash,
            bytes[52] == dash, let version = Self.hex(bytes[0..<2])?.first, version != 255,
            bytes.count == 55 || (version > 0 && bytes[55] == dash),
            let trace = Self.hex(bytes[3..<35]), let span = Self.hex(bytes[36..<52]),
            let flags = Self.hex(bytes[53..<55])?.first
        else { return nil }
        self.init(trace: trace, span: span, isSampled: flags & 1 == 1)
    }

    /// The header's value.
    public var header: String {
        "00-\(Self.text(trace))-\(Self.text(span))-\(isSampled ? "01" : "00")"
    }

    /// The same trace with a span of one's own, of which `random` are the bytes.
    public func child(random: UInt64) -> TraceContext {
        let span = withUnsafeBytes(of: max(1, random).bigEndian) { Array($0) }
        return TraceContext(trace: trace, span: span, isSampled: isSampled) ?? self
    }

    /// A new trace of which both names are random, and neither is zero by its construction.
    static func new(trace: (UInt64, UInt64), span: UInt64) -> TraceContext {
        let trace = withUnsafeBytes(of: trace.0.bigEndian) { Array($0) }
            + withUnsafeBytes(of: max(1, trace.1).bigEndian) { Array($0) }
        let span = withUnsafeBytes(of: max(1, span).bigEndian) { Array($0) }
        return TraceContext(valid: trace, span)
    }

    private init(valid trace: [UInt8], _ span: [UInt8]) {
        self.trace = trace
        self.span = span
        isSampled = true
    }

    /// The trace's name as 32 digits.
    public var traceText: String { Self.text(trace) }
    /// The span's name as 16 digits.
    public var spanText: String { Self.text(span) }

    /// Lower-case digits only, as the specification demands.
    private static func hex(_ digits: ArraySlice<UInt8>) -> [UInt8]? {
        var found: [UInt8] = []
        var high: UInt8?
        for digit in digits {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            default: return nil
            }
            if let first = high {
                found.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return found
    }

    static func text(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

private let dash = UInt8(ascii: "-")
