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
            ("time", Self.time()), ("level", event.level.rawValue), ("logger", label),
            ("message", event.message.description),
        ]
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let given = event.metadata { all.merge(given) { _, new in new } }
        for (name, value) in all.sorted(by: { $0.key < $1.key }).prefix(Self.fieldsMax) {
            fields.append((name, Self.isSecret(name) ? "[left out]" : value.description))
        }
        let body = fields.map { "\(Self.quoted($0.0)):\(Self.quoted($0.1))" }
        sink("{" + body.joined(separator: ",") + "}\n")
    }

    static let fieldsMax = 32
    static let valueBytesMax = 4096

    static func isSecret(_ name: String) -> Bool {
        let name = name.lowercased()
        return ["secret", "password", "passphrase", "authorization", "cookie", "token", "apikey"]
            .contains { name.contains($0) }
    }

    private static func time() -> String {
        Date.now.formatted(
            .iso8601.year().month().day().time(includingFractionalSeconds: true)
                .timeZone(separator: .omitted)
        )
    }

    private static func quoted(_ text: String) -> String {
        var out = "\""
        var count = 0
        for scalar in text.unicodeScalars {
            count += 1
            guard count <= valueBytesMax else { break }
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case _
            where scalar.value < 0x20 || scalar.value == 0x7F || scalar.value == 0x2028
                || scalar.value == 0x2029:
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
