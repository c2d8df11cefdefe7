import CanonicalCoding
import Consensus
import Identity
import LedgerCore
import LedgerStore
import MarketTypes
import SettlementCore

/// When a run is over, and what must be true then.
extension Market {
    /// What still has to end, in words; nil if nothing.
    func unfinished() -> String? {
        for actor in actors {
            if let rest = actor.unfinished(in: self) { return rest }
        }
        for node in nodes {
            if !node.isUp { return "\(node.name) is down" }
            if node.engine.state < UInt64(chain.count) {
                return "\(node.name) is at \(node.engine.state) of \(chain.count)"
            }
        }
        return nil
    }

    /// Looks at everything once more, without memory of what was looked at before.
    func checkEverything(deeply: Bool) {
        note("ends", "market", UInt64(chain.count))
        tally.deals = replica.accepted
        tally.dealsByComponent = replica.effects
        if deeply { restartAll() }
        checkPaid()
        let expected = auditor.entries
        for node in nodes where violation == nil {
            guard let application = node.application, let store = node.store else {
                return fail("recovery", "\(node.name) did not come back")
            }
            checkAcknowledged(node, application, store)
            guard node.index == 0 || deeply else { continue }
            check(node, store, expected)
            do { try prove(application, store) } catch { fail("proofs", "\(error)") }
        }
        for node in nodes where violation == nil {
            if node.store?.version.head.root != roots.last {
                fail("equal roots", "\(node.name) ends with another state")
            }
        }
    }

    /// An honest seller that released a channel was paid for every receipt that its buyer has.
    private func checkPaid() {
        for case let buyer as Buyer in actors {
            for id in buyer.order {
                guard let pot = auditor.pots[id], pot.closesAt == nil,
                    sellers.contains(where: { $0.isHonest && $0.id == pot.payee })
                else { continue }
                for lane in 0..<pot.lanes {
                    let name = LaneName(channel: id, lane: LaneID(lane))
                    let delivered = buyer.lastHeld[name]?.document.total.obol ?? 0
                    guard pot.settled[lane]?.total ?? 0 < delivered else { continue }
                    return fail("claimable", "\(buyer.name) has receipts that were never paid")
                }
            }
        }
    }

    private func check(_ node: Node, _ store: SimulatedStore, _ expected: Auditor.Entries) {
        let entries = store.version.entries
        guard entries == replica.entries else {
            return fail("replica", "\(node.name) has not what the blocks lead to")
        }
        // What the auditor has no model of, the replica alone has.
        let foreign = Set(replica.foreign(to: auditor.dealers))
        guard entries.count - foreign.count == expected.count else {
            return fail(
                "auditor",
                "\(node.name) has \(entries.count) entries, \(foreign.count) of them dealers', "
                    + "instead of \(expected.count)"
            )
        }
        var fresh = MoneyChecker(supply: cast.genesis.supply.obol)
        var changes: [StateChange] = []
        for (key, value) in entries.sorted(by: { $0.key < $1.key }) {
            guard foreign.contains(key) || expected[key.bytes] == value else {
                return fail("auditor", "\(node.name) has a wrong entry \(Hex.encode(key.bytes))")
            }
            changes.append(StateChange(key: key, value: value))
        }
        check("conservation", fresh.apply(changes))
        var tree = SparseTree()
        tree.apply(
            changes.map { change in
                let path = StateTreeHash.path(of: change.key)
                let leaf = StateTreeHash.leaf(path: path, value: change.value ?? [])
                return SparseTree.Change(path: path, leaf: leaf)
            }
        )
        if tree.root != store.version.head.root {
            fail("state tree", "\(node.name) has a root that its entries do not lead to")
        }
    }

    /// A stranger can check entries, and the absence of one, against the root.
    private func prove(_ application: LedgerApplication, _ store: SimulatedStore) throws {
        let absent = StateKey.account(AccountID(Digest(sha256: [7])))
        let there = store.version.entries.keys.sorted()
        let some = stride(from: 0, to: there.count, by: max(1, there.count / 8)).map { there[$0] }
        let root = store.version.head.root
        for key in [StateKey.account(cast.vandal.id), absent] + some {
            let answer = try application.query(key, proven: bug != .proofForgotten)
            guard let proof = answer.proof else {
                return fail("proofs", "a node proves nothing of \(Hex.encode(key.bytes))")
            }
            guard answer.value == store.version.entries[key] else {
                return fail("proofs", "a node has another value at \(Hex.encode(key.bytes))")
            }
            try proof.verify(key: key, value: answer.value, root: root)
        }
    }
}
