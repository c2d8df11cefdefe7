import CanonicalCoding
import LedgerCore
import LedgerStore
import MarketTypes

extension StoreRecord {
    /// The record without the changes that `isGone` names.
    func without(_ isGone: (StateChange) -> Bool) -> StoreRecord {
        StoreRecord(
            chain: chain,
            head: head,
            changes: changes.filter { !isGone($0) },
            results: results,
            transactions: transactions
        )
    }

    /// The record's changes alone, under another head: half a block.
    func underHead(_ head: StoredHead) -> StoreRecord {
        StoreRecord(chain: chain, head: head, changes: changes, results: [], transactions: [])
    }
}

extension SimulatedStore {
    /// What a node with a mistake in its rules would make of a block's changes.
    func spoil(_ changes: [StateChange], with bug: PlantedBug) -> [StateChange] {
        switch bug {
        case .claimPaidTwice: payTwice(changes)
        case .punishmentForgotten: changes.filter { $0.key.bytes[0] != 0x31 }
        default: changes
        }
    }

    private func payTwice(_ changes: [StateChange]) -> [StateChange] {
        var paid: [(AccountID, UInt128)] = []
        for change in changes where change.key.money == .channel {
            let before = value(for: change.key).flatMap { try? Channel(canonicalBytes: $0) }
            let after = change.value.flatMap { try? Channel(canonicalBytes: $0) }
            guard let before, let after, after.paid > before.paid else { continue }
            paid.append((after.payee, after.paid.obol - before.paid.obol))
        }
        return changes.map { change in
            var more: UInt128 = 0
            for (payee, amount) in paid where change.key == .account(payee) { more += amount }
            guard more > 0, let bytes = change.value,
                var account = try? Account(canonicalBytes: bytes)
            else { return change }
            account.balance = Amount(obol: account.balance.obol + more)
            return StateChange(key: change.key, value: account.canonicalBytes)
        }
    }
}
