/// A seeded generator: the same number gives the same mutants everywhere.
struct FuzzRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number below `bound`, which is above 0.
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

/// Makes mutants of valid inputs, without knowing what they mean.
///
/// Each mutant follows from the seed and its own number alone, so that one can be made again
/// without those before it.
struct Mutator: Sendable {
    let seeds: [[UInt8]]
    let bytesMax: Int

    /// Bytes that mean something in the formats at hand: JSON, YAML, event streams, protobuf keys.
    private static let tokens: [[UInt8]] = [
        "{", "}", "[", "]", "\"", ",", ":", "\\u0000", "\\ud800", "null", "true", "1e999", "-0",
        "\r\n", "\n\n", "data:", "id:", " ", "\t", "&a", "*a", "- ", "0", "18446744073709551616",
    ].map { Array($0.utf8) } + [
        [0], [0x7f], [0x80], [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xef, 0xbb, 0xbf],
        [0x0a, 0x00], [0x12, 0x7f], [0x1a, 0xff, 0xff, 0xff, 0xff, 0x0f],
    ]

    private static let counts: [UInt64] = [
        0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000, 0xf_ffff, 0x7fff_ffff, 0x8000_0000,
        0xffff_ffff, 0x7fff_ffff_ffff_ffff, .max,
    ]

    /// The mutant with this number.
    func mutant(_ number: UInt64, seed: UInt64) -> [UInt8] {
        var random = FuzzRandom(seed: seed ^ (number &* 0xD129_0D3B_3F2C_9B4D))
        _ = random.next()
        guard !seeds.isEmpty else { return [] }
        var bytes = seeds[random.below(seeds.count)]
        // Half of all mutants keep their length, so that what stands behind a change still reads.
        let keepsLength = random.below(2) == 0
        for _ in 0...random.below(4) {
            if keepsLength {
                changeInPlace(&bytes, &random)
            } else {
                change(&bytes, &random)
            }
        }
        return Array(bytes.prefix(bytesMax))
    }

    private func changeInPlace(_ bytes: inout [UInt8], _ random: inout FuzzRandom) {
        guard !bytes.isEmpty else { return }
        let place = random.below(bytes.count)
        switch random.below(5) {
        case 0, 1: bytes[place] ^= 1 << UInt8(random.below(8))
        case 2: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 3: overwrite(&bytes, at: place, &random)
        default:
            // The same place of another input, where fields of one kind often stand.
            let other = seeds[random.below(seeds.count)]
            let start = random.below(2) == 0 ? place : random.below(other.count + 1)
            guard start < other.count else { return }
            let part = other[start..<min(other.count, start + 1 + random.below(40))]
                .prefix(bytes.count - place)
            bytes.replaceSubrange(place..<place + part.count, with: part)
        }
    }

    private func change(_ bytes: inout [UInt8], _ random: inout FuzzRandom) {
        let place = random.below(bytes.count + 1)
        let end = min(bytes.count, place + 1 + random.below(random.below(8) == 0 ? 512 : 16))
        switch random.below(9) {
        case 0: bytes.removeSubrange(place...)
        case 1: bytes.removeSubrange(place..<end)
        case 2: bytes.insert(contentsOf: bytes[place..<end], at: random.below(bytes.count + 1))
        case 3:
            // Repeated, as a stranger who wants to be counted twice would.
            let part = Array(bytes[place..<end])
            for _ in 0..<random.below(64) where bytes.count < bytesMax {
                bytes.insert(contentsOf: part, at: place)
            }
        case 4: changeInPlace(&bytes, &random)
        case 5:
            let token = Self.tokens[random.below(Self.tokens.count)]
            bytes.insert(contentsOf: token, at: place)
        case 6:
            let token = Self.tokens[random.below(Self.tokens.count)]
            bytes.replaceSubrange(place..<min(bytes.count, place + token.count), with: token)
        default:
            let other = seeds[random.below(seeds.count)]
            let start = random.below(other.count + 1)
            let part = other[start..<min(other.count, start + 1 + random.below(256))]
            bytes.replaceSubrange(place..<(random.below(2) == 0 ? place : end), with: part)
        }
    }

    /// Writes a number that lengths and counts break at, as wide as lengths are.
    private func overwrite(_ bytes: inout [UInt8], at place: Int, _ random: inout FuzzRandom) {
        let number = Self.counts[random.below(Self.counts.count)]
        let width = [1, 2, 4, 4, 4, 8][random.below(6)]
        guard place + width <= bytes.count else { return }
        for index in 0..<width {
            bytes[place + index] = UInt8(
                truncatingIfNeeded: number >> UInt64(8 * (width - 1 - index))
            )
        }
    }
}
