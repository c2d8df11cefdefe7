/// A series' name and labels as Prometheus writes them; whatever it is given, the text is valid.
struct MetricName: Hashable, Sendable {
    /// Letters, digits, underscores and colons; no digit first.
    let name: String
    /// The labels in braces, or nothing; sorted, so that two orders are one series.
    let labels: String

    /// The longest label value in bytes; the rest of a longer one is cut off.
    static let valueBytesMax = 128

    init(_ label: String, _ dimensions: [(String, String)]) {
        name = Self.plain(label)
        let pairs = dimensions.map { (Self.plain($0.0), Self.escaped($0.1)) }
            .sorted { $0.0 < $1.0 }
        labels = pairs.map { "\($0.0)=\"\($0.1)\"" }.joined(separator: ",")
    }

    private init(name: String, labels: String) {
        self.name = name
        self.labels = labels
    }

    /// The series that counts what has no room for a series of its own.
    var overflow: MetricName { MetricName(name: name, labels: "overflow=\"true\"") }

    /// `name{labels,extra}`, without braces where nothing stands between them.
    func text(suffix: String = "", extra: String = "") -> String {
        let inner = labels.isEmpty || extra.isEmpty ? labels + extra : "\(labels),\(extra)"
        return inner.isEmpty ? name + suffix : "\(name)\(suffix){\(inner)}"
    }

    private static func plain(_ text: String) -> String {
        var found = ""
        for byte in text.utf8.prefix(128) {
            let character = Character(UnicodeScalar(byte))
            let isFirst = found.isEmpty
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "_"), UInt8(ascii: ":"):
                found.append(character)
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                found += isFirst ? "_" + String(character) : String(character)
            default: found += "_"
            }
        }
        return found.isEmpty ? "_" : found
    }

    private static func escaped(_ text: String) -> String {
        var found = ""
        var count = 0
        for character in text {
            count += character.utf8.count
            guard count <= valueBytesMax else { break }
            switch character {
            case "\\": found += "\\\\"
            case "\"": found += "\\\""
            case "\n", "\r", "\r\n": found += "\\n"
            default: found.append(character)
            }
        }
        return found
    }
}
