import Identity
import LedgerCore
import MarketTypes

/// Follows the set that orders blocks, as an engine would: it takes no update that names a key
/// twice or removes one that is not there, and all nodes must send the same.
struct SetChecker {
    private var members: [PublicKey: UInt64] = [:]
    private var updates: [UInt64: [ValidatorUpdate]] = [:]

    init(_ genesis: [ValidatorUpdate]) {
        for update in genesis { members[update.key] = update.power }
    }

    /// Takes over what a node's FinalizeBlock says at a height; says what is wrong, or nil.
    mutating func apply(_ sent: [ValidatorUpdate], at height: UInt64) -> String? {
        if let known = updates[height] {
            return known == sent ? nil : "two nodes send different updates for block \(height)"
        }
        updates[height] = sent
        guard Set(sent.map(\.key)).count == sent.count else {
            return "block \(height) updates one key twice"
        }
        for update in sent {
            guard update.power > 0 || members[update.key] != nil else {
                return "block \(height) removes a key that is not in the set"
            }
            members[update.key] = update.power == 0 ? nil : update.power
        }
        return nil
    }
}
