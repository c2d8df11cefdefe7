import FoundationEssentials
public import Logging
import Synchronization

/// Writes each log message as one JSON object on a line of its own.
///
/// Whatever a message holds, it stays one line. Metadata whose name speaks of a secret is left out.
public struct JSONLogHandler: LogHandler {
    public var logLevel: Logger.Level = .info
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let sink: @Sendable (String) -> Void

    /// Creates a handler.
    ///
    /// - Parameters:
    ///   - label: which part of the program speaks.
    ///   - sink: takes a line with its line break.
    public init(label: String, sink: @escaping @Sendable (String) -> Void) {
        self.label = label
        self.sink = sink
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var fields: [(String, String)] = [
            ("time", JSONLine.time(.now)), ("level", event.level.rawValue), ("logger", label),
            ("message", event.message.description),
        ]
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let given = event.metadata { all.merge(given) { _, new in new } }
        for (name, value) in all.sorted(by: { $0.key < $1.key }).prefix(Self.fieldsMax) {
            fields.append((name, Self.isSecret(name) ? "[left out]" : value.description))
        }
        sink(JSONLine.object(fields.map { ($0.0, JSONLine.quoted($0.1)) }) + "\n")
    }

    static let fieldsMax = 32

    /// The names of the request that the task works for; for ``metadataProvider``.
    public static let requestNames = Logger.MetadataProvider {
        guard let span = Span.current else { return [:] }
        var names: Logger.Metadata = [
            "trace_id": "\(span.context.traceText)", "span_id": "\(span.context.spanText)",
        ]
        if let id = span.requestID { names["request_id"] = "\(id)" }
        return names
    }

    static func isSecret(_ name: String) -> Bool {
        let name = name.lowercased()
        return ["secret", "password", "passphrase", "authorization", "cookie", "token", "apikey"]
            .contains { name.contains($0) }
    }
}
