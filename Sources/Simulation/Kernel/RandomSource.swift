/// The one source of chance in a run: xoshiro256** seeded by SplitMix64 (Blackman and Vigna).
///
/// Written down here, because the standard library may draw a number in a range differently from
/// one version to the next, and a seed must mean the same for ever.
struct RandomSource: Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    init(seed: UInt64) {
        var counter = seed
        func next() -> UInt64 {
            counter &+= 0x9e37_79b9_7f4a_7c15
            var mixed = counter
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
        state = (next(), next(), next(), next())
    }

    /// The next 64 bits.
    mutating func next() -> UInt64 {
        let product = state.1 &* 5
        let result = (product << 7 | product >> 57) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = state.3 << 45 | state.3 >> 19
        return result
    }

    /// A number from 0 up to, not including, `bound`, which is not zero.
    mutating func below(_ bound: UInt64) -> UInt64 {
        next().multipliedFullWidth(by: bound).high
    }

    /// A place in a list of `count` entries, which is not zero.
    mutating func index(_ count: Int) -> Int { Int(below(UInt64(count))) }

    /// A number of the range, both ends included.
    mutating func number(_ range: ClosedRange<UInt64>) -> UInt64 {
        range.lowerBound + below(range.upperBound - range.lowerBound + 1)
    }

    /// True this many times in a thousand.
    mutating func chance(permille: Int) -> Bool {
        permille > 0 && below(1000) < UInt64(permille)
    }

    /// An element of `list`, or nil if it is empty.
    mutating func pick<Element>(_ list: [Element]) -> Element? {
        list.isEmpty ? nil : list[index(list.count)]
    }

    /// Bytes that mean nothing.
    mutating func bytes(_ count: Int) -> [UInt8] {
        var out: [UInt8] = []
        while out.count < count {
            withUnsafeBytes(of: next().bigEndian) { out.append(contentsOf: $0) }
        }
        return Array(out.prefix(count))
    }
}

/// The run's source of chance, shared by everything in it.
final class Chance {
    var source: RandomSource

    init(seed: UInt64) {
        source = RandomSource(seed: seed)
    }

    func next() -> UInt64 { source.next() }
    func index(_ count: Int) -> Int { source.index(count) }
    func number(_ range: ClosedRange<UInt64>) -> UInt64 { source.number(range) }
    func chance(permille: Int) -> Bool { source.chance(permille: permille) }
    func pick<Element>(_ list: [Element]) -> Element? { source.pick(list) }
    func bytes(_ count: Int) -> [UInt8] { source.bytes(count) }
}
