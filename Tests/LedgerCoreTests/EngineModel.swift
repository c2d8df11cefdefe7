import Identity
import LedgerCore
import MarketTypes

/// The set of an engine that follows CometBFT's rules for updates, and says how it would fail.
struct EngineModel: Sendable {
    /// Why a real engine would stop, for good.
    enum Fault: Error, Hashable {
        case duplicate, notAscending, unknownRemoval, wrongKeyType, tooMuchPower, emptySet
    }

    /// The most power of a set: an eighth of what 63 bits hold.
    static let totalPowerMax = UInt64(Int64.max) / 8

    /// The powers, by address.
    private(set) var set: [ValidatorAddress: UInt64] = [:]
    /// Whether it has a set at all; where one process orders, it has none.
    private(set) var hasStarted = false

    /// Takes the genesis' set.
    mutating func start(_ updates: [ValidatorUpdate]) {
        hasStarted = !updates.isEmpty
        for update in updates { set[ValidatorAddress(consensusKey: update.key)] = update.power }
    }

    /// Changes the set, or says why that is impossible; the set then stays as it was.
    mutating func apply(_ updates: [ValidatorUpdate]) -> Fault? {
        let addresses = updates.map { ValidatorAddress(consensusKey: $0.key) }
        guard Set(addresses).count == addresses.count else { return .duplicate }
        guard addresses == addresses.sorted() else { return .notAscending }
        guard updates.allSatisfy({ $0.key.scheme == .ed25519 }) else { return .wrongKeyType }
        var next = set
        // As there: removals count until the end.
        for (address, update) in zip(addresses, updates) where update.power > 0 {
            guard update.power <= Self.totalPowerMax else { return .tooMuchPower }
            next[address] = update.power
        }
        guard next.values.reduce(0, +) <= Self.totalPowerMax else { return .tooMuchPower }
        for (address, update) in zip(addresses, updates) where update.power == 0 {
            guard next.removeValue(forKey: address) != nil else { return .unknownRemoval }
        }
        if next.isEmpty, hasStarted || !updates.isEmpty { return .emptySet }
        hasStarted = hasStarted || !next.isEmpty
        set = next
        return nil
    }
}
