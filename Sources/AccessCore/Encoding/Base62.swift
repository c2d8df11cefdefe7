/// Numbers in digits and letters alone, so that a double click selects all of a key: 0–9, A–Z, a–z.
enum Base62 {
    private static let alphabet = Array(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8
    )

    /// The big-endian number `bytes` in exactly `count` characters; what does not fit is left out
    /// at the front.
    static func encode(_ bytes: [UInt8], count: Int) -> String {
        let alphabet = alphabet
        var number = bytes
        var out = [UInt8](repeating: alphabet[0], count: count)
        for place in out.indices.reversed() {
            var rest = 0
            for index in number.indices {
                let value = rest << 8 | Int(number[index])
                number[index] = UInt8(truncatingIfNeeded: value / 62)
                rest = value % 62
            }
            out[place] = alphabet[rest]
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The number that `text` stands for in `byteCount` bytes; nil for other characters, or if it
    /// does not fit.
    static func decode(_ text: Substring, byteCount: Int) -> [UInt8]? {
        var number = [UInt8](repeating: 0, count: byteCount)
        for character in text.utf8 {
            guard var carry = value(character) else { return nil }
            for index in number.indices.reversed() {
                let value = Int(number[index]) * 62 + carry
                number[index] = UInt8(truncatingIfNeeded: value)
                carry = value >> 8
            }
            guard carry == 0 else { return nil }
        }
        return number
    }

    private static func value(_ character: UInt8) -> Int? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(character - UInt8(ascii: "0"))
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(character - UInt8(ascii: "A")) + 10
        case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(character - UInt8(ascii: "a")) + 36
        default: nil
        }
    }
}

/// The checksum of IEEE 802.3, which finds every typing error of one or two characters.
enum CRC32 {
    static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var state: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            state ^= UInt32(byte)
            for _ in 0..<8 { state = state >> 1 ^ (state & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        return state ^ 0xFFFF_FFFF
    }
}
