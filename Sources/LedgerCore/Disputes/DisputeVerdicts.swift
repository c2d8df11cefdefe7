import MarketTypes

extension Ledger {
    /// Ends a phase in which somebody did not speak in time (DIS-40).
    mutating func disputeDue(_ name: Digest, at context: BlockContext) throws(Refusal) -> [Event] {
        let id = DisputeID(name)
        guard var dispute = state.read(Dispute.self, .dispute(id)), context.height > dispute.until
        else { return [] }
        switch dispute.phase {
        case .answering:
            // Only the opener has staked in this round.
            try state.move(dispute.bond, from: .dispute(id), to: dispute.opener)
            let verdict = dispute.verdict(for: dispute.opener)
            return try finish(&dispute, id, verdict, at: context.height)
        case .revealing:
            // Who keeps the number back forfeits the round, or withholding would be a choice.
            let both = Amount(obol: 2 * dispute.bond.obol)
            try state.move(both, from: .dispute(id), to: dispute.other)
            let verdict = dispute.verdict(for: dispute.other)
            return try finish(&dispute, id, verdict, at: context.height)
        case .voting:
            guard dispute.seats.contains(where: { $0.commitment != nil }) else {
                return try decide(&dispute, id, at: context.height, isDue: true)
            }
            let moved = try move(&dispute, id, to: .opening, at: context.height, isDue: true)
            state.write(dispute, .dispute(id))
            return [.disputes(moved)]
        case .opening: return try decide(&dispute, id, at: context.height, isDue: true)
        case .decided: return try finish(&dispute, id, dispute.unjudged, at: context.height)
        case .ended: return []
        }
    }

    /// Counts the votes, pays and fines the jury, and returns the winner's bond (DIS-31).
    mutating func decide(
        _ dispute: inout Dispute,
        _ id: DisputeID,
        at height: BlockHeight,
        isDue: Bool = false
    ) throws(Refusal) -> [Event] {
        let votes = dispute.seats.compactMap(\.vote)
        guard !votes.isEmpty else {
            // Nobody judged: the bonds go back, and what held before holds.
            let fined = fine(dispute.seats.map(\.juror), of: dispute, id)
            state.fill(.treasury(.native), fined.sum)
            try returnBonds(of: dispute, id)
            let unjudged = dispute.unjudged
            return fined.events + (try close(&dispute, id, unjudged, at: height, isDue: isDue))
        }
        let (verdict, isTie) = Self.majority(of: votes)
        let winners = dispute.seats.filter { seat in
            seat.vote != nil && (isTie || seat.vote == verdict)
        }.map(\.juror)
        let losers = dispute.seats.map(\.juror).filter { !winners.contains($0) }
        let fined = fine(losers, of: dispute, id)
        state.fill(.dispute(id), fined.sum)
        let fee = try settleBonds(of: dispute, id, verdict)
        let paid = try pay(winners, Amount(obol: fee.obol + fined.sum.obol), id)
        return fined.events + paid + (try close(&dispute, id, verdict, at: height, isDue: isDue))
    }

    /// What most voted for; a split, and nobody's loss, if two were named equally often and no
    /// other more.
    static func majority(of votes: [Verdict]) -> (verdict: Verdict, isTie: Bool) {
        let counts = Verdict.allCases.map { choice in votes.count { $0 == choice } }
        let most = counts.max() ?? 0
        let first = zip(Verdict.allCases, counts).filter { $0.1 == most }.map(\.0)
        return first.count == 1 ? (first[0], false) : (.split, true)
    }

    /// Takes jurors' penalties; whoever calls puts them somewhere.
    private mutating func fine(
        _ jurors: [AccountID],
        of dispute: Dispute,
        _ id: DisputeID
    ) -> (sum: Amount, events: [Event]) {
        var sum: UInt128 = 0
        var events: [Event] = []
        for juror in jurors {
            let taken = state.fine(juror, dispute.rules.penalty)
            guard !taken.isZero else { continue }
            sum += taken.obol
            events.append(.disputes(.jurorFined(id, juror: juror, taken)))
        }
        return (Amount(obol: sum), events)
    }

    /// Returns the round's winner its bond, and leaves the loser's for the jury; of a split, half
    /// of each.
    private mutating func settleBonds(
        of dispute: Dispute,
        _ id: DisputeID,
        _ verdict: Verdict
    ) throws(Refusal) -> Amount {
        let bond = dispute.bond
        switch verdict {
        case .buyer:
            try state.move(bond, from: .dispute(id), to: dispute.buyer)
            return bond
        case .seller:
            try state.move(bond, from: .dispute(id), to: dispute.seller)
            return bond
        case .split:
            let half = Amount(obol: bond.obol / 2)
            try state.move(half, from: .dispute(id), to: dispute.buyer)
            try state.move(half, from: .dispute(id), to: dispute.seller)
            return Amount(obol: 2 * (bond.obol - half.obol))
        }
    }

    mutating func returnBonds(of dispute: Dispute, _ id: DisputeID) throws(Refusal) {
        try state.move(dispute.bond, from: .dispute(id), to: dispute.buyer)
        try state.move(dispute.bond, from: .dispute(id), to: dispute.seller)
    }

    /// Pays jurors equally out of the dispute's pot; what is left over goes to those drawn first.
    private mutating func pay(
        _ jurors: [AccountID],
        _ amount: Amount,
        _ id: DisputeID
    ) throws(Refusal) -> [Event] {
        let count = UInt128(jurors.count)
        var events: [Event] = []
        for (place, juror) in jurors.enumerated() {
            let extra: UInt128 = UInt128(place) < amount.obol % count ? 1 : 0
            let part = Amount(obol: amount.obol / count + extra)
            try state.move(part, from: .dispute(id), to: juror)
            events.append(.disputes(.jurorPaid(id, juror: juror, part)))
        }
        return events
    }

    /// Notes a round's verdict; after the last round it is final.
    private mutating func close(
        _ dispute: inout Dispute,
        _ id: DisputeID,
        _ verdict: Verdict,
        at height: BlockHeight,
        isDue: Bool
    ) throws(Refusal) -> [Event] {
        dispute.verdict = verdict
        let decided = Event.disputes(.decided(id, verdict, round: dispute.round))
        guard dispute.round < Dispute.appealsMax else {
            return [decided] + (try finish(&dispute, id, verdict, at: height))
        }
        let moved = try move(&dispute, id, to: .decided, at: height, isDue: isDue)
        state.write(dispute, .dispute(id))
        return [decided, .disputes(moved)]
    }

    /// Carries the verdict out (DIS-32).
    mutating func finish(
        _ dispute: inout Dispute,
        _ id: DisputeID,
        _ verdict: Verdict,
        at height: BlockHeight
    ) throws(Refusal) -> [Event] {
        dispute.verdict = verdict
        dispute.phase = .ended
        state.write(dispute, .dispute(id))
        _ = state.takeKeptJurors(for: id)
        let ended = Event.disputes(.moved(id, .ended, until: dispute.until))
        switch dispute.subject {
        case .job(let name): return [ended] + (try end(escrow(name), name, verdict.outcome))
        case .bond(let claim):
            return [ended] + (try settle(claim, of: dispute, id, verdict, at: height))
        }
    }
}

extension Verdict {
    /// What it means for a job.
    fileprivate var outcome: EscrowOutcome {
        switch self {
        case .buyer: .refunded
        case .seller: .paid
        case .split: .split
        }
    }
}
