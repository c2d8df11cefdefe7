import FoundationEssentials

extension SpanRecord {
    /// The span as one line of JSON, with its line break, beside the lines of ``JSONLogHandler``.
    ///
    /// A collector finds it by its member `span`; everything in it is a number or of plain
    /// characters, but for the request's id, which is a client's.
    public var line: String {
        let start = Date(timeIntervalSince1970: Double(startMicroseconds) / 1_000_000)
        var span: [(String, String)] = [
            ("trace_id", JSONLine.quoted(context.traceText)),
            ("span_id", JSONLine.quoted(context.spanText)),
            ("parent_id", parent.map { JSONLine.quoted(TraceContext.text($0)) } ?? "null"),
            ("name", JSONLine.quoted(name)),
            ("service", JSONLine.quoted(service)),
            ("start", JSONLine.quoted(JSONLine.time(start))),
            ("start_us", "\(startMicroseconds)"),
            ("duration_us", "\(durationMicroseconds)"),
        ]
        if let status { span.append(("status", "\(status)")) }
        if let requestID { span.append(("request_id", JSONLine.quoted(requestID))) }
        return JSONLine.object([
            ("time", JSONLine.quoted(JSONLine.time(.now))), ("level", JSONLine.quoted("info")),
            ("logger", JSONLine.quoted("stoa.\(service)")), ("message", JSONLine.quoted("span")),
            ("span", JSONLine.object(span)),
        ]) + "\n"
    }
}
