import Identity
import LedgerCore
import MarketTypes

/// What goes wrong by itself, and the cheats that are no actors.
extension Market {
    func makeTrouble() {
        guard !isWindingDown else { return }
        plan(.faults, after: 25)
        breakNetwork()
        breakNodes()
        for (index, actor) in actors.enumerated() where actor.isUp {
            if chance.chance(permille: plan.fullDiskPermille) { actor.fillDisk() }
            if chance.chance(permille: 300) { actor.repair() }
            guard chance.chance(permille: plan.actorStopPermille / 4) else { continue }
            note("stops", actor.name)
            actor.crash(in: self)
            plan(.restartActor(index), after: chance.number(10...120))
        }
        if chance.chance(permille: plan.vandalPermille) { vandal.strike(in: self) }
        if chance.chance(permille: plan.evidencePermille) { accuse() }
    }

    private func breakNetwork() {
        let isSplit = sides.contains { $0 != sides[0] }
        if isSplit {
            guard chance.chance(permille: 250) else { return }
            sides = [Int](repeating: 0, count: nodes.count)
            note("joins again", "network")
        } else if chance.chance(permille: plan.partitionPermille) {
            sides = nodes.map { _ in chance.index(2) }
            note("splits", "network", UInt64(sides.reduce(0) { $0 * 2 + $1 }))
        }
    }

    private func breakNodes() {
        let node = nodes[chance.index(nodes.count)]
        if node.disk.bytesMax < .max, chance.chance(permille: 300) { node.disk.bytesMax = .max }
        if chance.chance(permille: plan.fullDiskPermille) {
            note("fills up", node.name)
            node.disk.bytesMax = 1_000
        }
        guard chance.chance(permille: plan.nodeCrashPermille) else { return }
        if chance.chance(permille: plan.lyingDiskPermille) {
            if chance.chance(permille: 500) {
                node.disk.lostRecords = 1 + chance.index(2)
            } else {
                node.disk.spoilsRecord = true
            }
        }
        crash(node)
    }

    /// Evidence as an engine delivers it: late, twice, and about validators that nobody knows.
    private func accuse() {
        guard let block = chance.pick(chain), evidence.count < 4 else { return }
        let isKnown = chance.chance(permille: 600)
        let address =
            isKnown
            ? chance.pick(cast.validators).map { ValidatorAddress(consensusKey: $0) }
            : ValidatorAddress(bytes: chance.bytes(ValidatorAddress.byteCount))
        guard let address else { return }
        let found = EngineReport.Misbehavior(
            kind: chance.chance(permille: 500) ? .duplicateVote : .lightClientAttack,
            validator: address,
            height: BlockHeight(block.height),
            time: block.context.time,
            totalPower: 40
        )
        evidence.append(found)
        if chance.chance(permille: 300) { evidence.append(found) }
        note("accuses", "market", block.height)
    }
}
