import LedgerCore

/// Counts the money in the state's bytes, by docs/spec/canonical.md and with nothing of the
/// ledger's own code: the sum is the supply after every block (LED-8).
struct MoneyChecker {
    private let supply: UInt128
    private var known: [[UInt8]: UInt128] = [:]
    private var total: UInt128 = 0

    init(supply: UInt128) {
        self.supply = supply
    }

    /// Takes a block's changes over, and says what is wrong, or nil.
    mutating func apply(_ changes: [StateChange]) -> String? {
        for change in changes {
            let before = known[change.key.bytes] ?? 0
            let after = change.value.flatMap { Self.money(change.key.bytes, $0) } ?? 0
            known[change.key.bytes] = after == 0 ? nil : after
            total = total - before + after
        }
        return total == supply ? nil : "\(total) obol in the state, and the supply is \(supply)"
    }

    /// What one entry holds; nil for entries that hold no money.
    private static func money(_ key: [UInt8], _ value: [UInt8]) -> UInt128? {
        switch key[0] {
        case 0x01: return amount(value, at: 9)
        case 0x03: return amount(value, at: 1)
        case 0x20:
            let isClosed = value[RawChannel.status] == 3
            return isClosed ? 0 : amount(value, at: 66) - amount(value, at: 82)
        case 0x30:
            var sum = amount(value, at: 1)
            for part in 0..<Int(value[17]) { sum += amount(value, at: 18 + 24 * part) }
            return sum
        case 0x40:  // a validator: stake, and rewards and commission not yet taken
            return amount(value, at: 48) + amount(value, at: 112) + amount(value, at: 128)
        case 0x41:  // a delegation's parts on their way back
            return (0..<Int(value[33])).reduce(0) { $0 + amount(value, at: 34 + 32 * $1) }
        case 0x07:  // a pot: kind, name, and the denomination, which is zero for the native unit
            return key[34...].allSatisfy { $0 == 0 } ? amount(value, at: 1) : nil
        default: return nil
        }
    }

    /// Sixteen bytes, big endian.
    static func amount(_ bytes: [UInt8], at place: Int) -> UInt128 {
        UInt128(number(bytes, at: place)) << 64 | UInt128(number(bytes, at: place + 8))
    }

    /// Eight bytes, big endian.
    static func number(_ bytes: [UInt8], at place: Int) -> UInt64 {
        bytes.withUnsafeBytes {
            UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: place, as: UInt64.self))
        }
    }
}

/// Where the parts of a channel's entry in the native unit stand.
enum RawChannel {
    static let deposit = 66
    static let paid = 82
    static let status = 137
}
