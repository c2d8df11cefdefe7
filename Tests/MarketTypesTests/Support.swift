/// A seeded generator, so that every random test can be repeated from its seed.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number whose length in bits is random too, so that edges come up.
    mutating func wide() -> UInt128 {
        let bits = UInt128(next()) << 64 | UInt128(next())
        let value = bits >> UInt128(next() % 128)
        return switch next() % 8 {
        case 0: 0
        case 1: .max
        case 2: value &+ .max
        default: value
        }
    }
}

/// Long arithmetic a bit at a time: too slow for anything but being obviously right.
struct SlowNumber: Equatable {
    /// The bits, least significant first; no leading zeros.
    private var bits: [Bool] = []

    init(_ value: UInt128) {
        bits = (0..<128).map { value >> UInt128($0) & 1 == 1 }
        trim()
    }

    /// The value, or nil if it takes more than 128 bits.
    var value: UInt128? {
        guard bits.count <= 128 else { return nil }
        return bits.indices.reduce(0) { bits[$1] ? $0 | 1 << UInt128($1) : $0 }
    }

    private mutating func trim() {
        while bits.last == false { bits.removeLast() }
    }

    static func + (lhs: SlowNumber, rhs: SlowNumber) -> SlowNumber {
        var sum = SlowNumber(0)
        var carry = 0
        for index in 0...max(lhs.bits.count, rhs.bits.count) {
            let here = [lhs, rhs].count { index < $0.bits.count && $0.bits[index] } + carry
            sum.bits.append(here & 1 == 1)
            carry = here >> 1
        }
        sum.trim()
        return sum
    }

    static func * (lhs: SlowNumber, rhs: SlowNumber) -> SlowNumber {
        var product = SlowNumber(0)
        for bit in rhs.bits.reversed() {
            product = product + product
            if bit { product = product + lhs }
        }
        return product
    }

    static func < (lhs: SlowNumber, rhs: SlowNumber) -> Bool {
        guard lhs.bits.count == rhs.bits.count else { return lhs.bits.count < rhs.bits.count }
        for index in lhs.bits.indices.reversed() where lhs.bits[index] != rhs.bits[index] {
            return rhs.bits[index]
        }
        return false
    }
}
