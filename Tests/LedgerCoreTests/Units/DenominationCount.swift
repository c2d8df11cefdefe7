import CanonicalCoding
import MarketTypes
import Testing

@testable import LedgerCore

/// All money of every denomination, counted entry by entry from the bytes, against its supply.
struct DenominationCount {
    private(set) var supplies: [Denomination: UInt128] = [:]
    private(set) var found: [Denomination: UInt128] = [:]

    init(_ harness: LedgerHarness) {
        var entries: [StateKey: [UInt8]?] = harness.base.entries
        for change in harness.ledger.changes { entries[change.key] = change.value }
        for (key, value) in entries {
            guard let value else { continue }
            add(key, value)
        }
    }

    private mutating func add(_ key: StateKey, _ value: [UInt8]) {
        let denomination: Denomination
        switch key.bytes[0] {
        case 0x02, 0x05, 0x07:
            let unit = Digest(bytes: key.bytes.suffix(32)) ?? .zero
            denomination = unit == .zero ? .native : .issued(unit)
        case 0x20:
            guard let channel = try? Channel(canonicalBytes: value) else { return }
            denomination = channel.denomination
        default: denomination = .native
        }
        if key.bytes[0] == 0x05 {
            supplies[denomination] = value[1...].reduce(0) { $0 << 8 | UInt128($1) }
        } else {
            found[denomination, default: 0] += MemoryState.money(denomination, key, value)
        }
    }

    /// P1: what there is of each denomination is its supply, and nothing is of one without supply.
    func check() {
        for (denomination, supply) in supplies {
            #expect(found[denomination, default: 0] == supply, "P1: \(denomination)")
        }
        for (denomination, amount) in found where amount > 0 {
            #expect(supplies[denomination] != nil, "P1: of \(denomination) there is no supply")
        }
    }
}
