import CanonicalCoding
import Consensus
import Identity
import LedgerCore
import MarketTypes

/// The votes of the round at hand.
struct RoundState {
    var height: UInt64 = 1
    var round = 0
    var proposals: [Digest: Proposal] = [:]
    var votes: [Digest: [Int]] = [:]
}

/// How blocks get their order: a proposer, votes, more than two thirds, the next round otherwise.
///
/// Votes are counted where everything is seen, so a block that was decided stays decided: what is
/// tested here is the application and its recovery, not the engine's own safety.
extension Market {
    /// The height that is being decided.
    var nextHeight: UInt64 { UInt64(chain.count) + 1 }

    func beginRound(_ height: UInt64, _ number: Int) {
        guard height == nextHeight else { return }
        guard wantsBlock else { return plan(.round(height: height, round: number), after: 50) }
        round = RoundState(height: height, round: number)
        plan(
            .round(height: height, round: number + 1),
            after: 3 * plan.delayMax + 40 + UInt64(min(number, 10)) * 20
        )
        let proposer = nodes[(Int(height) + number) % nodes.count]
        guard proposer.isUp, proposer.engine.state == height - 1 else { return }
        for (receiver, proposal) in proposals(of: proposer, height, number) {
            round.proposals[proposal.name] = proposal
            send(.proposal(node: receiver, proposal), from: proposer.index, to: receiver)
        }
    }

    private var wantsBlock: Bool {
        drawn.makesEmptyBlocks || auditor.lastDeadline >= nextHeight
            || nodes.contains { !$0.waiting.isEmpty }
    }

    /// What a proposer sends to whom.
    private func proposals(
        of proposer: Node,
        _ height: UInt64,
        _ number: Int
    ) -> [(Int, Proposal)] {
        guard let application = proposer.application else { return [] }
        let time = max(lastTime, self.time.milliseconds)
        let context = BlockContext(
            height: BlockHeight(height),
            time: Timestamp(milliseconds: time)
        )
        let chosen = application.prepare(
            proposer.waiting.map(\.bytes),
            at: context,
            bytesMax: Node.blockBytesMax
        )
        let honest = proposal(
            height,
            number,
            proposer.index,
            time,
            proposer.engine.root,
            chosen
        )
        note("proposes", proposer.name, height, UInt64(chosen.count), honest.name)
        guard proposer.isLiar else { return nodes.indices.map { ($0, honest) } }
        let other = lie(honest)
        return nodes.indices.map { ($0, chance.chance(permille: 300) ? honest : other) }
    }

    private func proposal(
        _ height: UInt64,
        _ number: Int,
        _ proposer: Int,
        _ time: UInt64,
        _ root: Digest,
        _ transactions: [[UInt8]]
    ) -> Proposal {
        let report = self.report(proposer)
        var encoder = CanonicalEncoder()
        encoder.encode(height)
        encoder.encode(UInt64(number))
        encoder.encode(time)
        encoder.encode(root)
        for transaction in transactions { encoder.encode(bytes: transaction) }
        for found in report.misbehavior { encoder.encode(found.height.rawValue) }
        return Proposal(
            height: height,
            round: number,
            proposer: proposer,
            time: time,
            root: root,
            transactions: transactions,
            report: report,
            name: Digest(sha256: encoder.bytes)
        )
    }

    /// What a cheating proposer makes of an honest proposal.
    private func lie(_ honest: Proposal) -> Proposal {
        var (time, root, transactions) = (honest.time, honest.root, honest.transactions)
        switch chance.index(5) {
        case 0: root = Digest(sha256: root.bytes)
        case 1: transactions.append(chance.bytes(40))
        case 2: time = lastTime - 1
        case 3: transactions.append(contentsOf: (0..<3).map { _ in vandal.plausible(in: self) })
        default: transactions.reverse()
        }
        note("lies", "node\(honest.proposer)", honest.height)
        return proposal(
            honest.height,
            honest.round,
            honest.proposer,
            time,
            root,
            transactions
        )
    }

    /// The time of the last block.
    private var lastTime: UInt64 { chain.last?.time ?? cast.genesis.time.milliseconds }

