/// Keccak-256 with its first padding, as Ethereum uses it; SHA3-256 pads otherwise.
///
/// Only what a wallet of Ethereum's signs is hashed with it: short texts, a few times.
enum Keccak256 {
    private static let rateBytes = 136
    private static let roundConstants: [UInt64] = [
        0x0000_0000_0000_0001, 0x0000_0000_0000_8082, 0x8000_0000_0000_808a, 0x8000_0000_8000_8000,
        0x0000_0000_0000_808b, 0x0000_0000_8000_0001, 0x8000_0000_8000_8081, 0x8000_0000_0000_8009,
        0x0000_0000_0000_008a, 0x0000_0000_0000_0088, 0x0000_0000_8000_8009, 0x0000_0000_8000_000a,
        0x0000_0000_8000_808b, 0x8000_0000_0000_008b, 0x8000_0000_0000_8089, 0x8000_0000_0000_8003,
        0x8000_0000_0000_8002, 0x8000_0000_0000_0080, 0x0000_0000_0000_800a, 0x8000_0000_8000_000a,
        0x8000_0000_8000_8081, 0x8000_0000_0000_8080, 0x0000_0000_8000_0001, 0x8000_0000_8000_8008,
    ]
    /// How far each lane turns, and where it goes, along the path that rho and pi share.
    private static let rotations: [UInt64] = [
        1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44,
    ]
    private static let places = [
        10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1,
    ]

    /// The 32-byte hash of `bytes`.
    static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var padded = bytes
        padded.append(0x01)
        while padded.count % rateBytes != 0 { padded.append(0) }
        padded[padded.count - 1] |= 0x80
        var lanes = [UInt64](repeating: 0, count: 25)
        for block in stride(from: 0, to: padded.count, by: rateBytes) {
            for offset in 0..<rateBytes {
                let byte = UInt64(padded[block + offset])
                lanes[offset / 8] ^= byte << UInt64(8 * (offset % 8))
            }
            permute(&lanes)
        }
        return (0..<32).map { UInt8(truncatingIfNeeded: lanes[$0 / 8] >> UInt64(8 * ($0 % 8))) }
    }

    /// Keccak-f[1600].
    private static func permute(_ lanes: inout [UInt64]) {
        var row = [UInt64](repeating: 0, count: 5)
        for constant in roundConstants {
            for x in 0..<5 {
                row[x] = lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20]
            }
            for x in 0..<5 {
                let mixed = row[(x + 4) % 5] ^ turned(row[(x + 1) % 5], by: 1)
                for y in stride(from: x, to: 25, by: 5) { lanes[y] ^= mixed }
            }
            var carried = lanes[1]
            for (place, rotation) in zip(places, rotations) {
                let next = lanes[place]
                lanes[place] = turned(carried, by: rotation)
                carried = next
            }
            for y in stride(from: 0, to: 25, by: 5) {
                for x in 0..<5 { row[x] = lanes[y + x] }
                for x in 0..<5 {
                    lanes[y + x] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5])
                }
            }
            lanes[0] ^= constant
        }
    }

    private static func turned(_ lane: UInt64, by bits: UInt64) -> UInt64 {
        lane << bits | lane >> (64 - bits)
    }
}
