import Consensus
import LedgerCore
import LedgerStore
import MarketTypes

/// How a node stops and starts again: the table of an engine's handshake, row by row.
extension Market {
    /// Ends a node's process, for a reason that faults explain.
    func stop(_ node: Node, _ error: any Error) {
        switch error {
        case is NodeStopped, DiskError.crashed: break
        case StoreError.full where node.disk.bytesMax < .max: tally.fullDisks += 1
        default: return fail("node", "\(node.name) stopped: \(error)")
        }
        crash(node)
    }

    func crash(_ node: Node) {
        guard node.isUp else { return }
        end(node)
        plan(.restartNode(node.index), after: chance.number(20...250))
    }

    /// The process is gone, with everything that was not synced.
    private func end(_ node: Node) {
        note("stops", node.name, node.engine.state)
        tally.crashes += 1
        node.application = nil
        node.store = nil
        node.waiting = []
        if node.disk.crash() { node.expectsLoss = true }
    }

    func start(_ node: Node) {
        guard !node.isUp else { return }
        node.disk.crashPermille = 0
        do {
            try open(node)
            if node.disk.isSpoiled {
                fail("recovery", "\(node.name) started from a disk that is spoiled")
            }
        } catch StoreError.corrupt {
            guard node.expectsLoss else {
                return fail("recovery", "\(node.name) cannot read what it wrote")
            }
            // What is spoiled is thrown away; the engine has the blocks.
            note("starts afresh", node.name)
            tally.disksReplaced += 1
            node.disk = newDisk()
            do { try open(node) } catch { fail("recovery", "\(node.name): \(error)") }
        } catch {
            fail("recovery", "\(node.name): \(error)")
        }
        guard let application = node.application, let store = node.store else { return }
        do {
            try shakeHands(node, store)
            if node.isUp { checkAcknowledged(node, application, store) }
        } catch {
            stop(node, error)
        }
    }

    private func open(_ node: Node) throws {
        let store = try SimulatedStore(disk: node.disk, paths: paths, bug: bug)
        node.application = try LedgerApplication(store: store, genesis: cast.genesis)
        node.store = store
        let root = try store.last().root
        if roots.isEmpty { roots.append(root) }
        if node.engine.state == 0 { node.engine.root = roots[0] }
    }

    private func shakeHands(_ node: Node, _ store: SimulatedStore) throws {
        let application = try store.last()
        let height = application.height.rawValue
        let engine = node.engine
        note("starts", node.name, height, engine.state, application.root)
        guard height <= engine.stored else {
            return fail("handshake", "\(node.name) is ahead of its engine")
        }
        if height < engine.state {
            // Commit answered, and yet the block is gone: only a lying disk explains that.
            guard node.expectsLoss else {
                return fail("lost write", "\(node.name) lost block \(height + 1) that it committed")
            }
            tally.lossesDetected += 1
        }
        if height == engine.state, application.root != engine.root {
            return fail("handshake", "\(node.name) has another state than it told its engine")
        }
        if height == engine.state + 1 {
            // The application is not asked again: the saved answer must be right.
            guard let answer = engine.answer, answer.height == height,
                answer.root == application.root
            else { return fail("handshake", "\(node.name) committed what it did not answer") }
            node.engine.state = height
            node.engine.root = application.root
            tally.answersReused += 1
        }
        if height == engine.state, height < engine.stored { tally.blocksRepeated += 1 }
        let isLate = bug == .replayFromWrongHeight && height < engine.stored
        var next = isLate ? height + 2 : height + 1
        while next <= engine.stored, violation == nil {
            try execute(chain[Int(next) - 1], on: node)
            next += 1
        }
        node.expectsLoss = false
    }

    /// Everything that somebody was told is where it was said to be.
    func checkAcknowledged(
        _ node: Node,
        _ application: LedgerApplication,
        _ store: SimulatedStore
    ) {
        let height = (try? store.last().height.rawValue) ?? 0
        for told in witness.acknowledged where told.height <= height {
            let found = try? application.committed(told.digest)
            guard found?.height.rawValue == told.height, found?.result.code == told.code else {
                return fail("acknowledged", "\(node.name) forgot \(told.digest)")
            }
        }
    }

    /// Stops every node at once and starts it again from its disk.
    func restartAll() {
        for node in nodes {
            if node.isUp { end(node) }
            start(node)
        }
    }
}