    private func report(_ proposer: Int) -> EngineReport {
        let voters = chain.last?.voters
        let votes =
            (voters == nil
                ? []
                : cast.validators.indices.map { index in
                    EngineReport.Vote(
                        validator: ValidatorAddress(consensusKey: cast.validators[index]),
                        power: 10,
                        signed: voters?.contains(index) ?? false
                    )
                })
        return EngineReport(
            proposer: ValidatorAddress(consensusKey: cast.validators[proposer]),
            votes: votes,
            misbehavior: evidence
        )
    }

    /// ProcessProposal and a vote, once in each round.
    func receive(_ proposal: Proposal, at node: Node) {
        guard let application = node.application, proposal.height == nextHeight,
            proposal.round == round.round, round.height == proposal.height
        else { return }
        if node.isLiar {
            // It votes for everything it hears of, twice if it can.
            return vote(node, for: proposal)
        }
        guard node.engine.state == proposal.height - 1,
            node.voted != (proposal.height, proposal.round)
        else { return }
        node.voted = (proposal.height, proposal.round)
        let isSound =
            proposal.root == node.engine.root && proposal.time >= lastTime
            && application.process(proposal.transactions, bytesMax: Node.blockBytesMax)
        guard isSound || bug == .proposalUnchecked else {
            tally.proposalsRefused += 1
            if !nodes[proposal.proposer].isLiar {
                fail("agreement", "\(node.name) refuses what an honest node proposes")
            }
            return note("refuses", node.name, proposal.height, 0, proposal.name)
        }
        vote(node, for: proposal)
    }

    private func vote(_ node: Node, for proposal: Proposal) {
        let vote = MarketEvent.vote(
            height: proposal.height,
            round: proposal.round,
            voter: node.index,
            name: proposal.name
        )
        send(vote, from: node.index, to: proposal.proposer)
    }

    /// Counts a vote; more than two thirds decide.
    func count(_ voter: Int, for name: Digest, _ height: UInt64, _ number: Int) {
        guard height == nextHeight, round.height == height, round.round == number,
            let proposal = round.proposals[name],
            round.votes[name]?.contains(voter) != true
        else { return }
        round.votes[name, default: []].append(voter)
        let voters = (round.votes[name] ?? []).sorted()
        guard 3 * voters.count > 2 * nodes.count else { return }
        decide(proposal, voters)
    }

    /// What the auditor expects of a block; where it has no model, what the rules say.
    private func expected(_ proposal: Proposal, at context: BlockContext) -> [ExpectedResult] {
        let modelled = auditor.apply(proposal.transactions, at: context)
        let (results, renewals) = replica.apply(
            proposal.transactions,
            at: context,
            report: proposal.report,
            dealers: auditor.dealers
        )
        let fee = cast.genesis.parameters.feeMinimum
        auditor.pool += UInt128(renewals) * fee.obol
        // Dealers' deadlines are the rules' alone; of all others the auditor knows.
        if drawn.hasDealers, let waits = replica.value(for: .lastDeadline) {
            auditor.lastDeadline = max(auditor.lastDeadline, MoneyChecker.number(waits, at: 1))
        }
        return zip(modelled, results).map { $0 == .unmodelled ? $1 : $0 }
    }

    private func decide(_ proposal: Proposal, _ voters: [Int]) {
        if let root = roots.last, roots.count == chain.count + 1, proposal.root != root {
            fail("decided root", "block \(proposal.height) was decided on another state")
        }
        let context = BlockContext(
            height: BlockHeight(proposal.height),
            time: Timestamp(milliseconds: proposal.time)
        )
        let expected = expected(proposal, at: context)
        if expected.contains(where: { [101, 102, 103, 105].contains($0.code) }) {
            fail("process", "block \(proposal.height) holds what honest nodes must refuse")
        }
        chain.append(
            DecidedBlock(
                height: proposal.height,
                time: proposal.time,
                root: proposal.root,
                transactions: proposal.transactions,
                report: proposal.report,
                expected: expected,
                voters: voters
            )
        )
        for effect in auditor.effects { noteEffect(effect) }
        evidence = []
        tally.blocks += 1
        tally.transactions += expected.count
        note("decided", "market", proposal.height, UInt64(expected.count), proposal.name)
        plan(.round(height: nextHeight, round: 0), after: chance.number(10...40))
        for node in nodes {
            send(.decided(node: node.index), from: proposal.proposer, to: node.index)
        }
    }
}
