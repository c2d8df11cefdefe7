/// Numbers of 32 bytes, big endian, as ECDSA's r and s are.
///
/// With (r, s) always (r, n − s) verifies too. Exactly one of the two is taken: that whose s is in
/// the lower half, so that nobody can make a second signature out of the first.
enum HalfOrder {
    /// The order of P-256's group (FIPS 186-4, D.1.2.3).
    static let p256: [UInt8] = [
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63,
        0x25, 0x51,
    ]

    /// Whether `s` is at most half of `order`.
    static func holds(_ s: ArraySlice<UInt8>, order: [UInt8]) -> Bool {
        var half: [UInt8] = []
        var carry: UInt8 = 0
        for byte in order {
            half.append(carry << 7 | byte >> 1)
            carry = byte & 1
        }
        return !half.lexicographicallyPrecedes(s)
    }

    /// The one of `s` and `order` − `s` that is in the lower half; `s` is below `order`.
    static func lower(_ s: ArraySlice<UInt8>, order: [UInt8]) -> [UInt8] {
        guard !holds(s, order: order) else { return Array(s) }
        var difference = [UInt8](repeating: 0, count: order.count)
        var borrow = 0
        for (index, byte) in s.enumerated().reversed() {
            let value = Int(order[index]) - Int(byte) - borrow
            borrow = value < 0 ? 1 : 0
            difference[index] = UInt8(truncatingIfNeeded: value)
        }
        return difference
    }
}
