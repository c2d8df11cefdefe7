/// The fields of a form or a query (`application/x-www-form-urlencoded`), each at most once.
public struct FormFields: Sendable {
    /// The longest text in bytes.
    public static let bytesMax = 8 << 10
    /// The most fields.
    public static let fieldsMax = 64

    private var fields: [(name: String, value: String)] = []

    /// Reads the text; nil if it is too long, names a field twice, or is not in its form.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count <= Self.bytesMax else { return nil }
        for part in text.split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2, let name = Self.decoded(pair[0].utf8),
                let value = Self.decoded(pair[1].utf8), self[name] == nil,
                fields.count < Self.fieldsMax
            else { return nil }
            fields.append((name, value))
        }
    }

    /// The value of a field; nil if it is not there.
    public subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }

    private static func decoded(_ text: some Sequence<UInt8>) -> String? {
        var bytes: [UInt8] = []
        var digits: [UInt8]?
        for byte in text {
            if var open = digits {
                open.append(byte)
                digits = open
                guard open.count == 2 else { continue }
                guard open.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
                    let value = UInt8(String(decoding: open, as: UTF8.self), radix: 16)
                else { return nil }
                bytes.append(value)
                digits = nil
            } else if byte == UInt8(ascii: "%") {
                digits = []
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        guard digits == nil else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// A text as the value of a field.
    public static func encoded(_ text: String) -> String {
        let hex = Array("0123456789ABCDEF".utf8)
        var out: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                out.append(byte)
            default:
                out.append(UInt8(ascii: "%"))
                out.append(hex[Int(byte >> 4)])
                out.append(hex[Int(byte & 15)])
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
