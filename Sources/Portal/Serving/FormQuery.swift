/// A question as a browser's form writes it into an address: a space is a plus sign (WHATWG URL,
/// `application/x-www-form-urlencoded`), which a mere percent-decoder would leave.
struct FormQuery: Sendable {
    /// The most bytes and pairs that are looked at; a form of these pages needs fewer.
    static let bytesMax = 4096
    static let pairsMax = 32

    private let values: [String: String]

    /// Reads what stands behind the question mark; the first of several values of a name counts.
    init(_ query: String?) {
        var values: [String: String] = [:]
        let bytes = Array((query ?? "").utf8.prefix(Self.bytesMax))
        for pair in bytes.split(separator: UInt8(ascii: "&")).prefix(Self.pairsMax) {
            let parts = pair.split(
                separator: UInt8(ascii: "="),
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            let name = Self.decode(parts[0])
            guard values[name] == nil else { continue }
            values[name] = parts.count > 1 ? Self.decode(parts[1]) : ""
        }
        self.values = values
    }

    subscript(name: String) -> String? { values[name] }

    /// A percent sign that no two hex digits follow stands for itself.
    private static func decode(_ bytes: ArraySlice<UInt8>) -> String {
        var out: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "+") {
                out.append(UInt8(ascii: " "))
            } else if byte == UInt8(ascii: "%"), let decoded = hex(rest.prefix(2)) {
                out.append(decoded)
                rest = rest.dropFirst(2)
            } else {
                out.append(byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func hex(_ digits: ArraySlice<UInt8>) -> UInt8? {
        guard digits.count == 2 else { return nil }
        var value: UInt8 = 0
        for digit in digits {
            let number: UInt8
            switch digit {
            case 0x30...0x39: number = digit - 0x30
            case 0x41...0x46: number = digit - 0x37
            case 0x61...0x66: number = digit - 0x57
            default: return nil
            }
            value = value << 4 | number
        }
        return value
    }
}
