import Foundation
import MarketTypes
import SettlementCore
import Testing

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

    /// A number below `bound`.
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// True once in `n` times.
    mutating func once(in n: Int) -> Bool { below(n) == 0 }
}

/// The golden vectors at the top of the repository, found from where this file stands.
enum Vectors {
    static func load<Value: Decodable>(
        _ type: Value.Type,
        _ path: String,
        from file: String = #filePath
    ) throws -> Value {
        var root = URL(fileURLWithPath: file)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        let url = root.appendingPathComponent("Vectors").appendingPathComponent(path)
        return try JSONDecoder().decode(type, from: Data(contentsOf: url))
    }
}

/// One way to break a scenario, and the refusal that it must meet.
struct Violation<Scenario: Sendable>: Sendable, CustomTestStringConvertible {
    let name: String
    let refusal: SettlementRefusal
    /// Whether it keeps its place when something later is broken too.
    let isOrdered: Bool
    let apply: @Sendable (inout Scenario) -> Void

    init(
        _ refusal: SettlementRefusal,
        _ name: String,
        isOrdered: Bool = true,
        _ apply: @escaping @Sendable (inout Scenario) -> Void
    ) {
        self.name = name
        self.refusal = refusal
        self.isOrdered = isOrdered
        self.apply = apply
    }

    var testDescription: String { "\(refusal): \(name)" }
}

enum SlowPrices {
    /// ⌈count × amount ÷ perUnits⌉ by doubling and adding, without a product wider than 128 bits.
    static func charge(_ price: Price, _ count: UInt64) -> UInt128? {
        let per = UInt128(price.perUnits)
        var quotient: UInt128 = 0
        var remainder: UInt128 = 0
        func add(_ value: UInt128, _ to: UInt128) -> UInt128? {
            let (sum, overflow) = to.addingReportingOverflow(value)
            return overflow ? nil : sum
        }
        for bit in (0..<64).reversed() {
            let addend = count >> UInt64(bit) & 1 == 1 ? price.amount.obol : 0
            let rest = remainder * 2 + addend % per
            guard let doubled = add(quotient, quotient), let more = add(addend / per, doubled),
                let whole = add(rest / per, more)
            else { return nil }
            quotient = whole
            remainder = rest % per
        }
        return remainder == 0 ? quotient : add(1, quotient)
    }
}
