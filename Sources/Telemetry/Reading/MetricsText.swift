/// One line of Prometheus' text format: a name, labels and a value.
public struct MetricSample: Hashable, Sendable {
    /// The series' name, with `_total`, `_bucket` and the like.
    public let name: String
    /// Its labels.
    public let labels: [String: String]
    /// Its value.
    public let value: Double
}

/// Why a text is none of metrics.
public enum MetricsTextError: Error, Hashable, Sendable {
    /// It is longer than is read.
    case tooLong
    /// A line is neither a comment nor a sample.
    case malformed(line: Int)
}

/// Reads Prometheus' text format 0.0.4, strictly: half of an answer would be a wrong sum.
public enum MetricsText {
    /// The longest text in bytes.
    public static let bytesMax = 8 << 20
    /// The most samples.
    public static let samplesMax = 100_000

    /// The samples of a text.
    ///
    /// - Throws: ``MetricsTextError``.
    public static func read(_ text: String) throws(MetricsTextError) -> [MetricSample] {
        guard text.utf8.count <= bytesMax else { throw .tooLong }
        var samples: [MetricSample] = []
        let lines = text.utf8.split(separator: newline, omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !line.isEmpty && line.first != hash {
            guard samples.count < samplesMax else { throw .tooLong }
            var cursor = line
            guard let sample = sample(&cursor) else { throw .malformed(line: index + 1) }
            samples.append(sample)
        }
        return samples
    }

    private static let newline = UInt8(ascii: "\n")
    private static let hash = UInt8(ascii: "#")

    private static func sample(_ rest: inout Substring.UTF8View) -> MetricSample? {
        let name = take(&rest) { isName($0) }
        guard !name.isEmpty else { return nil }
        var labels: [String: String] = [:]
        if rest.first == UInt8(ascii: "{") {
            rest.removeFirst()
            while rest.first != UInt8(ascii: "}") {
                let key = take(&rest) { isName($0) }
                guard !key.isEmpty, rest.popFirst() == UInt8(ascii: "="),
                    let value = quoted(&rest),
                    labels.updateValue(value, forKey: key) == nil
                else { return nil }
                if rest.first == UInt8(ascii: ",") { rest.removeFirst() }
            }
            rest.removeFirst()
        }
        guard rest.popFirst() == UInt8(ascii: " "), let value = number(String(Substring(rest)))
        else { return nil }
        return MetricSample(name: name, labels: labels, value: value)
    }

    private static func take(
        _ rest: inout Substring.UTF8View,
        while isWanted: (UInt8) -> Bool
    ) -> String {
        let part = rest.prefix(while: isWanted)
        rest = rest[part.endIndex...]
        return String(Substring(part))
    }

    private static func quoted(_ rest: inout Substring.UTF8View) -> String? {
        guard rest.popFirst() == UInt8(ascii: "\"") else { return nil }
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(validating: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"):
                switch rest.popFirst() {
                case UInt8(ascii: "n"): bytes.append(newline)
                case UInt8(ascii: "\\"): bytes.append(UInt8(ascii: "\\"))
                case UInt8(ascii: "\""): bytes.append(UInt8(ascii: "\""))
                default: return nil
                }
            default: bytes.append(byte)
            }
        }
        return nil
    }

    private static func number(_ text: String) -> Double? {
        switch text {
        case "+Inf": .infinity
        case "-Inf": -.infinity
        case "NaN": .nan
        default: text.utf8.count <= 64 && !text.contains(" ") ? Double(text) : nil
        }
    }

    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ":"):
            true
        default: false
        }
    }
}
