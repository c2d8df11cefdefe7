import CanonicalCoding
import Consensus
import LedgerCore
import MarketTypes

/// A node stopped between two steps.
struct NodeStopped: Error {}

/// How a node takes over decided blocks, stopping between any two steps (the order of an engine:
/// block stored, FinalizeBlock, answer saved, Commit, state saved).
extension Market {
    /// The most blocks that a node takes over at one moment.
    private static let catchUpMax = 3

    func catchUp(_ node: Node) {
        var count = 0
        while count < Self.catchUpMax, violation == nil, node.isUp,
            node.engine.state < UInt64(chain.count)
        {
            let block = chain[Int(node.engine.state)]
            guard canFetch(block, node) else { return }
            count += 1
            do {
                node.engine.stored = block.height
                try pause(node)
                try execute(block, on: node)
            } catch {
                stop(node, error)
            }
        }
    }

    /// Whether the node, or one that it reaches, saw the block being decided.
    private func canFetch(_ block: DecidedBlock, _ node: Node) -> Bool {
        block.voters.contains { voter in
            voter == node.index || (nodes[voter].isUp && sides[voter] == sides[node.index])
        }
    }

    private func pause(_ node: Node) throws(NodeStopped) {
        if chance.chance(permille: plan.nodeStopPermille) { throw NodeStopped() }
    }

    /// FinalizeBlock, Commit, and what follows.
    func execute(_ block: DecidedBlock, on node: Node) throws {
        guard let application = node.application, let store = node.store else { return }
        let finalized = try application.finalize(
            orderOfItsOwn(block.transactions, node),
            at: block.context,
            report: block.report
        )
        compare(finalized, block, node)
        try pause(node)
        if let answer = node.engine.answer, answer.height == block.height,
            answer.root != finalized.stateRoot
        {
            fail("repeated FinalizeBlock", "\(node.name) answered twice for \(block.height)")
        }
        node.engine.answer = (block.height, finalized.stateRoot)
        try pause(node)
        node.disk.crashPermille = plan.nodeStopPermille
        try application.commit(block: nil)
        if roots.count == Int(block.height) { tellFirst(finalized.stateRoot, store) }
        note("commits", node.name, block.height, 0, finalized.stateRoot)
        try pause(node)
        if block.height > node.engine.state {
            node.engine.state = block.height
            node.engine.root = finalized.stateRoot
        }
        tidyWaiting(block, node, application)
    }

    private func orderOfItsOwn(_ transactions: [[UInt8]], _ node: Node) -> [[UInt8]] {
        guard bug == .orderOfItsOwn, node.index == 0 else { return transactions }
        return transactions.sorted { Digest(sha256: $0) < Digest(sha256: $1) }
    }

    private func compare(_ finalized: FinalizedBlock, _ block: DecidedBlock, _ node: Node) {
        let results = finalized.results.map {
            ExpectedResult(code: $0.code, messageIndex: $0.messageIndex)
        }
        if let place = zip(results, block.expected).enumerated()
            .first(where: { $0.element.0 != $0.element.1 })
        {
            let (got, expected) = place.element
            fail(
                "auditor",
                "\(node.name), block \(block.height), transaction \(place.offset): "
                    + "\(got.code), and the auditor expects \(expected.code)"
            )
        }
        check("validator set", set.apply(finalized.validatorUpdates, at: block.height))
        let height = Int(block.height)
        if roots.count > height, roots[height] != finalized.stateRoot {
            fail("equal roots", "\(node.name) has another state after block \(height)")
        }
        if block.root != roots[height - 1] {
            fail("equal roots", "block \(height) was made on another state")
        }
    }

    /// The first node at a height shows what changed.
    private func tellFirst(_ root: Digest, _ store: SimulatedStore) {
        roots.append(root)
        check("conservation", money.apply(store.lastChanges))
        check("lanes", lanes.apply(store.lastChanges))
        // The auditor may be ahead by a block: then the next one compares.
        guard auditor.height == UInt64(roots.count - 1) else { return }
        for allocation in cast.genesis.allocations
        where !auditor.dealers.contains(allocation.account) {
            let bytes = store.value(for: .account(allocation.account)) ?? []
            let balance = auditor.holders[allocation.account]?.balance
            guard bytes.count == 25, MoneyChecker.amount(bytes, at: 9) == balance else {
                return fail("auditor", "\(allocation.account.digest) has another balance")
            }
        }
    }

    /// Takes out what is in the block, and checks the rest again.
    private func tidyWaiting(
        _ block: DecidedBlock,
        _ node: Node,
        _ application: LedgerApplication
    ) {
        let names = Set(block.transactions.map { Digest(sha256: $0) })
        node.waiting.removeAll { names.contains($0.name) }
        application.restartAdmission()
        let context = nextContext(node)
        if bug != .recheckForgotten {
            node.waiting.removeAll { waiting in
                (try? application.recheck(waiting.bytes, at: context)) == nil
            }
        }
        for waiting in node.waiting {
            let body = waiting.transaction
            let bytes = node.store?.value(for: .account(body.sender))
            let used = bytes.map { MoneyChecker.number($0, at: 1) } ?? 0
            guard body.sequence > used, body.validUntil >= context.height else {
                return fail("recheck", "\(node.name) keeps a transaction that cannot run")
            }
        }
    }

    private func nextContext(_ node: Node) -> BlockContext {
        BlockContext(height: BlockHeight(node.engine.state + 1), time: time)
    }

    /// CheckTx, and gossip of what was new.
    func submit(_ bytes: [UInt8], to node: Node, isGossip: Bool) {
        guard let application = node.application else { return }
        let name = Digest(sha256: bytes)
        guard !node.waiting.contains(where: { $0.name == name }) else { return }
        var code: UInt32 = 0
        do throws(TransactionRefusal) {
            let checked = try application.verify(bytes)
            if !isGossip { compareForm(bytes, nil) }
            guard node.waiting.count < Node.waitingMax else { return }
            try application.check(checked, at: nextContext(node))
            let waiting = WaitingTransaction(
                name: name,
                bytes: bytes,
                transaction: checked.transaction
            )
            node.waiting.append(waiting)
        } catch {
            code = 100 + error.rawValue
            // Who may sign for a dealer is a matter of the state.
            if !isGossip, code <= 105, code != 104 { compareForm(bytes, code) }
        }
        note(code == 0 ? "takes" : "turns away", node.name, UInt64(code), 0, name)
        guard code == 0, !isGossip else { return }
        for other in nodes where other !== node {
            let gossip = MarketEvent.submission(node: other.index, bytes: bytes, isGossip: true)
            send(gossip, from: node.index, to: other.index)
        }
    }

    /// Compares what CheckTx found wrong with the form to what the auditor finds.
    private func compareForm(_ bytes: [UInt8], _ code: UInt32?) {
        guard code != nil || chance.chance(permille: 100) else { return }
        var expected: UInt32?
        do throws(AuditorRefusal) { _ = try auditor.form(bytes) } catch { expected = error.code }
        if code != expected {
            fail("auditor", "CheckTx says \(code ?? 0), and the auditor \(expected ?? 0)")
        }
    }

    /// Something took effect that an honest account decided once.
    func noteEffect(_ transaction: Transaction) {
        guard actors.contains(where: { $0.isHonest && $0.id == transaction.sender }) else { return }
        var encoder = CanonicalEncoder()
        encoder.encode(transaction.sender.digest)
        encoder.encode(list: transaction.messages)
        check("once", witness.tookEffect(Digest(sha256: encoder.bytes)))
    }
}
