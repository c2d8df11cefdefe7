/// Bech32m text (BIP-350): a prefix, a one and checked base-32 digits.
enum Bech32m {
    private static let alphabet = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)
    private static let checksumDigits = 6
    private static let constant: UInt32 = 0x2bc8_30a3

    static func encode(prefix: String, bytes: [UInt8]) -> String {
        let data = regroup(bytes, from: 8, to: 5, padding: true) ?? []
        let padded = data + [UInt8](repeating: 0, count: checksumDigits)
        let check = polymod(expand(prefix) + padded) ^ constant
        let digits = data + (0..<checksumDigits).map { UInt8(check >> (5 * (5 - UInt32($0))) & 31) }
        return prefix + "1" + String(decoding: digits.map { alphabet[Int($0)] }, as: UTF8.self)
    }

    /// Decodes lower-case text with exactly this prefix, or returns nil.
    static func decode(_ text: String, prefix: String) -> [UInt8]? {
        let head = Array((prefix + "1").utf8)
        let all = Array(text.utf8)
        guard all.count >= head.count + checksumDigits, all.count <= 1024, all.starts(with: head)
        else { return nil }
        var digits: [UInt8] = []
        for character in all.dropFirst(head.count) {
            guard let value = alphabet.firstIndex(of: character) else { return nil }
            digits.append(UInt8(value))
        }
        guard polymod(expand(prefix) + digits) == constant else { return nil }
        return regroup(Array(digits.dropLast(checksumDigits)), from: 5, to: 8, padding: false)
    }

    private static func expand(_ prefix: String) -> [UInt8] {
        prefix.utf8.map { $0 >> 5 } + [0] + prefix.utf8.map { $0 & 31 }
    }

    private static func polymod(_ values: [UInt8]) -> UInt32 {
        let generators: [UInt32] = [
            0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3,
        ]
        var check: UInt32 = 1
        for value in values {
            let top = check >> 25
            check = (check & 0x1ff_ffff) << 5 ^ UInt32(value)
            for (index, generator) in generators.enumerated() where top >> UInt32(index) & 1 == 1 {
                check ^= generator
            }
        }
        return check
    }

    private static func regroup(
        _ input: [UInt8],
        from: Int,
        to: Int,
        padding: Bool
    ) -> [UInt8]? {
        var accumulator: UInt32 = 0
        var bits = 0
        var out: [UInt8] = []
        for value in input {
            accumulator = (accumulator << UInt32(from) | UInt32(value)) & 0xfff
            bits += from
            while bits >= to {
                bits -= to
                out.append(UInt8(accumulator >> UInt32(bits) & (1 << UInt32(to) - 1)))
            }
        }
        let rest = UInt8(accumulator << UInt32(to - bits) & (1 << UInt32(to) - 1))
        if padding {
            if bits > 0 { out.append(rest) }
        } else if bits >= from || rest != 0 {
            return nil  // leftover bits must be fewer than a digit, and zero
        }
        return out
    }
}
