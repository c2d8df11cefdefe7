import CanonicalCoding
import MarketTypes

extension Ledger {
    /// How many proposals are voted on or wait for execution.
    var openProposals: UInt64 { state.read(StoredNumber.self, .openProposals)?.value ?? 0 }

    /// How many of those an account made.
    func openProposals(of account: AccountID) -> UInt64 {
        state.read(StoredNumber.self, .openProposals(of: account))?.value ?? 0
    }

    /// Writes how many proposals are open; no entry for nothing.
    mutating func setOpenProposals(of account: AccountID, to count: UInt64, all: UInt64) {
        state.write(count == 0 ? nil : StoredNumber(count), .openProposals(of: account))
        state.write(all == 0 ? nil : StoredNumber(all), .openProposals)
    }

    /// Does what is due about a proposal: counts its votes, or executes it.
    mutating func proposalDue(
        _ name: Digest,
        at context: BlockContext
    ) throws(Refusal) -> [Event] {
        let id = ProposalID(name)
        guard let proposal = state.read(Proposal.self, .proposal(id)) else { return [] }
        if proposal.status == .open, proposal.endsAt <= context.height {
            return try end(proposal, id)
        }
        if proposal.status == .waiting, proposal.executesAt <= context.height {
            return execute(proposal, id)
        }
        return []
    }

    /// Counts the votes, and gives the deposit back or to the treasury (GOV-23).
    private mutating func end(
        _ proposal: Proposal,
        _ id: ProposalID
    ) throws(Refusal) -> [Event] {
        var proposal = proposal
        let total = proposal.total ?? state.totalLocked(before: proposal.opensAt)
        let outcome = proposal.tally.outcome(of: total, proposal.rules)
        proposal.total = total
        proposal.status = outcome == .passed ? .waiting : .ended(outcome)
        state.write(proposal, .proposal(id))
        let pot = Pot(.proposal, id.digest)
        if outcome == .vetoed {
            state.draw(pot, proposal.deposit)
            state.fill(.treasury(.native), proposal.deposit)
        } else {
            // Cannot be refused: no sum of native money overflows.
            try state.move(proposal.deposit, from: pot, to: proposal.proposer)
        }
        if outcome != .passed { noteClosed(proposal) }
        return [.governance(.ended(id, outcome, deposit: proposal.deposit))]
    }

    /// Does what was voted for, or notes why it cannot be done (GOV-24).
    private mutating func execute(_ proposal: Proposal, _ id: ProposalID) -> [Event] {
        var proposal = proposal
        var events: [Event] = []
        do {
            events = try perform(proposal.content.action, of: id) + [.governance(.executed(id))]
            proposal.status = .executed
        } catch {
            proposal.status = .failed(code: error.code)
            events = [.governance(.executionFailed(id, code: error.code))]
        }
        state.write(proposal, .proposal(id))
        noteClosed(proposal)
        return events
    }

    /// Everything is checked before anything changes, so that what throws has changed nothing.
    private mutating func perform(
        _ action: ProposalAction,
        of id: ProposalID
    ) throws(Refusal) -> [Event] {
        switch action {
        case .text: return []
        case .numbers(let changes):
            let before = changes.map { GovernedNumber(id: $0.number).map(state.current) ?? 0 }
            guard state.change(changes) else { throw .governance(.inconsistentNumbers) }
            return zip(changes, before).map { change, old in
                .governance(
                    .numberChanged(id, number: change.number, from: old, to: change.value)
                )
            }
        case .payment(let payment):
            let pot = Pot.treasury(payment.denomination)
            guard payment.amount <= state.amount(in: pot) else {
                throw .governance(.treasuryTooSmall)
            }
            try state.credit(payment.recipient, payment.amount, payment.denomination)
            state.draw(pot, payment.amount)
            return [.governance(.treasuryPaid(id, payment))]
        }
    }

    private mutating func noteClosed(_ proposal: Proposal) {
        setOpenProposals(
            of: proposal.proposer,
            to: openProposals(of: proposal.proposer) - 1,
            all: openProposals - 1
        )
    }

    /// The treasury's part of what a block's proposer would be paid, rounded down (GOV-31).
    func treasuryShare(of fees: Amount) -> Amount {
        // Cannot overflow: native amounts are below 2^94, and basis points below 2^14.
        Amount(obol: fees.obol * UInt128(state.value(of: .treasuryShare)) / 10_000)
    }
}
